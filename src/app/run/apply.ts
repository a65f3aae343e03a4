import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { plan as makePlan } from '../../engine/plan/planner.ts';
import { recheck } from '../../engine/plan/recheck.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, SelectOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { requireUserTypes } from '../session/user-types.ts';
import { version } from '../version.ts';
import {
  type Applied,
  type Approve,
  applyInSession,
  type RunOptions,
  type Source,
} from './apply-in-session.ts';
import { declaredBy } from './declared-by-plan.ts';
import { isPlan, readPlan } from './plan-file.ts';

export type ApplyOptions = CommonOptions & SelectOptions & RunOptions;

/**
 * Makes the changes that a plan shows. Undefined when the manifests have mistakes, which were told.
 * @param paths manifests, or one plan that `plan -o` made
 * @param approve asked before anything is changed, unless that was approved before: by a plan file or a
 * digest. A lab may be changed at any time
 */
export async function apply(
  context: Context,
  paths: string[],
  options: ApplyOptions,
  approve?: Approve,
): Promise<Applied | undefined> {
  const planned = await planFile(context, paths, options);
  const source = planned ?? (await manifests(context, paths, options));
  if (!source) return undefined;
  const isApproved = planned || options.digest !== undefined || options.lab !== undefined || options.noop;
  const ask = isApproved ? {} : { ...(approve && { approve }) };
  const session = await openSession(context, options, {
    targets: source.targets,
    platform: source.platform,
    ...(source.declared && { declared: source.declared }),
    changes: true,
  });
  try {
    return await applyInSession(session, context, source, options, ask);
  } finally {
    await session.close();
  }
}

async function manifests(
  context: Context,
  paths: string[],
  options: CommonOptions & SelectOptions,
): Promise<Source | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  return (
    catalog && {
      targets: catalog.targets,
      platform: catalog.platform,
      declared: catalog,
      isHere: runsHere(context, catalog.resources),
      plan: run => makePlan(catalog, run, { engine: version, ...options }),
    }
  );
}

/** Whether any of them is on this host. */
const runsHere = ({ registry }: Context, resources: readonly { type: string }[]): boolean =>
  resources.some(({ type }) => registry.types.get(type)?.runs.on === 'host');

/** A file whose top key is `converge_plan` is a plan, whatever its name. */
async function planFile(
  context: Context,
  paths: string[],
  options: SelectOptions,
): Promise<Source | undefined> {
  const plans: string[] = [];
  for (const path of paths) if (await isPlan(context, path)) plans.push(path);
  const [path] = plans;
  if (path === undefined) return undefined;
  if (paths.length > 1)
    throw new Failure(given('one-plan', `${path} is a plan, and a plan is applied by itself`));
  if (options.only ?? options.except) {
    throw new Failure(
      given('plan-is-whole', `${path} was reviewed as a whole: --only and --except don't go with it`, {
        hint: 'select when planning: `converge plan MANIFESTS --only ... -o plan.json`',
      }),
    );
  }
  const plan = await readPlan(context, path);
  // Beside the manifests that the plan was made from; the plan says which files were reviewed.
  if (plan.type_files) await requireUserTypes(context, [...new Set(plan.resources.map(({ at }) => at.file))]);
  const declared = await declaredBy(context, plan, path);
  if (!declared) return undefined;
  return {
    targets: plan.targets,
    platform: plan.platform,
    declared,
    isHere: runsHere(context, plan.resources),
    async plan(run) {
      await recheck(plan, run);
      return plan;
    },
  };
}
