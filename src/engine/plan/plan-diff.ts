import { gradeField } from '../guard/grade-field.ts';
import { byText, canonicalJson } from '../model/canonical.ts';
import type { Address, Json } from '../model/catalog.ts';
import type { Action, Grade, Plan, PlannedResource } from '../model/plan.ts';
import { child } from '../model/pointer.ts';
import type { AnyResourceType, FieldChange, Registry } from '../model/resource-type.ts';

/** One value that two plans say differently; undefined: only the other one has it. */
export interface Differing {
  /** JSON pointer. */
  path: string;
  before?: Json;
  after?: Json;
  /** Of a declared property, by its schema; left out when neutral. */
  grade?: Grade;
}

export interface ResourceDifference {
  address: Address;
  /** Undefined when it is the same in both. */
  action?: { before: Action; after: Action };
  /** Whether it is looked at again, where that is not the same in both. */
  lookAgain?: { before: boolean; after: boolean };
  /** What is written in the manifests. */
  declared: Differing[];
  /** What would be changed: `before` and `after` are the changes that each plan makes to the field. */
  fields: Differing[];
}

export interface PlanDifference {
  version: 1;
  before: string;
  after: string;
  /** Names of targets that are another place, or in one plan alone. */
  targets: { name: string; before?: string; after?: string }[];
  added: { address: Address; action: Action }[];
  removed: { address: Address; action: Action }[];
  changed: ResourceDifference[];
}

/** What differs between two plans in what they do and to what; not the places, texts and fingerprints. */
export function comparePlans(before: Plan, after: Plan, { types }: Pick<Registry, 'types'>): PlanDifference {
  const old = new Map(before.resources.map(resource => [resource.address, resource]));
  const now = new Map(after.resources.map(resource => [resource.address, resource]));
  const only = (resources: readonly PlannedResource[], other: ReadonlyMap<Address, unknown>) =>
    resources
      .filter(({ address }) => !other.has(address))
      .map(({ address, action }) => ({ address, action }))
      .sort((a, b) => byText(a.address, b.address));
  const changed = after.resources.flatMap(resource => {
    const was = old.get(resource.address);
    return was ? compareResources(was, resource, types.get(resource.type)) : [];
  });
  return {
    version: 1,
    before: before.digest,
    after: after.digest,
    targets: compareTargets(before, after),
    added: only(after.resources, old),
    removed: only(before.resources, now),
    changed: changed.sort((a, b) => byText(a.address, b.address)),
  };
}

export const isSame = ({ targets, added, removed, changed }: PlanDifference): boolean =>
  targets.length + added.length + removed.length + changed.length === 0;

function compareResources(
  before: PlannedResource,
  after: PlannedResource,
  type: AnyResourceType | undefined,
): ResourceDifference[] {
  const declared = differing(written(before), written(after)).map(one => {
    const grade = type ? gradeField(type, one) : 'neutral';
    return grade === 'neutral' ? one : { ...one, grade };
  });
  const fields = differing(changesOf(before), changesOf(after));
  const moved = before.action !== after.action;
  const [looked, looks] = [before.lookAgain === true, after.lookAgain === true];
  if (!moved && looked === looks && declared.length === 0 && fields.length === 0) return [];
  return [
    {
      address: after.address,
      ...(moved && { action: { before: before.action, after: after.action } }),
      ...(looked !== looks && { lookAgain: { before: looked, after: looks } }),
      declared,
      fields,
    },
  ];
}

/** Properties and the metaparameters that were set, references by address. */
function written({ properties, meta, noop }: PlannedResource): Map<string, Json> {
  const { require, before, notify, subscribe, ensure, labels, noop: _, ...rest } = meta;
  const lists = { require, before, notify, subscribe };
  const references = Object.entries(lists).map(([key, list]) => [key, list.map(({ address }) => address)]);
  const set = [...references, ['labels', labels]].filter(([, list]) => list!.length > 0);
  return leaves({
    ...(rest as { [key: string]: Json }),
    ...Object.fromEntries(set),
    ...(ensure === 'absent' && { ensure }),
    ...(noop && { noop }),
    ...properties,
  });
}

const changesOf = ({ fields }: PlannedResource): Map<string, Json> =>
  new Map(fields.map(({ path, before, after }) => [path, arrow({ path, before, after } as FieldChange)]));

const arrow = ({ before, after }: FieldChange): Json => ({
  ...(before !== undefined && { from: before }),
  ...(after !== undefined && { to: after }),
});

function compareTargets(before: Plan, after: Plan): PlanDifference['targets'] {
  const identities = ({ targets }: Plan) => new Map(targets.map(({ name, identity }) => [name, identity]));
  return differing(identities(before), identities(after)).map(({ path: name, ...rest }) => ({
    name,
    ...(rest as { before?: string; after?: string }),
  }));
}

function differing(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): Differing[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort(byText);
  return paths
    .map(path => ({ path, was: before.get(path), is: after.get(path) }))
    .filter(({ was, is }) => canonicalJson([was]) !== canonicalJson([is]))
    .map(({ path, was, is }) => ({
      path,
      ...(was !== undefined && { before: was }),
      ...(is !== undefined && { after: is }),
    }));
}

/** Values below maps by pointer; a list is one value. */
function leaves(value: { [key: string]: Json }, pointer = ''): Map<string, Json> {
  const found = new Map<string, Json>();
  for (const [key, member] of Object.entries(value)) {
    const path = child(pointer, key);
    const isMap = typeof member === 'object' && member !== null && !Array.isArray(member);
    if (isMap && !('$secret' in member)) for (const [at, leaf] of leaves(member, path)) found.set(at, leaf);
    else found.set(path, member);
  }
  return found;
}
