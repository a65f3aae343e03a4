import { type Diagnostic, Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import { byText } from '../model/canonical.ts';
import type { Address, Catalog, CatalogResource, CatalogTarget, Json, Reference } from '../model/catalog.ts';
import type { SelectedMember, SelectionMade } from '../model/plan.ts';
import type { Found } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { subjectOf } from '../model/subject.ts';
import { diagnosticsOf } from '../observe/observe.ts';
import { findMembers } from './find-members.ts';
import { mayTake, type Selection } from './select.ts';
import { type Overlap, type Owner, overlapping, sameAddress, warningsOf } from './selection-mistakes.ts';

/** What was found for a selection, and what an apply remembered of it. */
export interface Answer {
  found: Found;
  /** Titles by id; undefined when no apply is known. */
  remembered?: Record<string, string> | undefined;
}

/** Asks the world, or a recording, what a selection stands for. */
export type AskMembers = (
  run: Run,
  selection: CatalogResource,
  targets: readonly CatalogTarget[],
) => Promise<Answer>;

export interface Expanded {
  /** With a resource for each object in the place of the selections that could be asked. */
  resources: CatalogResource[];
  selections: SelectionMade[];
  diagnostics: Diagnostic[];
}

export interface ExpandOptions extends Selection {
  /** Default: the world. */
  members?: AskMembers;
}

const rememberedKey = (address: Address): string => `selected:${address}`;

/**
 * Puts resources for what is selected now in the place of each selection. A resource that declares one of
 * the objects by itself takes it out of the selection. A selection that can't be asked stays, with its
 * fault. Those that `only` can't mean aren't asked. Throws a Failure (given) when two selections find one
 * object.
 */
export async function expandSelections(
  catalog: Catalog,
  run: Run,
  options: ExpandOptions = {},
): Promise<Expanded> {
  const expanded: Expanded = { resources: [], selections: [], diagnostics: [] };
  if (!catalog.resources.some(({ select }) => select !== undefined))
    return { ...expanded, resources: catalog.resources };
  const ask = options.members ?? askWorld;
  const taken = new Map<string, Owner>(declaredObjects(catalog, run));
  const made = new Map<Address, Address[]>();
  const overlaps = new Map<string, Overlap>();
  const wrong: Diagnostic[] = [];
  for (const resource of catalog.resources) {
    if (resource.select === undefined || !mayTake(resource, options)) {
      expanded.resources.push(resource);
      continue;
    }
    let answer: Answer;
    try {
      answer = await ask(run, resource, catalog.targets);
    } catch (error) {
      run.signal.throwIfAborted();
      if (failedWith(error, 'not-observed')) {
        wrong.push(...error.diagnostics);
        continue;
      }
      const [fault] = run.redactor.value(diagnosticsOf(error, subjectIn(run, resource, catalog.targets)));
      expanded.resources.push({ ...resource, fault: fault! });
      continue;
    }
    const members = membersOf(resource, answer.found, taken, overlaps);
    const own = members.flatMap(({ title, resource: address }) =>
      address === `${resource.address}/${title}` ? [memberOf(resource, address, title)] : [],
    );
    made.set(
      resource.address,
      own.map(({ address }) => address),
    );
    expanded.resources.push(...own);
    const selection = selectionOf(resource, members, answer);
    expanded.selections.push(selection);
    expanded.diagnostics.push(...warningsOf(resource, answer.found, selection));
  }
  wrong.push(...[...overlaps.values()].map(overlapping), ...sameAddress(expanded.resources));
  if (wrong.length > 0) throw new Failure(wrong);
  return { ...expanded, resources: expanded.resources.map(resource => relinked(resource, made)) };
}

/** After an apply: who was selected, so that the next plan can name who came and who left. */
export async function rememberSelections(run: Run, selections: readonly SelectionMade[]): Promise<void> {
  for (const { address, members } of selections) {
    const now = Object.fromEntries(members.map(({ id, title }) => [id, title]));
    const before = run.world.memory.engine.get(rememberedKey(address));
    if (JSON.stringify(before) !== JSON.stringify(now))
      await run.world.memory.engine.set(rememberedKey(address), now);
  }
}

export const askWorld: AskMembers = async (run, resource, targets) => {
  const subject = subjectIn(run, resource, targets);
  const found = await findMembers(run, subject);
  const remembered = run.world.memory.engine.get(rememberedKey(resource.address));
  return { found, remembered: remembered as Answer['remembered'] };
};

const subjectIn = (run: Run, resource: CatalogResource, targets: readonly CatalogTarget[]) =>
  subjectOf(resource, { registry: run.registry, targets, where: run.where });

const objectKey = ({ type, meta }: CatalogResource, name: string): string =>
  JSON.stringify([type, meta.target ?? '', name]);

/** What resources of the types that can be selected declare by themselves. */
function* declaredObjects(catalog: Catalog, run: Run): Generator<[string, Owner]> {
  const selectable = new Set(catalog.resources.flatMap(one => (one.select === undefined ? [] : [one.type])));
  for (const resource of catalog.resources) {
    if (resource.select !== undefined || !selectable.has(resource.type)) continue;
    yield [objectKey(resource, subjectIn(run, resource, catalog.targets).id), resource];
  }
}

function membersOf(
  resource: CatalogResource,
  { members }: Found,
  taken: Map<string, Owner>,
  overlaps: Map<string, Overlap>,
): SelectedMember[] {
  const sorted = members.toSorted((a, b) => byText(a.title, b.title));
  return sorted.map(({ title, id, names }) => {
    const owner = names.map(name => taken.get(objectKey(resource, name))).find(Boolean);
    if (owner?.selectedBy !== undefined) {
      const key = `${owner.selectedBy}\n${resource.address}`;
      const known = overlaps.get(key) ?? { first: owner, second: resource, titles: [] };
      overlaps.set(key, { ...known, titles: [...known.titles, title] });
    }
    if (owner) return { title, id, resource: owner.address };
    const address = `${resource.address}/${title}`;
    for (const name of names)
      taken.set(objectKey(resource, name), { address, at: resource.at, selectedBy: resource.address });
    return { title, id, resource: address };
  });
}

/** One of the objects that a selection means, declared as the selection is. */
export function memberOf(selection: CatalogResource, address: Address, title: string): CatalogResource {
  const { select: _, ...rest } = selection;
  return { ...rest, address, title, selectedBy: selection.address };
}

function selectionOf(
  { address, type, title, properties, meta, select, at }: CatalogResource,
  members: SelectedMember[],
  { found, remembered }: Answer,
): SelectionMade {
  const ids = new Set(found.members.map(({ id }) => id));
  const joined = members.filter(({ id }) => remembered && !Object.hasOwn(remembered, id));
  const left = Object.entries(remembered ?? {}).flatMap(([id, name]) => (ids.has(id) ? [] : [name]));
  return {
    address,
    type,
    title,
    properties,
    meta,
    select: select as Json,
    members,
    joined: joined.map(one => one.title),
    left: left.sort(byText),
    at,
  };
}

/** References to a selection mean each of its members. */
function relinked(resource: CatalogResource, made: ReadonlyMap<Address, Address[]>): CatalogResource {
  const each = (references: Reference[]): Reference[] =>
    references.flatMap(
      reference => made.get(reference.address)?.map(address => ({ ...reference, address })) ?? [reference],
    );
  const { require, before, notify, subscribe } = resource.meta;
  return {
    ...resource,
    meta: {
      ...resource.meta,
      require: each(require),
      before: each(before),
      notify: each(notify),
      subscribe: each(subscribe),
    },
  };
}
