import { type Diagnostic, Failure, isDiagnostic } from '../../diagnostics/diagnostic.ts';
import { within } from '../call/call-in-time.ts';
import { type Handed, leakOf } from '../call/leaks.ts';
import { readIo } from '../call/make-io.ts';
import { byText } from '../model/canonical.ts';
import type { Catalog, CatalogResource, CatalogTarget, Json } from '../model/catalog.ts';
import type { PlannedResource } from '../model/plan.ts';
import type { Adoptable, AnyResourceType, ListQuery } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { subjectOf } from '../model/subject.ts';
import { typeBug } from '../model/type-bug.ts';
import { isJsonObject, messageOf } from '../observe/observe.ts';
import { plan } from '../plan/planner.ts';
import { expandSelections } from '../select/members.ts';

/** One object as a manifest would declare it. */
export interface Adopted {
  type: string;
  title: string;
  properties: { [key: string]: Json };
  /** Where there are several targets of the kind. */
  target?: string;
  /** What a plan of it would do at once; undefined: nothing. Such a one is for people to decide about. */
  pending?: string;
  note?: string;
}

/** Something that is there and that no declaration can say. */
export interface Unsaid {
  type: string;
  what: string;
  why: string;
}

export interface AdoptRequest {
  types: AnyResourceType[];
  /** Targets to look at; resources of a type live on those of its kind, or on the host. */
  targets: CatalogTarget[];
  query: ListQuery<Record<string, Json>>;
  /** What is declared already, which is left out. */
  declared: Catalog;
  /** Version of converge. */
  engine: string;
}

/**
 * Lists what there is and turns it into declarations. Each is planned as it would be written, so that what is
 * called in sync is. Never rejects for what the world answers: that is in the diagnostics.
 */
export async function adopt(
  run: Run,
  request: AdoptRequest,
): Promise<{ adopted: Adopted[]; known: number; unsaid: Unsaid[]; diagnostics: Diagnostic[] }> {
  const { types, targets, declared, engine } = request;
  const diagnostics: Diagnostic[] = [];
  const found: { resource: CatalogResource; exists: boolean; note?: string }[] = [];
  const expanded = await expandSelections(declared, run);
  diagnostics.push(...expanded.diagnostics);
  const takenBy = new Map<string, string>();
  for (const one of expanded.resources) {
    const owned = ownedBy(run, one, declared.targets);
    if (!(owned instanceof Failure)) for (const what of owned) takenBy.set(what, one.address);
  }
  const unsaid: Unsaid[] = [];
  let known = 0;
  for (const type of types) {
    const { runs } = type;
    const fitting = runs.on === 'host' ? [undefined] : targets.filter(target => target.type === runs.target);
    for (const target of fitting) {
      const listing = await listed(run, type, target, request, diagnostics);
      unsaid.push(...listing.unsaid);
      for (const { title, properties, exists, note } of listing.adoptable) {
        const resource = declarationOf(type.name, title, properties as { [key: string]: Json }, target);
        const owned = ownedBy(run, resource, targets);
        if (owned instanceof Failure) {
          unsaid.push({ type: type.name, what: title, why: owned.message });
          continue;
        }
        const owners = [...new Set(owned.flatMap(what => takenBy.get(what) ?? []))];
        const [object, ...claims] = owned;
        // The object itself, or under another name all that it would own.
        if (takenBy.has(object!) || (claims.length > 0 && claims.every(what => takenBy.has(what)))) known++;
        else if (owners.length > 0)
          unsaid.push({ type: type.name, what: title, why: `${owners.join(', ')} declares a part of it` });
        else found.push({ resource, exists, ...(note !== undefined && { note }) });
      }
    }
  }
  const there = found.flatMap(({ resource, exists }) => (exists ? [resource] : []));
  const planned = await plan({ resources: there, targets, sources: new Map() }, run, { engine });
  // What is printed is not declared by anybody yet, so it weakens nothing.
  diagnostics.push(...planned.diagnostics.filter(({ code }) => code !== 'protects-less'));
  const plans = new Map(planned.resources.map(one => [`${one.address}\n${one.meta.target}`, one]));
  const adopted = found.map(({ resource, note }): Adopted => {
    const { type, title, properties, address, meta } = resource;
    const pending = pendingOf(plans.get(`${address}\n${meta.target}`));
    const several = targets.filter(target => target.type === targetOf(targets, meta.target)?.type).length > 1;
    return {
      type,
      title,
      properties,
      ...(several && { target: meta.target! }),
      ...(pending !== undefined && { pending }),
      ...(note !== undefined && { note }),
    };
  });
  return {
    adopted: adopted.sort((a, b) => byText(a.type, b.type) || byText(a.title, b.title)),
    known,
    unsaid,
    diagnostics,
  };
}

const targetOf = (targets: readonly CatalogTarget[], name: string | undefined) =>
  targets.find(target => target.name === name);

/** What a type lists on a target, or on the host, in the time that an observation has. */
async function listed(
  run: Run,
  type: AnyResourceType,
  target: CatalogTarget | undefined,
  { query }: AdoptRequest,
  diagnostics: Diagnostic[],
): Promise<{ adoptable: Adoptable[]; unsaid: Unsaid[] }> {
  const adoptable: Adoptable[] = [];
  const unsaid: Unsaid[] = [];
  const handed: Handed = new Map();
  const what = `what there is of the type \`${type.name}\``;
  try {
    await within(run, { kind: 'observe', type, what }, async signal => {
      for await (const one of type.list!(query, readIo(run, { type, target }, signal, handed))) {
        if (one.state === 'present') adoptable.push(sound(type.toManifest!(one.value)));
        else if (one.state === 'unsaid')
          unsaid.push({ type: type.name, what: String(one.what), why: String(one.why) });
        else if (isDiagnostic(one.diagnostic)) diagnostics.push(run.redactor.value(one.diagnostic));
        else throw new TypeError('what it lists must have a `value` or a `diagnostic`');
      }
    });
  } catch (error) {
    run.signal.throwIfAborted();
    const found = error instanceof Failure ? error.diagnostics : [typeBug(type, messageOf(error), error)];
    diagnostics.push(...run.redactor.value(found));
  }
  const leak = leakOf([adoptable, unsaid], handed, type, 'what there is');
  if (!leak) return { adoptable, unsaid };
  diagnostics.push(leak);
  return { adoptable: [], unsaid: [] };
}

function sound(one: Partial<Adoptable> | undefined): Adoptable {
  if (typeof one?.title === 'string' && one.title !== '' && isJsonObject(one.properties))
    return { exists: true, ...one } as Adoptable;
  throw new TypeError('`toManifest` must answer with `title`, `properties` and `exists`');
}

function declarationOf(
  type: string,
  title: string,
  properties: { [key: string]: Json },
  target: CatalogTarget | undefined,
): CatalogResource {
  return {
    address: `${type}:${title}`,
    type,
    title,
    properties,
    meta: {
      ensure: 'present',
      require: [],
      before: [],
      notify: [],
      subscribe: [],
      noop: false,
      labels: [],
      ...(target && { target: target.name }),
    },
    at: target?.at ?? { file: 'the host', line: 1, column: 1 },
    places: new Map(),
  };
}

/**
 * What tells the object apart from all others, then all that it alone may own; a Failure when the type
 * refuses the declaration.
 */
function ownedBy(run: Run, resource: CatalogResource, targets: readonly CatalogTarget[]): string[] | Failure {
  try {
    const { id, batch, claims, target } = subjectOf(resource, {
      registry: run.registry,
      targets,
      where: run.where,
    });
    const place = target?.name ?? '';
    const alone = claims.filter(({ shared }) => shared === undefined);
    return [`${batch}\n${id}`, ...alone.map(({ what }) => `${place}\n${what}`)];
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** "it would be created", or what differs; undefined when it is in sync. */
function pendingOf(resource: PlannedResource | undefined): string | undefined {
  if (!resource) return 'would be made at once';
  const { action, fields, reason } = resource;
  if (action === 'none') return undefined;
  if (action === 'failed') return reason ?? 'could not be observed';
  const differ = fields.map(({ path, before, after }) =>
    before === undefined
      ? `${path.slice(1)} ${JSON.stringify(after)}`
      : `${path.slice(1)} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
  );
  return `would ${action} at once${differ.length > 0 ? `: ${differ.join(', ')}` : ''}`;
}
