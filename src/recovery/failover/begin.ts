import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { pin } from '../../replication/retention/pins.ts';
import { SERIES } from '../model/plan.ts';
import { begunBy } from '../run/keep.ts';
import { holderOf, type Run, type RunStart } from '../run/run.ts';

/** What a run is made of, besides which one it is. */
export type RunContent = Omit<RunStart, 'version' | 'plan' | 'number' | 'began'>;

/** Pins the points of a run that was begun: a clean-up beside its beginning may have lifted its pins. */
export const pinPoints = (repository: Repository, start: RunStart): Promise<void> =>
  pin(
    repository,
    holderOf(start),
    start.groups.flatMap(({ machines }) => machines.map(({ uuid, point }) => ({ vm: uuid, point }))),
    start.began,
  );

/**
 * Begins a run: pins its points, sees to what it launches from, and writes it down. Of two who begin at once
 * one is told so, before it launched anything. Killed before the record, its pins are those of the next run,
 * which has the same number.
 *
 * @param make what the run needs besides, made when its points are pinned
 * @throws Failure `failover-begun`, blocked
 */
export async function beginRun(options: {
  repository: Repository;
  plan: string;
  /**
   * Number of the newest run that was looked at, 0 for none: this one is the next, or somebody was faster.
   */
  after: number;
  points: readonly Point[];
  /** Milliseconds since the epoch. */
  began: number;
  make(): Promise<RunContent>;
  step(name: string): Promise<void>;
}): Promise<Run> {
  const { repository, plan, after, points, began, make, step } = options;
  const number = after + 1;
  // Whoever is late anyway pins nothing.
  if (((await repository.records.numbers(plan, SERIES.run)).at(-1) ?? 0) !== after) throw begunBy(plan);
  await step('pin');
  await pin(
    repository,
    holderOf({ plan, number }),
    points.map(({ vm, id }) => ({ vm: vm.uuid, point: id })),
    began,
  );
  const start: RunStart = { version: 1, plan, number, began, ...(await make()) };
  await step('begin');
  if (!(await repository.records.add(plan, SERIES.run, number, start))) throw begunBy(plan);
  return { start, steps: [] };
}
