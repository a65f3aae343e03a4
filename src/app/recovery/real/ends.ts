import { blocked, Failure, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { type Run, type RunMachine, stateOf } from '../../../recovery/run/run.ts';
import {
  addressOf,
  goOnHome,
  machinesOf,
  thoseAt,
  type Where,
  whereIs,
} from '../../../recovery/run/where.ts';

/** A machine that is to be ended. */
export interface Ended {
  vm: string;
  where: Where;
  /** Milliseconds since the epoch: since then it was written to in EC2 alone, which is lost with it. */
  since?: number;
}

/** What an undo ends: all that isn't yet, or one machine. */
export function endsOf(run: Run, only?: string): Ended[] {
  return machinesOf(run)
    .filter(({ vm }) => (only === undefined ? whereIs(run, vm) !== 'ended' : vm === only))
    .map(({ vm }) => {
      const where = whereIs(run, vm);
      const since = run.steps.find(step => step.what === 'launched' && step.vm === vm)?.at;
      const isLost = where === 'there' || where === 'unfinished' || where === 'homeward';
      return { vm, where, ...(isLost && since !== undefined && { since }) };
    });
}

/** The machine of a run that an address, or its title, names. @throws Failure `not-failed-over` */
export function machineNamed(run: Run, address: string): RunMachine {
  const all = machinesOf(run);
  const found = all.find(({ vm }) =>
    [vm, addressOf(vm)].some(one => one.toLowerCase() === address.toLowerCase()),
  );
  if (found) return found;
  const { plan, number } = run.start;
  throw new Failure(
    world('not-failed-over', own`failover ${number} of ${plan} has no machine ${address}`, {
      hint: own`it has ${all.map(({ vm }) => addressOf(vm)).join(', ')}`,
    }),
  );
}

/**
 * What nothing else has is ended by no undo that doesn't name it: a machine half of which is home, one that
 * was committed, and one that others of its failover left behind when they went home.
 *
 * @param only the one machine that the command names
 * @param allow addresses
 * @throws Failure `failback-begun`, `failover-committed`, `failover-standing`, blocked, with all of them
 */
export function refuseLosing(
  run: Run,
  ends: readonly Ended[],
  only: string | undefined,
  allow: readonly string[],
): void {
  const { plan, number } = run.start;
  const isCommitted = stateOf(run) === 'committed';
  const left = thoseAt(run, 'homeward', 'home', 'ending', 'ended');
  const wrong = ends.flatMap(({ vm, where }) => {
    if (allow.includes(addressOf(vm))) return [];
    const anyway = `--allow ${addressOf(vm)}`;
    if (where === 'homeward')
      return blocked(
        'failback-begun',
        `${vm} of failover ${number} of ${plan} is being brought home: its one whole copy is in EC2`,
        { hint: `${goOnHome(vm)}; or, if that copy is not wanted, ${anyway}` },
      );
    if (where !== 'there' && where !== 'unfinished') return [];
    if (isCommitted)
      return blocked(
        'failover-committed',
        `${vm} of failover ${number} of ${plan} was committed: it lives in AWS`,
        {
          hint: `bring it home by \`converge failback ${vm} PATHS\`; or, to end it with all that it has written, \`converge failover undo ${plan} PATHS --only ${addressOf(vm)} ${anyway}\``,
        },
      );
    if (left.length === 0 || only !== undefined) return [];
    return blocked(
      'failover-standing',
      `${vm} of failover ${number} of ${plan} runs in EC2 and wasn't brought home: all that it has written there would be lost`,
      {
        hint: `remove what is left of the others alone: ${left.map(one => `\`converge failover undo ${plan} PATHS --only ${addressOf(one)}\``).join(', ')}, and keep it by \`converge failover commit ${plan} PATHS\`; or ${anyway}`,
      },
    );
  });
  if (wrong.length > 0) throw new Failure(wrong);
}
