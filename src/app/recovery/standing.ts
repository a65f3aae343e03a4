import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { cleanUp, type Standing, standing } from '../../recovery/failover/cleanup.ts';
import { newestRun, type Run } from '../../recovery/failover/run.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { declaredAs, type Recovering, withDeclared } from './declared.ts';
import { planProperties } from './failover.ts';
import { savePictures } from './pictures.ts';

export interface FailoverStatus {
  run: Run;
  standing: Standing;
  /** Files that pictures were saved as. */
  pictures: string[];
}

/** The newest run of a plan as its record tells it, and what of it is there in EC2. */
export const failoverStatus = (
  context: Context,
  name: string,
  paths: string[],
  options: CommonOptions & { pictures?: string },
): Promise<FailoverStatus | undefined> =>
  withDeclared(context, paths, options, declaredAs('recovery_plan', name), async (recovering, declared) => {
    const { repository, run } = await lastRun(recovering, declared);
    return {
      run,
      standing: await standing(repository, run, recovering.cloud.machines, context.io.interrupt),
      pictures:
        options.pictures === undefined ? [] : await savePictures(context, repository, run, options.pictures),
    };
  });

/** Removes what the newest run made and counts until nothing is left. */
export const failoverCleanup = (
  context: Context,
  name: string,
  paths: string[],
  options: CommonOptions,
): Promise<{ instances: number; images: number; foreign: string[] } | undefined> =>
  withDeclared(context, paths, options, declaredAs('recovery_plan', name), async (recovering, declared) => {
    const { repository, run } = await lastRun(recovering, declared);
    return cleanUp({
      repository,
      run,
      machines: recovering.cloud.machines,
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
      hint: `rehearse it: \`converge failover ${declared.title} --test PATHS\``,
    }),
  );
}
