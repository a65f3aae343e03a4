import { type Diagnostic, given, world } from '../diagnostics/diagnostic.ts';
import { byText, canonicalJson, sha256 } from './canonical.ts';
import type { Address, Catalog, CatalogResource } from './catalog.ts';
import { decide } from './decide.ts';
import { buildGraph, type Graph, notifications } from './graph.ts';
import { providersOf } from './implied.ts';
import { observe } from './observe.ts';
import { owedTo } from './owed.ts';
import type { Action, Plan, PlannedField, PlannedResource } from './plan.ts';
import { planDigest } from './plan-digest.ts';
import { nearest, valueAt } from './pointer.ts';
import type { Capability, FieldChange, Observation } from './resource-type.ts';
import type { Run } from './run.ts';
import { type Selection, select } from './select.ts';
import { loadSources, sourceDigest } from './sources.ts';
import { type Subject, subjectsOf } from './subject.ts';
import { plannedTargets } from './targets.ts';

export interface PlanOptions extends Selection {
  /** Version of converge. */
  engine: string;
}

/**
 * Observes what is declared and says what would change; changes nothing. Mistakes in the catalog
 * reject with a Failure (given); what could not be observed is in the plan's diagnostics. Rejects with
 * the signal's reason when interrupted.
 */
export async function plan(catalog: Catalog, run: Run, options: PlanOptions): Promise<Plan> {
  const surroundings = { registry: run.registry, targets: catalog.targets, where: run.where };
  const graph = buildGraph(subjectsOf(catalog.resources, surroundings));
  const selected = select(catalog.resources, options);
  const subjects = graph.subjects.filter(({ address }) => selected.has(address));
  await loadSources(run, subjects);
  const diagnostics = [...dropped(graph, selected), ...(await observe(run, subjects))];

  const planned = new Map<Address, PlannedResource>();
  const view: View = {
    run,
    graph,
    selected,
    planned,
    diagnostics,
    notifies: notifications(graph),
    providers: providersOf(graph.subjects),
  };
  for (const subject of subjects) planned.set(subject.address, await planOne(subject, view));

  const result: Omit<Plan, 'digest'> = {
    converge_plan: 1,
    engine: options.engine,
    types: Object.fromEntries(subjects.map(({ type }) => [type.name, type.version])),
    targets: await plannedTargets(run, catalog.targets),
    resources: [...planned.values()],
    sources: Object.fromEntries(
      subjects.flatMap(subject => {
        const digest = sourceDigest(run, subject);
        return digest === undefined ? [] : [[subject.address, digest]];
      }),
    ),
    diagnostics,
  };
  const complete: Plan = { ...result, digest: planDigest(result) };
  run.emit({ type: 'planned', plan: complete });
  return complete;
}

/** Whether the resource is changed when the plan is applied. */
export const isPending = ({ action, noop }: PlannedResource): boolean =>
  !noop && action !== 'none' && action !== 'failed';

interface View {
  run: Run;
  graph: Graph;
  selected: ReadonlySet<Address>;
  /** Those earlier in the order. */
  planned: ReadonlyMap<Address, PlannedResource>;
  diagnostics: Diagnostic[];
  notifies: ReadonlyMap<Address, Address[]>;
  providers: ReadonlyMap<Capability, Subject[]>;
}

type Verdict = { action: Action; fields: PlannedField[]; reason?: string };

async function planOne(subject: Subject, view: View): Promise<PlannedResource> {
  const { run, graph, selected } = view;
  const { address, declared } = subject;
  const observation = run.observed.get(address)!;
  const decision = await decide(run, subject, observation);
  let verdict: Verdict = { action: decision.action, fields: decision.fields };
  if (decision.diagnostic) {
    view.diagnostics.push(decision.diagnostic);
    verdict.reason = decision.diagnostic.message;
  }
  if (observation.state === 'failed') verdict.reason = observation.diagnostic.message;
  if (observation.state === 'unknown') verdict = unseen(subject, observation.waitsFor, verdict, view);
  if (verdict.action === 'none') verdict = stale(subject, decision.is, decision.should, view) ?? verdict;
  if (verdict.action === 'none') verdict = notified(subject, view) ?? verdict;
  const broken = dependencies(graph, subject).find(to => view.planned.get(to)?.action === 'failed');
  if (broken !== undefined && verdict.action !== 'failed') {
    verdict.reason = `waits for ${broken}, which could not be observed`;
  }
  const clean = run.redactor.value({
    fields: verdict.fields,
    ...(verdict.reason !== undefined && { reason: verdict.reason }),
  });
  return {
    address,
    type: subject.type.name,
    title: declared.title,
    id: relativeTo(run.where.cwd, subject.id),
    action: verdict.action,
    noop: subject.noop,
    ...(clean.reason !== undefined && { reason: clean.reason }),
    fields: clean.fields.map(field => placed(field, declared as CatalogResource)),
    dependsOn: dependencies(graph, subject).filter(to => selected.has(to)),
    notifies: (view.notifies.get(address) ?? []).filter(to => selected.has(to)),
    properties: declared.properties,
    meta: declared.meta,
    fingerprint: fingerprint(observation),
    at: declared.at,
  };
}

/** SHA-256 over what was observed. */
export const fingerprint = (observation: Observation<object>): string =>
  sha256(canonicalJson(observation.state === 'failed' ? { state: 'failed' } : observation));

const dependencies = (graph: Graph, { address }: Subject): Address[] =>
  [...new Set(graph.edges.get(address)!.map(({ to }) => to))].sort(byText);

/** Not visible yet: fine when something pending brings what it waits for, else a failure. */
function unseen(
  subject: Subject,
  waitsFor: string,
  verdict: Verdict,
  { planned, providers, diagnostics }: View,
): Verdict {
  const bringing = providers.get(waitsFor) ?? [];
  const pending = bringing
    .map(({ address }) => planned.get(address))
    .find(found => found && isPending(found));
  if (pending) return { ...verdict, reason: `can't be seen before ${pending.address}` };
  const reason = `\`${subject.address}\` can't be observed without \`${waitsFor}\`, which nothing in this plan brings`;
  diagnostics.push(world('not-observable', reason, { address: subject.address, at: subject.declared.at }));
  return { action: 'failed', fields: [], reason };
}

/** Freshness: in sync by itself, but what it is made from is about to change. */
function stale(subject: Subject, is: object | undefined, should: object, view: View): Verdict | undefined {
  const fields: PlannedField[] = [];
  if (subject.absent || !is) return undefined;
  for (const { need, to } of view.graph.edges.get(subject.address)!) {
    const provider = need?.fresh === undefined ? undefined : view.planned.get(to);
    if (need?.fresh === undefined || !provider || !isPending(provider) || provider.action === 'delete')
      continue;
    if (provider.action === 'refresh') continue;
    const before = valueAt(is, need.fresh) as FieldChange['before'];
    const after = valueAt(should, need.fresh) as FieldChange['after'];
    fields.push({
      path: need.fresh,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      reason: `after ${to}`,
    });
  }
  return fields.length > 0 ? { action: 'update', fields } : undefined;
}

function notified(subject: Subject, { run, graph, planned }: View): Verdict | undefined {
  if (subject.absent || !subject.type.refresh) return undefined;
  const from = graph.edges
    .get(subject.address)!
    .filter(({ kind, to }) => (kind === 'notify' || kind === 'subscribe') && changes(planned.get(to)));
  if (from.length > 0)
    return {
      action: 'refresh',
      fields: [],
      reason: `after ${from
        .map(({ to }) => to)
        .sort(byText)
        .join(', ')}`,
    };
  if (owedTo(run, subject).length > 0)
    return { action: 'refresh', fields: [], reason: 'owed from an earlier run' };
  return undefined;
}

const changes = (resource: PlannedResource | undefined): boolean =>
  resource !== undefined && isPending(resource);

function placed(field: PlannedField, { places, at }: CatalogResource): PlannedField {
  return { ...field, at: nearest(places, field.path) ?? at };
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
