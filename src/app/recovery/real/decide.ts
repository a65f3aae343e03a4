import { blocked, Failure, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { refuseStarted } from '../../../recovery/failback/failback.ts';
import { instanceOf } from '../../../recovery/failback/freeze.ts';
import type { Cleaned } from '../../../recovery/failover/cleanup.ts';
import { commit, undo, undoOne } from '../../../recovery/failover/take-over.ts';
import { type Run, stateOf } from '../../../recovery/run/run.ts';
import {
  addressOf,
  machinesOf,
  notTakenOver,
  refuseLeaving,
  thoseAt,
  whereIs,
} from '../../../recovery/run/where.ts';
import type { Context } from '../../app-context.ts';
import { type Approval, isApproved } from '../../approval.ts';
import { unchanged } from '../failover.ts';
import { type LastRun, withLastRun } from '../last-run.ts';
import type { PlanOptions } from '../open/with-plan.ts';
import { type Ended, endsOf, machineNamed, refuseLosing } from './ends.ts';

/** What is about to be decided, for whoever approves it. */
export interface Decision {
  plan: string;
  number: number;
  /** Those whose end it is. */
  ends: Ended[];
  /** Those that stay in EC2. */
  keeps: string[];
}

export interface Decided {
  plan: string;
  run: Run;
  /** The one machine that it was about. */
  only?: string;
  /** Undefined when nobody approved, or it was so already. */
  done?: true;
  /** Of an undone one, what was removed. */
  cleaned?: Cleaned;
}

interface Hooks {
  approval: Approval<Decision>;
  /** Told what is about to be done, before anything is. */
  show(about: Decision): void;
}

export interface UndoOptions extends PlanOptions {
  /** Address of the one machine that is ended; the others are left as they are. */
  only?: string;
  /** Addresses of machines that are ended though that loses what nothing else has. */
  allow?: string[];
}

/**
 * Has the machines of the newest failover stay in AWS that weren't brought home. Undefined when the manifests
 * have mistakes, which were told.
 *
 * @throws Failure `no-failover`, `nothing-standing`, `failover-standing`, `failover-begun`, `failback-begun`,
 *   `instance-gone`, `not-approved`
 */
export const commitFailover = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
  { approval, show }: Hooks,
): Promise<Decided | undefined> =>
  withTakenOver(context, name, paths, options, async ({ recovering, repository, run: seen, plan, state }) => {
    const { number } = seen.start;
    if (state === 'cleaned') throw undone(seen);
    if (state === 'running' || state === 'undoing') throw notWhole(seen);
    if (state !== 'committed') {
      const keeps = refuseHalf(seen);
      const { cloud } = recovering;
      for (const machine of machinesOf(seen))
        if (keeps.includes(machine.vm))
          await instanceOf({ repository, run: seen, machine, cloud, signal: context.io.interrupt });
      const about = { plan, number, ends: [], keeps };
      show(about);
      if (!(await isApproved(approval, about, () => notApproved(`failover ${number} of ${plan} is kept`))))
        return { plan, run: seen };
    }
    return recovering.alone(async () => {
      const run = await unchanged(repository, seen);
      if (stateOf(run) !== 'committed') refuseHalf(run);
      await commit({ repository, run, clock: recovering.clock, step: async () => {} });
      return { plan, run, ...(state !== 'committed' && { done: true as const }) };
    });
  });

/**
 * Ends the machines of the newest failover, or one of them, with all that was written there, and lets their
 * replication go on. Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `no-failover`, `nothing-standing`, `not-failed-over`, `failover-committed`,
 *   `failback-begun`, `failover-standing`, `failover-begun`, `instance-started`, `not-approved`,
 *   `left-behind`
 */
export const undoFailover = (
  context: Context,
  name: string,
  paths: string[],
  options: UndoOptions,
  { approval, show }: Hooks,
): Promise<Decided | undefined> =>
  withTakenOver(context, name, paths, options, async ({ recovering, repository, run: seen, plan, state }) => {
    const { number } = seen.start;
    const { allow = [] } = options;
    const only = options.only === undefined ? undefined : machineNamed(seen, options.only);
    const named = only && { only: only.vm };
    if (state === 'cleaned') return { plan, run: seen, ...named };
    if (only && whereIs(seen, only.vm) === 'ended' && thoseAt(seen, 'ended').length < machinesOf(seen).length)
      return { plan, run: seen, ...named };
    if (only && (state === 'running' || state === 'undoing')) throw notWhole(seen);
    const isGoneOnWith = state === 'undoing' || (only && whereIs(seen, only.vm) === 'ending');
    if (!isGoneOnWith) {
      const ends = endsOf(seen, only?.vm);
      const keeps = thoseAt(seen, 'there', 'homeward').filter(vm => only && vm !== only.vm);
      const about = { plan, number, ends, keeps };
      refuseLosing(seen, ends, only?.vm, allow);
      show(about);
      const what = own`${ends.map(({ vm }) => vm).join(', ')} of failover ${number} of ${plan} ends`;
      if (!(await isApproved(approval, about, () => notApproved(what)))) return { plan, run: seen, ...named };
    }
    return recovering.alone(async () => {
      const run = await unchanged(repository, seen);
      const of = {
        repository,
        run,
        cloud: recovering.cloud,
        clock: recovering.clock,
        step: async () => {},
        signal: context.io.interrupt,
        again: recovering.again,
      };
      if (!isGoneOnWith) {
        // What somebody began to bring home meanwhile was not what was approved.
        const ends = endsOf(run, only?.vm);
        refuseLosing(run, ends, only?.vm, allow);
        for (const machine of machinesOf(run)) {
          const isHome = ends.some(one => one.vm === machine.vm && one.where === 'home');
          if (isHome && !allow.includes(addressOf(machine.vm))) await refuseStarted({ ...of, machine });
        }
      }
      const cleaned = await (only ? undoOne(only, of) : undo(of));
      return { plan, run, ...named, done: true as const, cleaned };
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
      hint: `\`converge failover cleanup ${plan} PATHS\` removes what is left of it`,
    }),
  );
}

const undone = ({ start: { plan, number } }: Run): Failure =>
  new Failure(
    world('nothing-standing', `failover ${number} of ${plan} was undone: nothing of it can be kept`, {
      hint: `take over anew: \`converge failover ${plan} PATHS\``,
    }),
  );

/**
 * The machines that a commit keeps: those that weren't brought home.
 *
 * @throws Failure `failback-begun` while one is on its way; `failover-standing` when one isn't launched, or
 *   doesn't hold its own disks; `nothing-standing` when none is left
 */
function refuseHalf(run: Run): string[] {
  const { plan, number } = run.start;
  if (thoseAt(run, 'homeward', 'ending').length > 0) refuseLeaving(run);
  const missing = notTakenOver(run);
  if (missing.length > 0)
    throw new Failure(
      missing.map(vm =>
        blocked(
          'failover-standing',
          `${vm} of failover ${number} of ${plan} ${whereIs(run, vm) === 'nowhere' ? 'was not launched' : "doesn't hold its own disks yet"}: it can't be kept`,
          {
            hint: `try it again: \`converge failover retry ${plan} PATHS\`, or end all of it: \`converge failover undo ${plan} PATHS\``,
          },
        ),
      ),
    );
  const keeps = thoseAt(run, 'there');
  if (keeps.length > 0) return keeps;
  throw new Failure(
    world('nothing-standing', `all machines of failover ${number} of ${plan} are home: none is to be kept`, {
      hint: `remove what is left of them in EC2: \`converge failover undo ${plan} PATHS\``,
    }),
  );
}

const notApproved = (what: string): Failure =>
  new Failure(
    blocked('not-approved', own`nobody approved that ${what}`, {
      hint: 'read what it comes to, and say --yes',
    }),
  );

const notWhole = (run: Run): Failure => {
  const { plan, number } = run.start;
  const isUndoing = stateOf(run) === 'undoing';
  return new Failure(
    blocked(
      'failover-standing',
      `failover ${number} of ${plan} ${isUndoing ? 'is being undone' : 'has not launched all of its machines'}`,
      {
        hint: isUndoing
          ? `end that: \`converge failover undo ${plan} PATHS\``
          : `go on with it: \`converge failover ${plan} PATHS\`, or end it: \`converge failover undo ${plan} PATHS\``,
      },
    ),
  );
};
