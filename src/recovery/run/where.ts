import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import { type Run, type RunMachine, stateOf } from './run.ts';

/**
 * Where a machine of a run that takes over is, as far as the record tells.
 *
 * - `nowhere`: it was not launched;
 * - `unfinished`: launched, and not given its own network yet;
 * - `there`: in EC2, with its own disks alone;
 * - `homeward`: half of it may be at home, and the one whole copy is in EC2;
 * - `home`: all of it is, read back and compared;
 * - `ending`: what there is of it in EC2 is being removed;
 * - `ended`: nothing of that is left.
 */
export type Where = 'nowhere' | 'unfinished' | 'there' | 'homeward' | 'home' | 'ending' | 'ended';

/** The one place that says where a machine of a run is. */
export function whereIs(run: Run, vm: string): Where {
  const { steps } = run;
  const has = (what: string, among = steps) =>
    among.some(step => step.what === what && 'vm' in step && step.vm === vm);
  if (stateOf(run) === 'cleaned' || has('ended')) return 'ended';
  if (has('ending')) return 'ending';
  if (has('brought')) return 'home';
  if (has('failback')) return 'homeward';
  // What was launched before it was given up for another one says nothing of that.
  const last = steps.findLastIndex(step => step.what === 'retry' && step.anew.includes(vm));
  const since = steps.slice(last + 1);
  return has('swapped', since) ? 'there' : has('launched', since) ? 'unfinished' : 'nowhere';
}

export const machinesOf = ({ start }: Run): RunMachine[] => start.groups.flatMap(({ machines }) => machines);

/** Titles of the machines of a run that are at one of these. */
export const thoseAt = (run: Run, ...at: Where[]): string[] =>
  machinesOf(run).flatMap(({ vm }) => (at.includes(whereIs(run, vm)) ? vm : []));

/** Those that it never came to, or not to the end: such a failover hasn't taken over. */
export const notTakenOver = (run: Run): string[] => thoseAt(run, 'nowhere', 'unfinished');

/**
 * Which records of DNS go back with a machine: those that lead to it, and with the last one that leaves EC2
 * those that lead to no machine of the run.
 */
export function goesBackWith(run: Run, vm: string): (record: { vm?: string }) => boolean {
  const last = machinesOf(run).every(
    one => one.vm === vm || ['home', 'ending', 'ended'].includes(whereIs(run, one.vm)),
  );
  return record => record.vm === vm || (last && record.vm === undefined);
}

/** Whether any machine of a run has begun to leave EC2. @throws Failure `failback-begun`, blocked */
export function refuseLeaving(run: Run): void {
  const [vm] = thoseAt(run, 'homeward', 'home', 'ending', 'ended');
  if (vm === undefined) return;
  const { plan, number } = run.start;
  const where = whereIs(run, vm);
  const said =
    where === 'homeward'
      ? 'is being brought home'
      : where === 'home'
        ? 'was brought home'
        : 'is being ended in EC2, or was';
  throw new Failure(
    blocked('failback-begun', `${vm} of failover ${number} of ${plan} ${said}`, {
      hint:
        where === 'homeward'
          ? goOnHome(vm)
          : `\`converge failover undo ${plan} PATHS --only ${addressOf(vm)}\` removes what is left of it in EC2; \`converge failover commit ${plan} PATHS\` keeps the others`,
    }),
  );
}

/** How a half-done way home is gone on with. */
export const goOnHome = (vm: string): string =>
  `go on with it as it was begun: \`converge failback ${vm} PATHS\` with the same --to DIR, --to-vsphere or --as-new NAME`;

/** Of the target of a machine. */
export const addressOf = (vm: string): string => `recovery_target:${vm}`;
