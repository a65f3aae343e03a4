import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
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

/** Why no target could be chosen. */
export interface TargetMistake {
  code: 'unknown-target' | 'wrong-target' | 'ambiguous-target';
  message: string;
  hint?: string;
}

/**
 * The one place where the name of a target, or that there is only one of its kind, becomes a target. Neither target
 * nor mistake: none of the kind is declared, and none was named.
 */
export function resolveTarget(
  targets: readonly CatalogTarget[],
  kind: string,
  name: string | undefined,
): { target?: CatalogTarget; mistake?: TargetMistake } {
  const fitting = targets.filter(({ type }) => type === kind);
  const names = [...new Set(fitting.map(target => target.name))];
  if (name === undefined) {
    if (names.length <= 1) return fitting[0] ? { target: fitting[0] } : {};
    const message = `there are several ${kind} targets, ${names.join(', ')}, and none is named`;
    return { mistake: { code: 'ambiguous-target', message, hint: `add \`target: ${names[0]}\`` } };
  }
  const target = fitting.find(one => one.name === name);
  if (target) return { target };
  const other = targets.find(one => one.name === name);
  const hint = suggest(name, names);
  const mistake: TargetMistake = other
    ? {
        code: 'wrong-target',
        message: `a target of type ${kind} is needed, and \`${name}\` is of type ${other.type}`,
      }
    : { code: 'unknown-target', message: `there is no ${kind} target \`${name}\`` };
  return { mistake: { ...mistake, ...(hint !== undefined && { hint }) } };
}
