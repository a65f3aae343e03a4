import { isPending, type PlannedResource, type Verdict } from '../model/plan.ts';
import type { Subject } from '../model/subject.ts';
import { closedUntil } from '../model/window.ts';
import type { View } from './plan-resource.ts';

/** RFC 3339 of when the resource's window opens; undefined when it may be changed at `now`. */
export function heldUntil(
  { declared: { meta } }: Pick<Subject, 'declared'>,
  now: number,
): string | undefined {
  const opens = meta.window && closedUntil(meta.window, now);
  return opens === undefined ? undefined : new Date(opens).toISOString().replace('.000Z', 'Z');
}

/** Whether a change waits for a window: its own, or that of a dependency whose change waits. */
export function heldBy(
  subject: Subject,
  { action }: Verdict,
  { run, graph, planned }: View,
): Pick<PlannedResource, 'held'> {
  if (action === 'none' || action === 'failed') return {};
  const own = heldUntil(subject, run.world.host.clock.now());
  if (own !== undefined) return { held: { until: own } };
  const waiting = graph.edges
    .get(subject.address)!
    .flatMap(({ to }) => planned.get(to) ?? [])
    .find(dependency => dependency.held && isPending(dependency));
  return waiting ? { held: { until: waiting.held!.until, by: waiting.address } } : {};
}
