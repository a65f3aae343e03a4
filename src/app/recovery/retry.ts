import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { type Again, failedOf, tryAgain } from '../../recovery/failover/attempts.ts';
import { type Recovered, rehearse } from '../../recovery/failover/rehearse.ts';
import { stateOf } from '../../recovery/failover/run.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { unchanged } from './failover.ts';
import { lastRun } from './failover-status.ts';
import { declaredAs, withDeclared } from './with-declared.ts';

export interface Retried {
  plan: string;
  /** What failed, and why it is tried again. */
  again: Again[];
  recovered: Recovered[];
  took: number;
}

/**
 * Goes on with the newest run of a plan: what failed is tried again from where it stands, what passed and still runs is
 * left alone. Undefined when the manifests have mistakes, which were told.
 *
 * @param options `anew`: those that failed are ended, and other instances launched
 * @throws Failure `no-failover`, `nothing-standing`, and what `rehearse` throws
 */
export const failoverRetry = (
  context: Context,
  name: string,
  paths: string[],
  options: CommonOptions & { anew?: boolean },
  say: (line: string) => void,
): Promise<Retried | undefined> =>
  withDeclared(context, paths, options, declaredAs('recovery_plan', name), async (recovering, declared) => {
    const { cloud, prober, clock } = recovering;
    const signal = context.io.interrupt;
    const { repository, run: seen } = await lastRun(recovering, declared);
    if (stateOf(seen) === 'cleaned') throw nothingStanding(declared.title);
    return recovering.alone(async () => {
      const run = await unchanged(repository, seen);
      const of = { repository, run, cloud, signal };
      const step = async () => {};
      const again = await failedOf(of, options.anew ?? false);
      const began = clock.now();
      for (const { vm, why, anew } of again) say(`${vm}: ${anew ? 'another instance' : 'once more'}: ${why}`);
      // A run that was interrupted goes on without being begun anew.
      if (again.length > 0 || stateOf(run) !== 'running') await tryAgain(of, again, { clock, step });
      const recovered = await rehearse({ ...of, prober, clock, step, say });
      return { plan: declared.title, again, recovered, took: clock.now() - began };
    });
  });

const nothingStanding = (plan: string): Failure =>
  new Failure(
    world('nothing-standing', `the newest test of ${plan} was cleaned up: nothing of it can be tried again`, {
      hint: `rehearse it anew: \`converge failover ${plan} --test PATHS\``,
    }),
  );
