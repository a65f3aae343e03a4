import { type Diagnostic, Failure, isDiagnostic, world } from '../diagnostics/diagnostic.ts';
import { canonicalJson } from './canonical.ts';
import { Limits, totalAtOnce } from './limits.ts';
import { readIo } from './make-io.ts';
import type { Observation } from './resource-type.ts';
import type { Run } from './run.ts';
import type { Subject } from './subject.ts';

/**
 * Observes the subjects, one call per type and target, bounded per realm, and keeps the answers in
 * `run.observed`. Never rejects for what the world or a type does: that is a `failed` observation.
 * Returns the diagnostics, one for a call that failed as a whole.
 */
export async function observe(run: Run, subjects: readonly Subject[]): Promise<Diagnostic[]> {
  if (subjects.length === 0) return [];
  run.emit({ type: 'observing', count: subjects.length });
  const limits = new Limits(totalAtOnce);
  const faults = subjects.flatMap(({ address, fault }) => {
    if (fault) run.observed.set(address, { state: 'failed', diagnostic: fault });
    return fault ?? [];
  });
  const sound = subjects.filter(({ fault }) => !fault);
  const batches = Object.values(Object.groupBy(sound, subject => subject.batch)) as Subject[][];
  const found = await Promise.all(
    batches.map(batch => {
      const { realm, type } = batch[0]!;
      return limits.run(realm, Math.max(1, type.realm.concurrency), () => observeBatch(run, batch));
    }),
  );
  run.signal.throwIfAborted();
  return [...faults, ...found.flat()];
}

async function observeBatch(run: Run, batch: Subject[]): Promise<Diagnostic[]> {
  const first = batch[0]!;
  let answers: Map<string, Observation<object>>;
  try {
    const asked = batch.map(subject => subject.asked);
    // Nothing is left half done by not waiting for an answer: who interrupts must not wait for a silent server.
    answers = await unlessAborted(run.signal, first.type.observe(asked, readIo(run, first)));
    if (!(answers instanceof Map)) throw new TypeError('observe must answer with a Map');
  } catch (error) {
    const diagnostics = run.redactor.value(
      batch.length === 1 ? diagnosticsOf(error, first) : unaddressed(error, first),
    );
    for (const { address } of batch)
      run.observed.set(address, { state: 'failed', diagnostic: diagnostics[0]! });
    return diagnostics;
  }
  return batch.flatMap(subject => {
    // Warnings are told, and are no part of what was seen: a plan doesn't go stale by them.
    const { warnings, ...observation } = checked(answers.get(subject.id), subject);
    const told = (diagnostic: Diagnostic) =>
      run.redactor.value({ address: subject.address, at: subject.declared.at, ...diagnostic });
    if (observation.state !== 'failed') {
      run.observed.set(subject.address, observation);
      return warningsOf(warnings).map(told);
    }
    const diagnostic = told(observation.diagnostic);
    run.observed.set(subject.address, { state: 'failed', diagnostic });
    return [diagnostic];
  });
}

/** A call for several resources failed as a whole: that is about the target, not about one of them. */
function unaddressed(error: unknown, { type, target }: Subject): Diagnostic[] {
  if (!(error instanceof Failure)) return [typeBug(type.name, messageOf(error))];
  return error.diagnostics.map(d => ({ ...(target && { at: target.at }), ...d }));
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What was thrown, as diagnostics: a Failure's own, or a bug of the type. */
export function diagnosticsOf(error: unknown, { type, address, declared }: Subject): Diagnostic[] {
  if (error instanceof Failure) return error.diagnostics.map(d => ({ address, at: declared.at, ...d }));
  return [typeBug(type.name, messageOf(error))];
}

export const typeBug = (type: string, what: string): Diagnostic =>
  world('type-bug', `the resource type \`${type}\` is faulty: ${what}`, {
    hint: 'this is not a mistake in the manifest: report it with the output of --debug',
  });

function checked(observation: Observation<object> | undefined, { id, type }: Subject): Observation<object> {
  const state = observation?.state;
  if (observation && (state === 'absent' || isSound(observation))) return observation;
  if (observation?.state === 'present' && isJsonObject(observation.value)) return observation;
  const what = observation ? `its observation of ${id} is not valid` : `it didn't answer for ${id}`;
  return { state: 'failed', diagnostic: typeBug(type.name, what) };
}

const warningsOf = (warnings: unknown): Diagnostic[] =>
  Array.isArray(warnings)
    ? warnings.filter(isDiagnostic).map(warning => ({ ...warning, severity: 'warning' }))
    : [];

const isSound = (observation: Observation<object>): boolean =>
  observation.state === 'unknown'
    ? typeof observation.waitsFor === 'string'
    : observation.state === 'failed' && isDiagnostic(observation.diagnostic);

/** Whether a value can stand in a plan. */
export function isJsonObject(value: unknown): boolean {
  try {
    return typeof value === 'object' && value !== null && canonicalJson(value) !== undefined;
  } catch {
    return false;
  }
}

/** `work`, or a rejection with the signal's reason as soon as it aborts; `work` is then left alone. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, stop.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
