import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { Graph } from '../graph/graph.ts';
import { owedTo } from '../memory/owed-refreshes.ts';
import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import { isPending, type PlannedField, type PlannedResource, type Verdict } from '../model/plan.ts';
import { valueAt } from '../model/pointer.ts';
import type { FieldChange, Observation } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import type { Lacking } from '../observe/find-sources.ts';
import { hintFor, type Lookups, type Missing, missingFor } from '../observe/lookups.ts';
import type { Decision } from './decide.ts';

/** What is known while a plan is made, in dependency order. */
export interface View {
  run: Run;
  graph: Graph;
  /** Those earlier in the order. */
  planned: ReadonlyMap<Address, PlannedResource>;
  diagnostics: Diagnostic[];
  notifies: ReadonlyMap<Address, Address[]>;
  /** What is named by resources and isn't one of them. */
  lookups: Lookups;
  /** What is to be made or changed, and has a source that can't be had. */
  lacking: ReadonlyMap<Address, Lacking>;
}

/** What a plan says about one resource: its own needs, and what follows from those before it. */
export function verdictOf(
  subject: Subject,
  decision: Decision,
  observation: Observation<object>,
  view: View,
): Verdict {
  const own: Verdict = { action: decision.action, fields: decision.fields };
  if (decision.diagnostic) return { ...own, reason: decision.diagnostic.message };
  if (observation.state === 'failed') return { ...own, reason: observation.diagnostic.message };
  if (observation.state === 'unknown') return unseen(subject, observation, own, view);
  const missing = missingFor(view.run, subject, view.lookups);
  if (missing) return nameless(subject, missing, own, view);
  const lacking = view.lacking.get(subject.address);
  if (lacking) return sourceless(subject, lacking, own, view);
  if (own.action !== 'none') return own;
  return stale(subject, decision.is, decision.should, view) ?? notified(subject, view) ?? own;
}

/** What it is made from can't be had now: fine when something pending brings it. */
function sourceless(subject: Subject, lacking: Lacking, own: Verdict, view: View): Verdict {
  if (lacking.state === 'unknown') {
    const verdict = unseen(subject, lacking, own, view);
    return verdict.action === 'failed' ? verdict : own;
  }
  // What a program brings, and where to, only the manifest's author knows.
  const brought = view.graph.edges
    .get(subject.address)!
    .some(({ kind, to }) => kind !== 'implied' && changes(view.planned.get(to)));
  if (lacking.state === 'failed' && brought) return own;
  view.diagnostics.push(lacking.diagnostic);
  if (lacking.state === 'doubtful') return own;
  // Whoever applies this plan tells it as the resource's own failure.
  view.run.observed.set(subject.address, lacking);
  return { action: 'failed', fields: [], reason: lacking.diagnostic.message };
}

/** It names something that isn't there, or can't be seen yet. */
function nameless(subject: Subject, { named, lookup }: Missing, own: Verdict, view: View): Verdict {
  const seen = view.run.observed.get(lookup.address)!;
  if (seen.state === 'failed')
    return {
      action: 'failed',
      fields: [],
      reason: `waits for ${lookup.address}, which could not be observed`,
    };
  const waitsFor = seen.state === 'unknown' ? seen.waitsFor : named.capability;
  const hint = (seen.state === 'unknown' ? seen.hint : undefined) ?? hintFor(named, view.graph.subjects);
  return unseen(subject, { state: 'unknown', waitsFor, hint }, { ...own, action: 'unknown' }, view, named.at);
}

type Unseen = Extract<Observation<object>, { state: 'unknown' }>;

/** Not visible yet: fine when something pending brings what it waits for, else a failure. */
function unseen(
  subject: Subject,
  { waitsFor, hint = 'declare what brings it, or correct its name' }: Unseen,
  verdict: Verdict,
  { graph, planned, diagnostics }: View,
  at = subject.declared.at,
): Verdict {
  const bringing = (graph.providers.get(waitsFor) ?? []).map(({ address }) => address);
  // What a program brings only the manifest's author knows, and says by `require`. What serves the same need
  // may bring it with more: an archive the folders in it.
  const awaited = graph.edges
    .get(subject.address)!
    .flatMap(({ kind, to, need }) => (kind === 'implied' && !need?.anyOf.includes(waitsFor) ? [] : [to]));
  const pending = [...bringing, ...awaited]
    .map(address => planned.get(address))
    .find(found => found && isPending(found));
  if (pending) return { ...verdict, reason: `can't be seen before ${pending.address}` };
  const broken = [...bringing, ...awaited].find(address => planned.get(address)?.action === 'failed');
  if (broken)
    return { action: 'failed', fields: [], reason: `waits for ${broken}, which could not be observed` };
  const reason = `\`${subject.address}\` needs \`${waitsFor}\`, which isn't there, and nothing in this plan brings it`;
  diagnostics.push(world('not-observable', reason, { address: subject.address, at, hint }));
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
      // As it is now it is in sync: the same value on both sides would look like a mistake.
      ...(before !== undefined && before !== after && { before }),
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
