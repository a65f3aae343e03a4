import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { newestRun } from '../../recovery/run/keep.ts';
import type { Run } from '../../recovery/run/run.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { lift, pinned } from '../../replication/retention/pins.ts';
import type { Context } from '../app-context.ts';
import { planProperties } from './failover-plan.ts';
import type { Recovering } from './open/with-declared.ts';
import { type PlanOptions, withPlan } from './open/with-plan.ts';

/** A plan, and what was last carried out by it. */
export interface LastRun {
  recovering: Recovering;
  declared: CatalogResource;
  repository: Repository;
  run: Run;
}

/**
 * Opens a plan and its newest run, for what looks at it or ends it: a plan that was removed will do.
 * Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `paths-or-repository`, `no-failover`
 */
export const withLastRun = <T>(
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
  use: (last: LastRun) => Promise<T>,
): Promise<T | undefined> =>
  withPlan(
    context,
    name,
    paths,
    options,
    'latest',
    async (recovering, declared) => use({ recovering, declared, ...(await lastRun(recovering, declared)) }),
    true,
  );

/**
 * The newest run of a plan.
 *
 * @param orphans `lift`: pins of a run that died before it was written down are lifted
 * @throws Failure `no-failover`
 */
export async function lastRun(recovering: Recovering, declared: CatalogResource, orphans?: 'lift') {
  const { title } = declared;
  const repository = await recovering.repository(planProperties(declared).repository);
  const run = await newestRun(repository, title);
  if (orphans) {
    const next = `${title}/${(run?.start.number ?? 0) + 1}`;
    if ((await pinned(repository)).some(({ holder }) => holder === next)) await lift(repository, next);
  }
  if (run) return { repository, run };
  throw new Failure(
    world('no-failover', `the plan ${title} was never carried out`, {
      hint: `rehearse it: \`converge failover ${title} --test ${recovering.again}\``,
    }),
  );
}
