import { apart, type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { sha256 } from '../../values/digest.ts';
import { buildGraph, type Graph, notifications } from '../graph/graph.ts';
import { markedApart } from '../guard/apart.ts';
import { graded, gradeOf } from '../guard/grade-field.ts';
import { lessProtected } from '../guard/protection.ts';
import { lostRefreshes } from '../memory/owed-refreshes.ts';
import { byText, canonicalJson } from '../model/canonical.ts';
import type { Address, Catalog } from '../model/catalog.ts';
import { placeOf } from '../model/mistakes.ts';
import {
  isPending,
  type Plan,
  type PlannedField,
  type PlannedResource,
  type Verdict,
} from '../model/plan.ts';
import type { Observation } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { type Subject, subjectsOf } from '../model/subject.ts';
import { plannedTargets } from '../model/targets.ts';
import { findSources } from '../observe/find-sources.ts';
import { loadSources, sourceDigest } from '../observe/load-sources.ts';
import { lookupsOf, nearlyDeclared } from '../observe/lookups.ts';
import { observe, showsOf } from '../observe/observe.ts';
import { type FoundLeftovers, findLeftovers } from '../select/find-leftovers.ts';
import { type AskMembers, expandSelections } from '../select/members.ts';
import { type Selection, select } from '../select/select.ts';
import { type Decision, decide } from './decide.ts';
import { heldBy } from './held-until.ts';
import { planDigest } from './plan-digest.ts';
import { type View, verdictOf } from './plan-resource.ts';
import { sharedCause } from './shared-cause.ts';

export interface PlanOptions extends Selection {
  /** Version of converge. */
  engine: string;
  /** Where observations come from; default: the world. */
  observe?: typeof observe;
  /** Whether targets are searched for what earlier runs left; default: yes. */
  leftovers?: boolean;
  /** Where the members of selections come from; default: the world. */
  members?: AskMembers;
}

/**
 * Observes what is declared and says what would change; changes nothing. Mistakes in the catalog
 * reject with a Failure (given); what could not be observed is in the plan's diagnostics. Rejects with
 * the signal's reason when interrupted.
 */
export async function plan(catalog: Catalog, run: Run, options: PlanOptions): Promise<Plan> {
  const surroundings = { registry: run.registry, targets: catalog.targets, where: run.where };
  const { resources: declared, selections, ...expanded } = await expandSelections(catalog, run, options);
  const left =
    options.leftovers === false ? nothingLeft : await findLeftovers(catalog, declared, run, options);
  const resources = [...declared, ...left.resources];
  const graph = buildGraph(subjectsOf(resources, surroundings));
  const selected = select(resources, options, [...catalog.resources, ...left.searched]);
  const subjects = graph.subjects.filter(({ address }) => selected.has(address));
  await loadSources(run, subjects);
  const lookups = lookupsOf(subjects, subjects, surroundings);
  const observed = await (options.observe ?? observe)(run, [...subjects, ...lookups.values()]);
  const failed = subjects.filter(({ address }) => run.observed.get(address)?.state === 'failed');
  const told = new Set(failed.map(one => sharedCause(run, one.address, dependencies(graph, one))?.own));
  const diagnostics = [
    ...expanded.diagnostics,
    ...dropped(graph, selected),
    ...lostRefreshes(run, resources),
    ...observed.filter(one => !told.has(one)),
    ...nearlyDeclared(run, subjects, lookups, graph),
  ];

  const decisionOf = (subject: Subject) => decide(run, subject, run.observed.get(subject.address)!);
  const decided = new Map<Address, Decision>();
  // All of them before any source is looked for: what it answers may hold a secret that another resource
  // asked for.
  if (subjects.some(({ type }) => type.findSource))
    for (const subject of subjects) decided.set(subject.address, await decisionOf(subject));
  // What waits for something that could not be seen fails with it: its source would only tell the same again.
  const broken = new Set(failed.map(({ address }) => address));
  for (const subject of subjects)
    if (dependencies(graph, subject).some(to => broken.has(to))) broken.add(subject.address);
  const made = subjects.filter(({ address, type }) => {
    const action = decided.get(address)?.action;
    return type.findSource && !broken.has(address) && (action === 'create' || action === 'update');
  });

  const planned = new Map<Address, PlannedResource>();
  const view: View = {
    run,
    graph,
    planned,
    diagnostics,
    notifies: receivers(graph, selected),
    lookups,
    // A recording says nothing of sources, and whoever plans by one may not reach them.
    lacking: options.observe ? new Map() : await findSources(run, made),
  };
  const order = orderAmong(graph, selected);
  for (const subject of subjects) {
    const { address } = subject;
    const decision = decided.get(address) ?? (await decisionOf(subject));
    planned.set(address, planOne(subject, decision, order.get(address)!, view));
  }
  diagnostics.push(...run.redactor.value(lessProtected(run, subjects, planned)));

  const targets = await plannedTargets(run, catalog.targets, diagnostics);
  // A target that doesn't answer is named by what is declared there, if anything is.
  diagnostics.push(
    ...left.diagnostics.filter(one => !diagnostics.some(other => other.message === one.message)),
  );

  const result: Omit<Plan, 'digest'> = {
    converge_plan: 1,
    engine: options.engine,
    now: new Date(run.world.host.clock.now()).toISOString(),
    ...(run.where.lab && { lab: true }),
    ...(run.where.labId !== undefined && { lab_id: run.where.labId }),
    ...(run.where.platform === 'win32' && { platform: 'win32' }),
    types: Object.fromEntries(subjects.map(({ type }) => [type.name, type.version])),
    ...filesOf(subjects),
    targets,
    ...(catalog.policy && { policy: catalog.policy }),
    resources: [...planned.values()].map(resource => redacted(run, resource)),
    ...(selections.length > 0 && { selections }),
    sources: Object.fromEntries(
      subjects.flatMap(subject => {
        const digest = sourceDigest(run, subject);
        return digest === undefined ? [] : [[subject.address, digest]];
      }),
    ),
    diagnostics: apart(diagnostics),
  };
  const complete: Plan = { ...result, digest: planDigest(result) };
  run.emit({ type: 'planned', plan: complete });
  return complete;
}

const nothingLeft: FoundLeftovers = { resources: [], searched: [], diagnostics: [] };

function planOne(subject: Subject, decision: Decision, dependsOn: Address[], view: View): PlannedResource {
  const { run, graph } = view;
  const { address, declared } = subject;
  const observation = run.observed.get(address)!;
  if (decision.diagnostic) view.diagnostics.push(decision.diagnostic);
  const verdict = verdictOf(subject, decision, observation, view);
  const before = dependencies(graph, subject);
  const broken =
    verdict.action === 'failed'
      ? sharedCause(run, address, before)?.first
      : before.find(to => view.planned.get(to)?.action === 'failed');
  if (broken !== undefined) {
    verdict.reason = `waits for ${broken}, which could not be observed`;
  }
  return {
    address,
    type: subject.type.name,
    title: declared.title,
    id: relativeTo(run.where.cwd, subject.id),
    action: verdict.action,
    noop: subject.noop,
    ...gradeOf(subject, verdict),
    ...heldBy(subject, verdict, view),
    ...lookedAtAgain(verdict, dependsOn, view),
    ...(verdict.reason !== undefined && { reason: verdict.reason }),
    fields: marked(
      subject,
      verdict,
      verdict.fields.map(field => ({
        ...graded(subject, field),
        ...diffOf(observation, field),
        at: placeOf(declared, field.path),
      })),
    ),
    ...showsOf(run, address),
    dependsOn,
    notifies: view.notifies.get(address) ?? [],
    properties: declared.properties,
    meta: declared.meta,
    ...(declared.selectedBy !== undefined && { selectedBy: declared.selectedBy }),
    ...(declared.select !== undefined && { select: declared.select }),
    ...(observation.object !== undefined && { object: observation.object }),
    fingerprint: fingerprint(observation),
    at: declared.at,
  };
}

const marked = ({ type }: Subject, { action }: Verdict, fields: PlannedField[]): PlannedField[] =>
  action === 'update' ? markedApart(type, fields) : fields;

/** In sync as it is now; nobody knows whether it still is when what it depends on has changed. */
function lookedAtAgain(
  { action }: Verdict,
  dependsOn: readonly Address[],
  { planned }: View,
): Pick<PlannedResource, 'lookAgain'> {
  if (action !== 'none' && action !== 'refresh') return {};
  const before = dependsOn.map(to => planned.get(to)!);
  return before.some(one => isPending(one) || one.lookAgain) ? { lookAgain: true } : {};
}

function filesOf(subjects: readonly Subject[]): Pick<Plan, 'type_files'> {
  const digests = subjects.flatMap(({ type }) => (type.origin ? [[type.name, type.origin.digest]] : []));
  return digests.length > 0 ? { type_files: Object.fromEntries(digests) } : {};
}

/** Once more, now that all secrets of the run are known. What identifies the resource stays. */
function redacted(run: Run, resource: PlannedResource): PlannedResource {
  const { shows, fields, reason } = resource;
  const said = { ...(shows && { shows }), fields, ...(reason !== undefined && { reason }) };
  const clean = run.redactor.value(said);
  // In a run without secrets all of it stays the same.
  return clean === said ? resource : { ...resource, ...clean };
}

/** SHA-256 over what was observed. */
export const fingerprint = ({ diffs: _, ...observation }: Observation<object>): string =>
  sha256(
    canonicalJson(
      observation.state === 'failed' ? { state: 'failed' } : { ...observation, shows: undefined },
    ),
  );

function diffOf({ diffs }: Observation<object>, { path }: PlannedField): Pick<PlannedField, 'diff'> {
  const diff = diffs?.[path];
  return typeof diff === 'string' ? { diff } : {};
}

const dependencies = (graph: Graph, { address }: Subject): Address[] =>
  distinct(graph.edges.get(address)!.map(({ to }) => to));

/** Each once, sorted. Most resources wait for one other, or for none. */
const distinct = (addresses: Address[]): Address[] =>
  addresses.length < 2 ? addresses : [...new Set(addresses)].sort(byText);

/** What each selected resource waits for, also through those that aren't selected; sorted. */
function orderAmong(graph: Graph, selected: ReadonlySet<Address>): Map<Address, Address[]> {
  const order = new Map<Address, Address[]>();
  for (const subject of graph.subjects) {
    const nearest = dependencies(graph, subject).flatMap(to => (selected.has(to) ? [to] : order.get(to)!));
    order.set(subject.address, distinct(nearest));
  }
  return order;
}

/** Who is notified by whom. Those not selected are owed the refresh until a run that takes them. */
function receivers(graph: Graph, selected: ReadonlySet<Address>): Map<Address, Address[]> {
  const refreshable = graph.subjects.filter(({ type, absent, noop }) => type.refresh && !absent && !noop);
  const kept = new Set([...selected, ...refreshable.map(({ address }) => address)]);
  const all = [...notifications(graph)];
  return new Map(all.map(([from, to]) => [from, to.filter(address => kept.has(address))]));
}

function dropped(graph: Graph, selected: ReadonlySet<Address>): Diagnostic[] {
  const missing = new Set<Address>();
  for (const address of selected) {
    for (const { to } of graph.edges.get(address)!) if (!selected.has(to)) missing.add(to);
  }
  if (missing.size === 0) return [];
  const names = [...missing].sort(byText).join(', ');
  const message = `not selected, though what is selected depends on them: ${names}`;
  return [{ ...given('dependency-dropped', message), severity: 'warning' }];
}

/** Ids below the working directory are written from there, so that a plan is the same in any folder. */
export function relativeTo(cwd: string, id: string): string {
  const separator = cwd.includes('\\') ? '\\' : '/';
  const base = cwd.endsWith(separator) ? cwd : cwd + separator;
  return base.length > 1 && id.startsWith(base) ? `.${separator}${id.slice(base.length)}` : id;
}
