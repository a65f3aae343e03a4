import { Failure, world as worldSays } from '../../diagnostics/diagnostic.ts';
import { retry } from '../../io/retry.ts';
import { elapsed } from '../../io/until.ts';
import { type Node, Walk } from '../graph/walk.ts';
import { type Allowed, guardOf, heldBackOf, overBudget, requireKnown } from '../guard/guards.ts';
import { rememberProtection } from '../guard/protection.ts';
import { forgetLost } from '../memory/owed-refreshes.ts';
import type { RunReport } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import type { Run } from '../model/run.ts';
import { type Subject, subjectsOf } from '../model/subject.ts';
import { loadSources } from '../observe/load-sources.ts';
import { hintFor, type Lookups, lookupsOf, missingFor } from '../observe/lookups.ts';
import { observe, showsOf } from '../observe/observe.ts';
import { heldUntil } from '../plan/held-until.ts';
import { sharedCause } from '../plan/shared-cause.ts';
import { rememberSelections } from '../select/members.ts';
import { type Applying, begin, type Change, type Details, slowConsistency } from './applying.ts';
import { changeAll } from './change.ts';
import { decideNode } from './decide-node.ts';
import { leaveOut, permitted } from './hold-back.ts';
import { HostLock } from './host-lock.ts';
import { prove } from './prove-applied.ts';
import { refreshIfNotified } from './refresh.ts';
import { foundLater, looksAgain } from './second-look.ts';

export interface ApplyOptions {
  /** Say what would be done and do nothing. */
  noop?: boolean;
  /** Addresses that may weaken protection. */
  allow?: Allowed;
  /** Held already since before the host was observed; default: taken when needed. */
  host?: HostLock;
}

/**
 * Makes the plan's changes in dependency order, in parallel where the graph, realms and targets allow,
 * and proves that nothing is left to do. What fails is in the report; only mistakes in what was given
 * reject (Failure), and a plan over its budget, before anything is done. When the run's signal aborts, what
 * runs is awaited and nothing new starts.
 */
export async function apply(
  plan: Plan,
  run: Run,
  { noop = false, allow = [], host = new HostLock(run.world.locks, run.signal) }: ApplyOptions = {},
): Promise<RunReport> {
  requireKnown(plan, allow);
  const tooMuch = overBudget(plan);
  if (tooMuch.length > 0) throw new Failure(tooMuch);
  const { clock } = run.world.host;
  const started = clock.now();
  const surroundings = { registry: run.registry, targets: plan.targets, where: run.where };
  const subjects = subjectsOf(plan.resources, surroundings);
  await loadSources(run, subjects);
  const applying = begin(run, plan, new Walk(plan.resources, subjects), allow, surroundings, host);
  const { walk } = applying;

  const onAbort = () =>
    run.emit({ type: 'interrupted', signal: run.signal.reason === 'SIGTERM' ? 'SIGTERM' : 'SIGINT' });
  run.signal.addEventListener('abort', onAbort, { once: true });
  await walkThrough(applying, noop);
  run.signal.removeEventListener('abort', onAbort);

  for (const node of walk.nodes.values()) {
    if (!node.result)
      applying.finish(node, node.planned.action === 'none' ? 'unchanged' : 'skipped', {
        note: 'interrupted before it began',
      });
  }
  if (!noop) {
    await rememberSelections(run, plan.selections ?? []);
    await forgetLost(run, plan);
    const settled = [...walk.nodes.values()].filter(isSettled);
    await rememberProtection(
      run,
      settled.map(({ subject }) => subject),
    );
  }
  const proof = noop || run.signal.aborted ? undefined : await prove(applying).finally(() => host.giveBack());
  const report: RunReport = {
    report: 1,
    plan: plan.digest,
    results: [...walk.nodes.values()].map(({ result, subject }) => ({
      ...result!,
      ...showsOf(run, subject.address),
    })),
    numbers: applying.numbers,
    calls: run.calls.totals(),
    ...(proof && { proof: { empty: proof.pending.length === 0, pending: proof.pending } }),
    diagnostics: [...applying.diagnostics, ...(proof?.diagnostics ?? [])],
    started: new Date(started).toISOString(),
    took: elapsed(clock, started),
    interrupted: run.signal.aborted,
  };
  return run.redactor.value(report);
}

/** It is now what was declared. */
const isSettled = ({ planned: { noop }, result, heldBack }: Node): boolean =>
  !noop &&
  heldBack === undefined &&
  (result?.result === 'changed' || result?.result === 'unchanged' || result?.result === 'refreshed');

async function walkThrough(applying: Applying, noop: boolean): Promise<void> {
  const { walk, run } = applying;
  const running = new Set<Promise<void>>();
  const here: Node[] = [];
  while (true) {
    const ready = run.signal.aborted ? [] : walk.takeReady();
    for (const node of ready) if (isHere(node)) here.push(node);
    // Only whether one is left matters: the finished ones before it may stay, so that no turn looks at all of
    // them.
    while (here.at(-1)?.result) here.pop();
    if (ready.length > 0) {
      // Apart: what waits for this host holds up nothing elsewhere.
      for (const part of [ready.filter(isHere), ready.filter(node => !isHere(node))]) {
        if (part.length === 0) continue;
        const wave = applyWave(applying, part, noop).finally(() => running.delete(wave));
        running.add(wave);
      }
    } else if (running.size === 0) return;
    else {
      const finished = walk.nextFinish();
      // What goes on is elsewhere, and may take days.
      if (here.length === 0 && walk.isUnfinished()) await applying.host.giveBack();
      await Promise.race([finished, ...running]);
    }
  }
}

/** Resources that became ready together: what went stale is observed in one call per type and target. */
async function applyWave(applying: Applying, ready: readonly Node[], noop: boolean): Promise<void> {
  const { walk, dirty, run, finish } = applying;
  const work: Node[] = [];
  for (const node of ready) {
    const broken = walk.brokenFor(node);
    const { action, reason } = node.planned;
    const follows =
      sharedCause(run, node.planned.address, broken) !== undefined ||
      (broken.length > 0 && run.observed.get(node.planned.address)?.state === 'unknown');
    if (action === 'failed' && !follows) finish(node, 'failed', await failedBefore(run, node, reason));
    else if (broken.length > 0) finish(node, 'skipped', { note: `depends on ${broken.join(', ')}` });
    else if (action === 'none') work.push(node);
    else if (noop || node.planned.noop) finish(node, 'noop');
    else if (!finishGuarded(applying, node)) work.push(node);
  }
  if (!(await holdHost(applying, work))) return;
  const isChanged = ({ planned: { action } }: Node) => action !== 'none' && action !== 'refresh';
  const toChange = work.filter(isChanged);
  const inSync = work.filter(looksAgain);
  const resting = work.filter(node => !isChanged(node) && !looksAgain(node));
  const unsure = toChange.filter(
    ({ planned, subject, after = [] }) =>
      planned.action === 'unknown' ||
      !run.observed.has(subject.address) ||
      dirty.isStale(subject) ||
      after.length > 0 ||
      // Planned for what a dependency was about to do: only now is there something to see.
      planned.fields.some(field => field.reason !== undefined),
  );
  const again = [...unsure, ...inSync].map(({ subject }) => subject);
  dirty.seeing(again);
  try {
    await observe(run, again);
    await waitForNew(applying, again);
  } catch (error) {
    if (!run.signal.aborted) throw error;
    // Interrupted: nothing of this wave has begun.
    return;
  }
  const changes: Change[] = [];
  const lookups = await lookUp(applying, [...toChange, ...inSync]);
  for (const node of [...toChange, ...inSync]) {
    if (finishNameless(applying, node, lookups)) continue;
    const seen = await changeOf(applying, node);
    const change = seen && looksAgain(node) ? await foundLater(applying, seen) : seen;
    if (change && looksAgain(node) && finishWaiting(applying, node)) continue;
    if (change) changes.push(change);
    else if (!node.result) resting.push(node);
  }
  await Promise.all([
    changeAll(
      applying,
      changes.flatMap(change => permitted(applying, change) ?? []),
    ),
    ...resting.map(node => refreshIfNotified(applying, node)),
  ]);
}

const isHere = ({ subject }: Node): boolean => subject.type.runs.on === 'host';

/**
 * The host's lock for what is to be done here; without it, that is blocked and nothing of the wave begins.
 */
async function holdHost({ host, dirty, finish, run }: Applying, work: readonly Node[]): Promise<boolean> {
  const isIdle = (node: Node) => node.planned.action === 'none' && !looksAgain(node);
  if (!work.some(node => isHere(node) && !isIdle(node))) return true;
  try {
    if (await host.hold()) dirty.othersWroteHere();
    return true;
  } catch (error) {
    if (run.signal.aborted) return false;
    if (!(error instanceof Failure)) throw error;
    for (const node of work) {
      if (isIdle(node)) finish(node, 'unchanged');
      else finish(node, 'blocked', { diagnostic: error.diagnostics[0]! });
    }
    return false;
  }
}

/**
 * What this run made at a target may be seen late by what waits for it: that is looked at again, for some
 * seconds.
 */
async function waitForNew({ run, walk }: Applying, subjects: readonly Subject[]): Promise<void> {
  const isNew = (capability: string) =>
    [...walk.nodes.values()].some(
      ({ created, subject }) =>
        created && subject.type.runs.on === 'remote' && subject.provides.includes(capability),
    );
  const late = () =>
    subjects.filter(({ address }) => {
      const seen = run.observed.get(address);
      return seen?.state === 'unknown' && isNew(seen.waitsFor);
    });
  const { clock } = run.world.host;
  const isNotYet = (left: Subject[]) => left.length > 0;
  await retry(slowConsistency, { clock, signal: run.signal, isNotYet }, async attempt => {
    if (attempt > 1) await observe(run, late());
    return late();
  });
}

/** Looks up what is named and wasn't there, or wasn't asked about, when the plan was made. */
async function lookUp({ run, walk, surroundings }: Applying, nodes: readonly Node[]): Promise<Lookups> {
  const lookups = lookupsOf(
    nodes.map(({ subject }) => subject),
    walk.nodes.values().map(({ subject }) => subject),
    surroundings,
  );
  const unseen = [...lookups.values()].filter(
    ({ address }) => run.observed.get(address)?.state !== 'present',
  );
  await observe(run, unseen);
  return lookups;
}

/** Ends what names something that still isn't there. */
function finishNameless({ run, walk, finish }: Applying, node: Node, lookups: Lookups): boolean {
  const missing = missingFor(run, node.subject, lookups);
  if (!missing) return false;
  const { named, lookup } = missing;
  const seen = run.observed.get(lookup.address)!;
  const text = `\`${node.planned.address}\` names the \`${named.type}\` \`${named.title}\`, which isn't there`;
  const hint = () =>
    hintFor(
      named,
      [...walk.nodes.values()].map(({ subject }) => subject),
    );
  const diagnostic =
    seen.state === 'failed'
      ? seen.diagnostic
      : worldSays('named-not-there', text, { at: named.at, hint: hint() });
  finish(node, 'failed', { diagnostic });
  return true;
}

/**
 * Ends what a closed window or a guard keeps from being changed; the time is that of now, not of the plan.
 */
function finishGuarded(applying: Applying, node: Node): boolean {
  const diagnostic = guardOf(node.planned, applying.allow);
  if (diagnostic) {
    applying.finish(node, 'blocked', { diagnostic });
    return true;
  }
  if (finishWaiting(applying, node)) return true;
  const names = heldBackOf(node.planned, applying.allow);
  if (names.size > 0) leaveOut(applying, node, names);
  return false;
}

/** Ends what waits for a maintenance window. */
function finishWaiting({ run, walk, finish }: Applying, node: Node): boolean {
  const waiting = walk.heldFor(node);
  const until = heldUntil(node.subject, run.world.host.clock.now());
  if (until !== undefined) finish(node, 'held', { note: `until ${until}` });
  else if (waiting !== undefined) finish(node, 'held', { note: `waits for ${waiting}` });
  return until !== undefined || waiting !== undefined;
}

/** Undefined when there is nothing to change, or nothing that could be changed (then it is finished). */
async function changeOf({ run, finish }: Applying, node: Node): Promise<Change | undefined> {
  const observation = run.observed.get(node.subject.address)!;
  if (observation.state === 'failed') {
    finish(node, 'failed', { diagnostic: observation.diagnostic });
    return undefined;
  }
  if (observation.state === 'unknown') {
    const text = `\`${node.planned.address}\` still can't be observed: ${observation.waitsFor} isn't there`;
    finish(node, 'failed', {
      diagnostic: worldSays('still-unknown', text, {
        hint: observation.hint ?? 'declare what brings it, or correct its name',
      }),
    });
    return undefined;
  }
  const decision = await decideNode(run, node);
  if (decision.diagnostic) finish(node, 'failed', { diagnostic: decision.diagnostic });
  return decision.action === 'none' || decision.action === 'failed' ? undefined : { node, decision };
}

async function failedBefore(run: Run, node: Node, reason: string | undefined): Promise<Details> {
  const observation = run.observed.get(node.planned.address);
  if (observation?.state === 'failed') return { diagnostic: observation.diagnostic };
  const decision = observation && (await decideNode(run, node));
  if (decision?.diagnostic) return { diagnostic: decision.diagnostic };
  return reason === undefined ? {} : { note: reason };
}
