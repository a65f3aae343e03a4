import { type Diagnostic, Failure, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { CatalogTarget, Json, Metaparameters } from './catalog.ts';
import { placeOf } from './mistakes.ts';
import type { Plan } from './plan.ts';
import type { AnyResourceType, Capability, Id, Registry, Where } from './resource-type.ts';
import type { Run } from './run.ts';
import { annotated } from './schema-at.ts';

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

/** What a target is named for, so that no hint names one that is there for something else. */
export interface TargetUse {
  /** What it gives access to, where it isn't what a resource lives on. */
  url?: string;
  /** `x-role` of the property that names it: `pruner`. */
  role?: string;
  /** Of all targets that some property with a role names; left out where that isn't known. */
  roles?: ReadonlyMap<string, string>;
}

/**
 * The one place where the name of a target, or that there is only one of its kind, becomes a target. Neither
 * target nor mistake: none of the kind is declared, and none was named.
 */
export function resolveTarget(
  targets: readonly CatalogTarget[],
  kind: string,
  name: string | undefined,
  { url, role, roles }: TargetUse = {},
): { target?: CatalogTarget; mistake?: TargetMistake } {
  const fitting = targets.filter(({ type }) => type === kind);
  const names = [...new Set(fitting.map(target => target.name))];
  if (name === undefined) {
    if (names.length <= 1) return fitting[0] ? { target: fitting[0] } : {};
    const message = `there are several ${kind} targets, ${names.join(', ')}, and none is named`;
    const [suitable] = roles ? names.filter(one => roles.get(one) === undefined) : ['NAME'];
    const hint =
      suitable === undefined
        ? `declare one more for it: ${names.map(one => `${one} is the ${roles!.get(one)}`).join(', ')}`
        : url === undefined
          ? `add \`target: ${suitable}\``
          : `say which one gives access to it: { url: ${url}, target: ${suitable} }`;
    return { mistake: { code: 'ambiguous-target', message, hint } };
  }
  const target = fitting.find(one => one.name === name);
  if (target) return { target };
  const other = targets.find(one => one.name === name);
  const hint = suggest(
    name,
    names.filter(one => [undefined, role].includes(roles?.get(one))),
  );
  const mistake: TargetMistake = other
    ? {
        code: 'wrong-target',
        message: `a target of type ${kind} is needed, and \`${name}\` is of type ${other.type}`,
      }
    : { code: 'unknown-target', message: `there is no ${kind} target \`${name}\`` };
  return { mistake: { ...mistake, ...(hint !== undefined && { hint }) } };
}

/** Another object that a property names (`x-ref: TYPE`), declared or not. */
export interface NamedObject {
  type: string;
  /** As written: the title that a resource for it would have. */
  title: string;
  /** JSON pointer of the property, and where it stands. */
  pointer: string;
  at: SourceRange;
  /** What a declared resource for it provides. */
  capability: Capability;
  target?: string;
}

/** Every resource provides its own object, so that others can name it. */
export const objectCapability = (type: string, target: string | undefined, id: Id): Capability =>
  `${type}:${id}${target === undefined ? '' : ` on ${target}`}`;

interface Referring {
  type: AnyResourceType;
  properties: { [key: string]: Json };
  at: SourceRange;
  places?: ReadonlyMap<string, SourceRange>;
  target: CatalogTarget | undefined;
}

/** The objects that the properties name. Throws a TypeError when the schema names a type that there isn't. */
export function namedObjects(
  { type, properties, at, places, target }: Referring,
  { registry, targets, where }: { registry: Registry; targets: readonly CatalogTarget[]; where: Where },
): NamedObject[] {
  return annotated(type.schema, properties, 'x-ref').map(({ pointer, text, note }) => {
    const named = registry.types.get(note);
    if (!named) throw new TypeError(`its schema says \`x-ref: ${note}\`, and there is no such type`);
    const { runs } = named;
    const own =
      runs.on === 'host'
        ? undefined
        : target?.type === runs.target
          ? target.name
          : resolveTarget(targets, runs.target, undefined).target?.name;
    return {
      type: note,
      title: text,
      pointer,
      at: placeOf({ at, ...(places && { places }) }, pointer),
      capability: objectCapability(note, own, named.identity({}, text, where)),
      ...(own !== undefined && { target: own }),
    };
  });
}

/** What an object that is only looked up has in the place of metaparameters. */
export const onlyLookedUp = (target: string | undefined): Metaparameters => ({
  ensure: 'present',
  require: [],
  before: [],
  notify: [],
  subscribe: [],
  noop: true,
  labels: [],
  ...(target !== undefined && { target }),
});
