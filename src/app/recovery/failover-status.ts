import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { cleanUp, type Standing, standing } from '../../recovery/failover/cleanup.ts';
import { newestRun, type Run } from '../../recovery/failover/run.ts';
import type { Context } from '../app-context.ts';
import { planProperties } from './failover.ts';
import type { BundleOrigin, Recovering } from './with-declared.ts';
import { type PlanOptions, withPlan } from './with-plan.ts';

export interface FailoverStatus {
  from?: BundleOrigin;
  run: Run;
  standing: Standing;
}

/** The newest run of a plan as its record tells it, and what of it is there in EC2. */
export const failoverStatus = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
): Promise<FailoverStatus | undefined> =>
  withPlan(context, name, paths, options, 'latest', async (recovering, declared) => {
    const { repository, run } = await lastRun(recovering, declared);
    return {
      ...(recovering.from && { from: recovering.from }),
      run,
      standing: await standing(repository, run, recovering.cloud, context.io.interrupt),
    };
  });

/** Removes what the newest run made and counts until nothing is left. */
export const failoverCleanup = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
): Promise<{ instances: number; images: number; foreign: string[] } | undefined> =>
  withPlan(context, name, paths, options, 'latest', async (recovering, declared) => {
    const { repository, run } = await lastRun(recovering, declared);
    return cleanUp({
      repository,
      run,
      cloud: recovering.cloud,
      clock: context.io.host.clock,
      step: async () => {},
      signal: context.io.interrupt,
    });
  });

async function lastRun(recovering: Recovering, declared: Parameters<typeof planProperties>[0]) {
  const repository = await recovering.repository(planProperties(declared).repository);
  const run = await newestRun(repository, declared.title);
  if (run) return { repository, run };
  throw new Failure(
    world('no-failover', `the plan ${declared.title} was never carried out`, {
      hint: `rehearse it: \`converge failover ${declared.title} --test ${recovering.again}\``,
    }),
  );
}
