import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { CatalogTarget } from './catalog.ts';
import type { Plan } from './plan.ts';
import type { Run } from './run.ts';

/** Each target with what tells it apart from others: a plan made for one world must not reach another. */
export async function plannedTargets(
  run: Run,
  targets: readonly CatalogTarget[],
  diagnostics: Diagnostic[],
): Promise<Plan['targets']> {
  const known: Plan['targets'] = [];
  for (const target of targets) {
    try {
      known.push({ ...target, identity: await identityOf(run, target) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // It doesn't answer: a plan that says so must not be applied to whatever answers later.
      diagnostics.push(...run.redactor.value(error.diagnostics));
      known.push({ ...target, identity: 'unknown' });
    }
  }
  return known;
}

export async function identityOf(run: Run, target: CatalogTarget): Promise<string> {
  if (run.world.identify) return run.world.identify(target);
  return run.registry.targets.get(target.type)?.identity(target.properties) ?? target.name;
}
