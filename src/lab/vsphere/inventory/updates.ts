import { notFound, VimFault } from '../soap/faults.ts';
import { bool, type Data, data, list, oneOf, type Ref, ref, text, type Value } from '../soap/vim.ts';
import { type Collected, collect, type FilterSpec, type FindObject } from './collector.ts';

interface Filter {
  self: Ref;
  spec: FilterSpec;
  /** What each version reported, for the last two versions: an answer may have been lost. */
  reported: Map<number, Map<string, Collected>>;
}

/** A property collector of one session with its filters, and the waiting for what they see to change. */
export interface Collector {
  self: Ref;
  /** Throws the fault that collecting with the spec throws. */
  createFilter(spec: FilterSpec): Ref;
  hasFilter(filter: Ref): boolean;
  destroyFilter(filter: Ref): void;
  /**
   * The changes since `version` ('' for none): undefined when there are none yet. At most `maxObjects`
   * in one answer, which is then truncated. Throws InvalidCollectorVersion.
   */
  changesSince(version: string, maxObjects: number): Data | undefined;
  /** Raised by CancelWaitForUpdates; waiters look at it when they wake. */
  cancelled: number;
}

export function createCollector(self: Ref, find: FindObject, newId: () => string): Collector {
  const filters: Filter[] = [];
  let current = 0;

  function changesSince(version: string, maxObjects: number): Data | undefined {
    const since = version === '' ? 0 : Number(version);
    if (since !== 0 && since !== current && since !== current - 1) {
      throw new VimFault('InvalidCollectorVersion', 'The version is unknown to the collector.');
    }
    let room = maxObjects;
    let truncated = false;
    const updates: Data[] = [];
    const next = new Map<Filter, Map<string, Collected>>();
    for (const filter of filters) {
      const before = (since !== 0 && filter.reported.get(since)) || new Map<string, Collected>();
      const after = new Map(before);
      const changes: Data[] = [];
      for (const change of differences(before, now(filter, find))) {
        if (room-- <= 0) {
          truncated = true;
          break;
        }
        if (change.now) after.set(change.key, change.now);
        else after.delete(change.key);
        changes.push(change.update);
      }
      next.set(filter, after);
      if (changes.length > 0) {
        updates.push(
          data('PropertyFilterUpdate', { filter: filter.self, objectSet: list('ObjectUpdate', changes) }),
        );
      }
    }
    if (updates.length === 0 && since !== 0) return undefined;
    if (updates.length === 0 && filters.length === 0) return undefined;
    current = Math.max(current, since) + 1;
    for (const [filter, after] of next) {
      filter.reported = new Map([...filter.reported].filter(([one]) => one === since)).set(current, after);
    }
    return data('UpdateSet', {
      version: text(current),
      filterSet: list('PropertyFilterUpdate', updates),
      truncated: truncated ? bool(true) : undefined,
    });
  }

  return {
    self,
    cancelled: 0,
    createFilter(spec) {
      collect(spec, find);
      const filter: Filter = { self: ref('PropertyFilter', newId()), spec, reported: new Map() };
      filters.push(filter);
      return filter.self;
    },
    hasFilter: filter => filters.some(one => one.self.id === filter.id),
    destroyFilter(filter) {
      const index = filters.findIndex(one => one.self.id === filter.id);
      if (index < 0) throw notFound(filter);
      filters.splice(index, 1);
    },
    changesSince,
  };
}

function now(filter: Filter, find: FindObject): Map<string, Collected> {
  const { found } = collect({ ...filter.spec, reportMissing: true }, find);
  return new Map(found.map(one => [`${one.object.ref}:${one.object.id}`, one]));
}

interface Difference {
  key: string;
  now?: Collected;
  update: Data;
}

function* differences(before: Map<string, Collected>, after: Map<string, Collected>): Generator<Difference> {
  for (const [key, one] of after) {
    const old = before.get(key);
    const changes = changedValues(old?.values ?? new Map<string, Value>(), one.values);
    if (old && changes.length === 0) continue;
    yield { key, now: one, update: objectUpdate(old ? 'modify' : 'enter', one.object, changes) };
  }
  for (const [key, one] of before) {
    if (!after.has(key)) yield { key, update: objectUpdate('leave', one.object, []) };
  }
}

function changedValues(before: Map<string, Value>, after: Map<string, Value>): Data[] {
  const changes: Data[] = [];
  for (const [name, val] of after) {
    const old = before.get(name);
    if (old && JSON.stringify(old) === JSON.stringify(val)) continue;
    changes.push(propertyChange(name, val));
  }
  for (const name of before.keys()) if (!after.has(name)) changes.push(propertyChange(name));
  return changes;
}

const propertyChange = (name: string, val?: Value): Data =>
  data('PropertyChange', { name: text(name), op: oneOf('PropertyChangeOp', 'assign'), val });

const objectUpdate = (kind: string, obj: Ref, changes: Data[]): Data =>
  data('ObjectUpdate', {
    kind: oneOf('ObjectUpdateKind', kind),
    obj,
    changeSet: list('PropertyChange', changes),
  });
