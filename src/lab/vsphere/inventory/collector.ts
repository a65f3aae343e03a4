import { invalidArgument, invalidProperty, notFound } from '../soap/faults.ts';
import { isA, propertiesOf } from '../soap/types.ts';
import { type Data, data, list, parsePath, type Ref, text, type Value, valueAt } from '../soap/vim.ts';
import { childrenOf, type Element, flagOf, refOf, required, textOf } from '../soap/xml-reader.ts';
import type { ManagedObject } from './inventory.ts';

interface Selection {
  name?: string | undefined;
  /** Absent in a mere reference to a selection of that name. */
  traversal?: { type: string; path: string; skip: boolean; selections: Selection[] };
}

/** A PropertyFilterSpec: which objects, found from where, and which of their properties. */
export interface FilterSpec {
  properties: { type: string; all: boolean; paths: string[] }[];
  objects: { object: Ref; skip: boolean; selections: Selection[] }[];
  reportMissing: boolean;
}

export type FindObject = (object: Ref) => ManagedObject | undefined;

/** What a filter sees of one object: the values of its property paths, unset ones left out. */
export interface Collected {
  object: Ref;
  values: Map<string, Value>;
}

/** Reads a `spec` or `specSet` element. Throws an InvalidArgument fault. */
export function readFilterSpec(spec: Element): FilterSpec {
  return {
    properties: childrenOf(spec, 'propSet').map(one => ({
      type: required(one, 'type'),
      all: flagOf(one, 'all') ?? false,
      paths: childrenOf(one, 'pathSet').map(path => path.text),
    })),
    objects: childrenOf(spec, 'objectSet').map(one => {
      const object = refOf(one, 'obj');
      if (!object) throw invalidArgument('specSet.objectSet.obj');
      return { object, skip: flagOf(one, 'skip') ?? false, selections: readSelections(one) };
    }),
    reportMissing: flagOf(spec, 'reportMissingObjectsInResults') ?? false,
  };
}

const readSelections = (of: Element): Selection[] =>
  childrenOf(of, 'selectSet').map(one => {
    const name = textOf(one, 'name');
    const path = textOf(one, 'path');
    if (path === undefined) return { name };
    const skip = flagOf(one, 'skip') ?? false;
    return { name, traversal: { type: required(one, 'type'), path, skip, selections: readSelections(one) } };
  });

/**
 * What a filter sees now, in order of discovery. Throws ManagedObjectNotFound for a starting object that
 * doesn't exist (unless the spec asks to have it reported), InvalidProperty for a property that no such
 * object has.
 */
export function collect(spec: FilterSpec, find: FindObject): { found: Collected[]; missing: Ref[] } {
  const found = new Map<string, Collected>();
  const missing: Ref[] = [];
  for (const start of spec.objects) {
    if (!find(start.object)) {
      if (!spec.reportMissing) throw notFound(start.object);
      missing.push(start.object);
      continue;
    }
    for (const object of traverse(start, find)) {
      const key = `${object.self.ref}:${object.self.id}`;
      if (found.has(key)) continue;
      const wanted = spec.properties.filter(one => isA(object.self.ref, one.type));
      if (wanted.length > 0) found.set(key, { object: object.self, values: valuesOf(object, wanted) });
    }
  }
  return { found: [...found.values()], missing };
}

function* traverse(start: FilterSpec['objects'][number], find: FindObject): Generator<ManagedObject> {
  const named = new Map<string, Selection>();
  const learn = (selections: Selection[]) => {
    for (const one of selections) {
      if (one.name !== undefined && one.traversal) named.set(one.name, one);
      if (one.traversal) learn(one.traversal.selections);
    }
  };
  learn(start.selections);
  const seen = new Set<string>();
  const queue = [start];
  for (let at = queue.shift(); at; at = queue.shift()) {
    const object = find(at.object);
    if (!object) continue;
    if (!at.skip) yield object;
    for (const selection of at.selections) {
      const known = selection.traversal ? selection : named.get(selection.name ?? '');
      if (!known?.traversal) throw invalidArgument('specSet.objectSet.selectSet.name');
      const { type, path, skip, selections } = known.traversal;
      if (!isA(object.self.ref, type)) continue;
      // A selection that names itself walks a tree; it looks at an object once.
      const visit = `${object.self.ref}:${object.self.id} ${type}.${path} ${known.name ?? ''}`;
      if (seen.has(visit)) continue;
      seen.add(visit);
      for (const next of refsIn(propertyOf(object, path))) queue.push({ object: next, skip, selections });
    }
  }
}

const refsIn = (value: Value | undefined): Ref[] => {
  if (!value) return [];
  if ('ref' in value) return [value];
  return 'list' in value ? value.items.flatMap(refsIn) : [];
};

function valuesOf(object: ManagedObject, wanted: FilterSpec['properties']): Map<string, Value> {
  const paths = wanted.flatMap(one => (one.all ? propertiesOf(object.self.ref) : one.paths));
  const values = new Map<string, Value>();
  for (const path of new Set(paths)) {
    const value = propertyOf(object, path);
    if (value) values.set(path, value);
  }
  return values;
}

/** A property by path, `config.hardware.device`. Throws InvalidProperty when its first step is unknown. */
function propertyOf(object: ManagedObject, path: string): Value | undefined {
  const [first, ...rest] = parsePath(path);
  if (typeof first !== 'string' || !propertiesOf(object.self.ref).includes(first))
    throw invalidProperty(path);
  return valueAt(object.properties[first]?.(), rest);
}

export const objectContent = ({ object, values }: Collected): Data =>
  data('ObjectContent', {
    obj: object,
    propSet: list(
      'DynamicProperty',
      [...values].map(([name, val]) => data('DynamicProperty', { name: text(name), val })),
    ),
  });
