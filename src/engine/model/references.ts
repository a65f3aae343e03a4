import type { SourceRange } from '../../diagnostics/diagnostic.ts';
import { annotated } from './annotations.ts';
import type { CatalogTarget, Json, Metaparameters } from './catalog.ts';
import { placeOf } from './mistakes.ts';
import type { AnyResourceType, Capability, Id, Registry, Where } from './resource-type.ts';
import { resolveTarget } from './targets.ts';

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
