import { blocked, Failure, world } from '../../../diagnostics/diagnostic.ts';
import { refuseHomeward } from '../../../recovery/failback/failback.ts';
import type { Cleaned } from '../../../recovery/failover/cleanup.ts';
import { commit, undo } from '../../../recovery/failover/take-over.ts';
import { type Run, stateOf } from '../../../recovery/run/run.ts';
import type { Context } from '../../app-context.ts';
import { unchanged } from '../failover.ts';
import { type LastRun, withLastRun } from '../last-run.ts';
import type { PlanOptions } from '../open/with-plan.ts';

/** Asked before what can't be taken back. */
export type ApproveDecision = (run: Run) => Promise<boolean>;

export interface Decided {
  plan: string;
  run: Run;
  /** Undefined when nobody approved, or it was so already. */
  done?: true;
  /** Of an undone one, what was removed. */
  cleaned?: Cleaned;
}

interface Hooks {
  /** Undefined: approved. */
  approve?: ApproveDecision;
}

/**
 * Has the machines of the newest failover stay in AWS. Undefined when the manifests have mistakes, which were
 * told.
 *
 * @throws Failure `no-failover`, `nothing-standing`, `failover-standing`, `failover-begun`
 */
export const commitFailover = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
  { approve }: Hooks,
): Promise<Decided | undefined> =>
  withTakenOver(context, name, paths, options, async ({ recovering, repository, run: seen, plan, state }) => {
    if (state === 'cleaned') throw undone(seen);
    if (state === 'running' || state === 'undoing') throw notWhole(seen, recovering.again);
    if (state !== 'committed') refuseHomeward(seen);
    if (state !== 'committed' && approve && !(await approve(seen))) return { plan, run: seen };
    return recovering.alone(async () => {
      const run = await unchanged(repository, seen);
      await commit({ repository, run, clock: recovering.clock, step: async () => {} });
      return { plan, run, ...(state !== 'committed' && { done: true as const }) };
    });
  });

/**
 * Ends the machines of the newest failover, with all that was written there, and lets their replication go
 * on. Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `no-failover`, `nothing-standing`, `failover-committed`, `failover-begun`, `left-behind`
 */
export const undoFailover = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
  { approve }: Hooks,
): Promise<Decided | undefined> =>
  withTakenOver(context, name, paths, options, async ({ recovering, repository, run: seen, plan, state }) => {
    if (state === 'cleaned') return { plan, run: seen };
    if (state === 'committed') throw committed(seen);
    if (state !== 'undoing' && approve && !(await approve(seen))) return { plan, run: seen };
    return recovering.alone(async () => {
      const run = await unchanged(repository, seen);
      const cleaned = await undo({
        repository,
        run,
        cloud: recovering.cloud,
        clock: recovering.clock,
        step: async () => {},
        signal: context.io.interrupt,
        again: recovering.again,
      });
      return { plan, run, done: true as const, cleaned };
    });
  });

/** What took over last by a plan. @throws Failure `no-failover`, `nothing-standing` */
const withTakenOver = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
  use: (last: LastRun & { plan: string; state: ReturnType<typeof stateOf> }) => Promise<Decided>,
): Promise<Decided | undefined> =>
  withLastRun(context, name, paths, options, async last => {
    refuseOther(last.run);
    return use({ ...last, plan: last.declared.title, state: stateOf(last.run) });
  });

function refuseOther({ start: { kind, plan, number } }: Run): void {
  if (kind === 'real') return;
  throw new Failure(
    world('nothing-standing', `the newest run of ${plan}, ${number}, is a test: it took over from nothing`, {
      hint: '`converge failover cleanup` removes what is left of it',
    }),
  );
}

const undone = ({ start: { plan, number } }: Run): Failure =>
  new Failure(
    world('nothing-standing', `failover ${number} of ${plan} was undone: nothing of it can be kept`, {
      hint: `take over anew: \`converge failover ${plan}\``,
    }),
  );

const committed = ({ start: { plan, number } }: Run): Failure =>
  new Failure(
    blocked('failover-committed', `failover ${number} of ${plan} was committed: its machines live in AWS`, {
      hint: 'what lives there is ended in EC2, by whoever answers for it',
    }),
  );

const notWhole = (run: Run, again: string): Failure => {
  const { plan, number } = run.start;
  const isUndoing = stateOf(run) === 'undoing';
  return new Failure(
    blocked(
      'failover-standing',
      `failover ${number} of ${plan} ${isUndoing ? 'is being undone' : 'has not launched all of its machines'}`,
      {
        hint: isUndoing
          ? `end that: \`converge failover undo ${plan} ${again}\``
          : `go on with it: \`converge failover ${plan} ${again}\`, or end it: \`converge failover undo ${plan} ${again}\``,
      },
    ),
  );
};
