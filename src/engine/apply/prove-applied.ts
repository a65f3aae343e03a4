import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { retry } from '../../io/retry.ts';
import type { Node } from '../graph/walk.ts';
import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import type { Subject } from '../model/subject.ts';
import { fileOf } from '../model/type-bug.ts';
import { observe } from '../observe/observe.ts';
import { type Applying, slowConsistency } from './applying.ts';
import { dueByMore, pendingOf } from './second-look.ts';

export interface Proof {
  pending: Address[];
  diagnostics: Diagnostic[];
}

/**
 * Observes and decides again what was changed, what depends on it and what is in the same realms, once; what
 * was changed and is remote, until it is consistent. What is still pending, and not by the time that has gone
 * by, names a type that isn't idempotent, or two resources that fight. Undefined when nothing was changed.
 */
export async function prove(applying: Applying): Promise<Proof | undefined> {
  const { run, walk } = applying;
  const nodes = [...walk.nodes.values()];
  if (!nodes.some(hasChanged)) return undefined;
  let settled = nodes.filter(node => isConcerned(applying, node)).map(({ subject }) => subject);
  const unproved = await holdHostFor(applying, settled);
  if (unproved) settled = settled.filter(subject => !isHere(subject));
  try {
    const seen = await observe(run, settled);
    const warnings = seen.filter(({ severity }) => severity === 'warning');
    const left = await stillPending(applying, await dueByMore(applying, await pendingOf(applying, settled)));
    const pending = left.map(({ address }) => address).sort(byText);
    run.emit({ type: 'proved', empty: pending.length === 0, pending });
    return { pending, diagnostics: [...(unproved ?? []), ...warnings, ...told(applying, left)] };
  } catch (error) {
    if (run.signal.aborted) return undefined;
    throw error;
  }
}

const hasChanged = ({ result }: Node): boolean =>
  result?.result === 'changed' || result?.result === 'refreshed';

const isConcerned = ({ dirty }: Applying, node: Node): boolean =>
  (dirty.isTouched(node.subject) || (node.after ?? []).length > 0) &&
  (hasChanged(node) || node.result?.result === 'unchanged');

/** Waits for what this run changed elsewhere; what it didn't change needs no time to show what it is. */
async function stillPending(applying: Applying, pending: readonly Subject[]): Promise<Subject[]> {
  const { run, walk } = applying;
  const isSettling = ({ address, type }: Subject) =>
    type.runs.on === 'remote' && hasChanged(walk.nodes.get(address)!);
  const others = pending.filter(subject => !isSettling(subject));
  let settling = pending.filter(isSettling);
  const { clock } = run.world.host;
  const isNotYet = (left: Subject[]) => left.length > 0;
  await retry(slowConsistency, { clock, signal: run.signal, isNotYet }, async attempt => {
    if (attempt > 1) settling = await dueByMore(applying, settling);
    return settling;
  });
  return [...others, ...settling];
}

/** What couldn't be observed says why, what could and differs is not convergent. */
function told({ run, walk, planned }: Applying, left: readonly Subject[]): Diagnostic[] {
  const failures = new Set<Diagnostic>();
  const differing: Diagnostic[] = [];
  for (const subject of left) {
    const seen = run.observed.get(subject.address);
    if (seen?.state === 'failed') failures.add(seen.diagnostic);
    else differing.push(notConvergent(walk.nodes.get(subject.address)!, planned));
  }
  return [...failures, ...differing];
}

/** Undefined when the host is this run's to look at; else what is to be said about that. */
async function holdHostFor(
  { host }: Applying,
  subjects: readonly Subject[],
): Promise<Diagnostic[] | undefined> {
  const here = subjects.filter(isHere);
  if (here.length === 0) return undefined;
  try {
    await host.hold();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const what = here.map(({ address }) => address).sort(byText);
    const text = `what was changed on this host was not looked at again, since another run has it by now: ${what.join(', ')}`;
    return [blocked('not-proved', text, { hint: 'plan again when that run is over' })];
  }
}

const isHere = ({ type }: Subject): boolean => type.runs.on === 'host';

/** What is said about one that was in sync is what is known: that it differs, and since when. */
function notConvergent(node: Node, planned: number): Diagnostic {
  const { address, type, declared } = node.subject;
  const since = new Date(planned).toISOString();
  const message = hasChanged(node)
    ? `\`${address}\` still differs after it was applied: the type \`${type.name}\`${fileOf(type)} didn't converge`
    : `\`${address}\` of the type \`${type.name}\` was in sync when planned (${since}) and differs now: this run or somebody else changed it since`;
  return world('not-convergent', message, {
    address,
    at: declared.at,
    hint: hasChanged(node)
      ? 'something else changes it, or what was declared can never be reached; `converge plan` shows what differs'
      : '`converge plan` shows what differs; if it comes back with each run, two resources manage one thing',
  });
}
