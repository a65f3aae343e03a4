import { type Diagnostic, Failure, inContext, isDiagnostic, together } from '../../diagnostics/diagnostic.ts';
import { callFor, callKey, within } from '../call/call-in-time.ts';
import { type Handed, leakOf } from '../call/leaks.ts';
import { Limits, totalAtOnce } from '../call/limits.ts';
import { readIo } from '../call/make-io.ts';
import { hadSecret } from '../call/secrets.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Address, Json } from '../model/catalog.ts';
import type { Observation } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { typeBug } from '../model/type-bug.ts';
import { observeApart, suspicion } from './observe-apart.ts';

export interface ObserveOptions {
  /** Milliseconds since the epoch: the time that types take for now, from which it goes on. */
  asOf?: number;
}

/**
 * Observes the subjects, one call per type and target, bounded per realm, and keeps the answers in
 * `run.observed`. One object's trouble is its own, where it can be told. Never rejects for what the world or
 * a type does: that is a `failed` observation. Returns the diagnostics, one for a call that failed as a
 * whole.
 */
export async function observe(
  run: Run,
  subjects: readonly Subject[],
  options: ObserveOptions = {},
): Promise<Diagnostic[]> {
  if (subjects.length === 0) return [];
  run.emit({ type: 'observing', count: subjects.length });
  const limits = new Limits(totalAtOnce);
  const faults = subjects.flatMap(({ address, fault }) => {
    if (fault) run.observed.set(address, { state: 'failed', diagnostic: fault });
    return fault ?? [];
  });
  const sound = subjects.filter(({ fault }) => !fault);
  const batches = Object.values(Object.groupBy(sound, callKey)) as Subject[][];
  const found = await Promise.all(
    batches.map(batch => {
      const { realm, type } = batch[0]!;
      return limits.run(realm, Math.max(1, type.realm.concurrency), () => observeBatch(run, batch, options));
    }),
  );
  run.signal.throwIfAborted();
  return [...faults, ...found.flat()];
}

/** In one call; when that fails as a whole, each by itself. */
async function observeBatch(run: Run, batch: Subject[], options: ObserveOptions): Promise<Diagnostic[]> {
  const found = await observeTogether(run, batch, options);
  const suspected = run.signal.aborted ? undefined : suspicion(run, batch);
  if (!suspected) return found;
  return observeApart(run, batch, suspected, subject => observeTogether(run, [subject], options));
}

async function observeTogether(run: Run, batch: Subject[], { asOf }: ObserveOptions): Promise<Diagnostic[]> {
  const first = batch[0]!;
  const handed: Handed = new Map();
  const behind = asOf === undefined ? 0 : run.world.host.clock.now() - asOf;
  let answers: Map<string, Observation<object>>;
  try {
    const asked = batch.map(subject => subject.asked);
    const { value } = await within(run, callFor('observe', batch), signal =>
      first.type.observe(asked, readIo(run, first, signal, handed, behind)),
    );
    answers = value;
    if (!(answers instanceof Map)) throw new TypeError('observe must answer with a Map');
  } catch (error) {
    const diagnostic = run.redactor.value(
      together(batch.length === 1 ? diagnosticsOf(error, first) : unaddressed(error, first)),
    );
    for (const { address } of batch) run.observed.set(address, { state: 'failed', diagnostic });
    return [diagnostic];
  }
  return batch.flatMap(subject => {
    const answer = checked(answers.get(subject.id), subject);
    const leak = leakOf(answer, handed, subject.type, subject.id);
    const sound: typeof answer = leak ? { state: 'failed', diagnostic: leak } : answer;
    // Warnings are told, and are no part of what was seen: a plan doesn't go stale by them.
    const { warnings, diffs, ...observation } = sound;
    const told = (diagnostic: Diagnostic) =>
      run.redactor.value(inContext(diagnostic, { address: subject.address, at: subject.declared.at }));
    if (observation.state !== 'failed') {
      const shown = diffs && !hadSecret(run, subject) ? { diffs: run.redactor.value(diffs) } : {};
      run.observed.set(subject.address, { ...observation, ...shown });
      return warningsOf(warnings).map(told);
    }
    const diagnostic = told(observation.diagnostic);
    run.observed.set(subject.address, { state: 'failed', diagnostic });
    return [diagnostic];
  });
}

/** A call for several resources failed as a whole: that is about the target, not about one of them. */
function unaddressed(error: unknown, { type, target }: Subject): Diagnostic[] {
  if (!(error instanceof Failure)) return [typeBug(type, messageOf(error), error)];
  return error.diagnostics.map(d => ({ ...(target && { at: target.at }), ...d }));
}

export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What was thrown, as diagnostics: a Failure's own, or a bug of the type. */
export function diagnosticsOf(error: unknown, { type, address, declared }: Subject): Diagnostic[] {
  if (error instanceof Failure) return error.diagnostics.map(d => ({ address, at: declared.at, ...d }));
  return [typeBug(type, messageOf(error), error)];
}

function checked(observation: Observation<object> | undefined, { id, type }: Subject): Observation<object> {
  const state = observation?.state;
  if (!['string', 'undefined'].includes(typeof observation?.object))
    return { state: 'failed', diagnostic: typeBug(type, `what tells ${id} apart is not text`) };
  if (observation && (state === 'absent' || isSound(observation))) return observation;
  if (observation?.state === 'present' && isJsonObject(observation.value) && isShown(observation, type))
    return observation;
  const what = observation ? `its observation of ${id} is not valid` : `it didn't answer for ${id}`;
  return { state: 'failed', diagnostic: typeBug(type, what) };
}

/** Only what the type says that it shows. */
const isShown = ({ shows }: { shows?: unknown }, { shows: names = {} }: Subject['type']): boolean =>
  shows === undefined ||
  (isJsonObject(shows) && Object.keys(shows as object).every(name => Object.hasOwn(names, name)));

const warningsOf = (warnings: unknown): Diagnostic[] =>
  Array.isArray(warnings)
    ? warnings.filter(isDiagnostic).map(warning => ({ ...warning, severity: 'warning' }))
    : [];

const isSound = (observation: Observation<object>): boolean =>
  observation.state === 'unknown'
    ? typeof observation.waitsFor === 'string'
    : observation.state === 'failed' && isDiagnostic(observation.diagnostic);

/** Whether a value can be in a plan. */
export function isJsonObject(value: unknown): boolean {
  try {
    return typeof value === 'object' && value !== null && canonicalJson(value) !== undefined;
  } catch {
    return false;
  }
}

/** The read-only values that were last seen of a resource. */
export function showsOf(run: Run, address: Address): { shows?: Record<string, Json> } {
  const seen = run.observed.get(address);
  return seen?.state === 'present' && seen.shows ? { shows: seen.shows } : {};
}
