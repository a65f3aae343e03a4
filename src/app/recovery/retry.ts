import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { type Again, failedOf, tryAgain } from '../../recovery/failover/attempts.ts';
import { type Recovered, rehearse } from '../../recovery/failover/rehearse.ts';
import { switchedBy, takeOver } from '../../recovery/failover/take-over.ts';
import type { SwitchedRecord } from '../../recovery/model/dns.ts';
import { isWhole, kindOf, stateOf, tookOf } from '../../recovery/run/run.ts';
import { notTakenOver, refuseLeaving } from '../../recovery/run/where.ts';
import type { Context } from '../app-context.ts';
import { refuseBeside, unchanged } from './failover.ts';
import { planProperties, refuseTooMany } from './failover-plan.ts';
import { lastRun } from './last-run.ts';
import type { BundleOrigin } from './open/with-declared.ts';
import { type PlanOptions, withPlan } from './open/with-plan.ts';

export interface Retried {
  /** The bundle that the plan is from; undefined: manifests. */
  from?: BundleOrigin;
  plan: string;
  kind: 'test' | 'failover';
  /** What failed, and why it is tried again. */
  again: Again[];
  recovered: Recovered[];
  /** Milliseconds by the record: from its last retry, or of a run that was interrupted from its beginning. */
  took: number;
  /** All machines were launched in that time, so that it is one of recovery. */
  whole: boolean;
  /** Records of DNS that were switched: none when not every probe passed. Left out where none was to be. */
  switched?: SwitchedRecord[];
  /** Of a failover: machines that weren't launched, or don't hold their own disks. */
  missing?: string[];
  /** How the next command names the same plan: the manifests, or the repository. */
  by: string;
}

/**
 * Goes on with the newest run of a plan: what failed is tried again from where it stands, what passed and
 * still runs is left alone. Undefined when the manifests have mistakes, which were told.
 *
 * @param options `anew`: those that failed are ended, and other instances launched
 * @throws Failure `no-failover`, `nothing-standing`, and what `rehearse` throws
 */
export const failoverRetry = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions & { anew?: boolean },
  say: (line: string) => void,
): Promise<Retried | undefined> =>
  withPlan(context, name, paths, options, 'latest', async (recovering, declared) => {
    const { cloud, prober, clock } = recovering;
    const signal = context.io.interrupt;
    const { repository, run: seen } = await lastRun(recovering, declared);
    if (stateOf(seen) === 'cleaned') throw nothingStanding(declared.title, recovering.again);
    if (stateOf(seen) === 'undoing' || stateOf(seen) === 'committed')
      refuseBeside(seen, 'failover', recovering.again);
    refuseLeaving(seen);
    return recovering.alone(async () => {
      const run = await unchanged(repository, seen);
      const of = { repository, run, cloud, signal };
      const step = async () => {};
      const again = await failedOf(of, options.anew ?? false);
      const { groups, prober: inside } = run.start;
      const all = groups.reduce((sum, { machines }) => sum + machines.length, inside ? 1 : 0);
      refuseTooMany(declared.title, planProperties(declared).test, all);
      for (const { vm, why, anew } of again) say(`${vm}: ${anew ? 'another instance' : 'once more'}: ${why}`);
      // A run that was interrupted goes on without being begun anew.
      if (again.length > 0 || stateOf(run) !== 'running') await tryAgain(of, again, { clock, step });
      const carryOut = run.start.kind === 'real' ? takeOver : rehearse;
      const recovered = await carryOut({ ...of, prober, clock, step, say });
      const switched = switchedBy(run);
      const missing = run.start.kind === 'real' ? notTakenOver(run) : [];
      return {
        ...(recovering.from && { from: recovering.from }),
        plan: declared.title,
        kind: kindOf(run.start),
        again,
        recovered,
        took: tookOf(run),
        whole: isWhole(run),
        ...(switched && { switched }),
        ...(missing.length > 0 && { missing }),
        by: recovering.again,
      };
    });
  });

const nothingStanding = (plan: string, paths: string): Failure =>
  new Failure(
    world('nothing-standing', `the newest test of ${plan} was cleaned up: nothing of it can be tried again`, {
      hint: `rehearse it anew: \`converge failover ${plan} --test ${paths}\``,
    }),
  );
