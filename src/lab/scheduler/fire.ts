import type { Schedule } from '../ec2/world/state.ts';
import type { Draft, Ec2World } from '../ec2/world/world.ts';
import { parseExpression } from './expression.ts';
import { callTarget } from './targets.ts';

/** Most runs of one schedule that are made up for at once: a clock may be set ahead by years. */
const mostAtOnce = 1000;

/** Runs every schedule that is due by the lab's clock. */
export async function fireDue(world: Ec2World, now: number): Promise<void> {
  const isDue = ({ due }: Schedule) => due !== undefined && due <= now;
  if (!Object.values((await world.state()).schedules).some(isDue)) return;
  await world.change(draft => {
    for (const [key, schedule] of Object.entries(draft.state.schedules)) fire(draft, key, schedule);
  });
}

function fire(draft: Draft, key: string, schedule: Schedule): void {
  const { input } = schedule;
  const next = parseExpression(
    String(input.ScheduleExpression),
    String(input.ScheduleExpressionTimezone ?? 'UTC'),
    schedule.created,
  );
  const ends = input.EndDate === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(input.EndDate));
  for (let runs = 0; schedule.due !== undefined && schedule.due <= draft.now && runs < mostAtOnce; runs++) {
    const at = schedule.due;
    if (input.State !== 'DISABLED') schedule.runs.push({ at, ...attempt(draft, schedule) });
    const due = next(at + 1);
    if (due === undefined || due > ends) delete schedule.due;
    else schedule.due = due;
  }
  const isOver = schedule.due === undefined && schedule.runs.length > 0;
  if (isOver && input.ActionAfterCompletion === 'DELETE') delete draft.state.schedules[key];
}

/** What a call of the target came to: the schedule goes on whatever it was. */
function attempt(draft: Draft, { input }: Schedule): { error?: string } {
  try {
    callTarget(draft, input.Target as Parameters<typeof callTarget>[1]);
    return {};
  } catch (error) {
    return { error: (error as Error).message };
  }
}
