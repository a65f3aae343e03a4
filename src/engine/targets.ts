import type { CatalogTarget } from './catalog.ts';
import type { Plan } from './plan.ts';
import type { Run } from './run.ts';

/** Each target with what tells it apart from others: a plan made for one world must not reach another. */
export async function plannedTargets(run: Run, targets: readonly CatalogTarget[]): Promise<Plan['targets']> {
  const known: Plan['targets'] = [];
  for (const target of targets) known.push({ ...target, identity: await identityOf(run, target) });
  return known;
}

export async function identityOf(run: Run, target: CatalogTarget): Promise<string> {
  if (run.world.identify) return run.world.identify(target);
  return run.registry.targets.get(target.type)?.identity(target.properties) ?? target.name;
}
