import { type Diagnostic, Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { eitherOf } from '../../io/either.ts';
import { plural } from '../../io/units.ts';
import type { AnyResourceType } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { fileOf } from '../model/type-bug.ts';

export type CallKind = 'observe' | 'apply' | 'refresh';

const minute = 60_000;
/** Milliseconds that a call of a type may take when neither the resource nor the type says. */
const longest: Record<CallKind, number> = {
  observe: 30 * minute,
  apply: 120 * minute,
  refresh: 120 * minute,
};
/** Milliseconds that a type has to stop after it was told to. */
const grace = 30_000;
/** What a timer can wait. */
const forever = 2 ** 31 - 1;

/** What one call of a type is for. */
export interface Call {
  kind: CallKind;
  type: AnyResourceType;
  /** Milliseconds, of the resource. */
  timeout?: number | undefined;
  /** As messages name it. */
  what: string;
}

/** A call for these, which all have the same type and `timeout`. */
export const callFor = (kind: CallKind, subjects: readonly Subject[]): Call => {
  const { type, address, declared } = subjects[0]!;
  const many = `${plural(subjects.length, 'resource')} of the type \`${type.name}\``;
  const what = subjects.length === 1 ? `\`${address}\`` : many;
  return { kind, type, timeout: declared.meta.timeout, what };
};

/** Subjects that may share one call of their type: those of one target that have the same time. */
export const callKey = ({ batch, declared }: Subject): string => `${batch}\n${declared.meta.timeout ?? ''}`;

/** Before a type is first called in a run: it reads what it remembers without waiting. */
export async function openMemoryOf({ memories, world }: Run, type: AnyResourceType): Promise<void> {
  for (const owner of [type.name, ...(type.readsMemoryOf ?? [])])
    if (!memories.has(owner)) memories.set(owner, await world.memory.of(owner));
}

/**
 * Calls a type with a signal that aborts with the run or when the call takes too long. Rejects with a
 * Failure when it did: at once for observations, which leave nothing half done, and for the others after
 * the type has stopped or was given up. `late`: it took too long, but came to an end when told to.
 */
export async function within<T>(
  run: Run,
  call: Call,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ value: T; late?: Diagnostic }> {
  const { clock } = run.world.host;
  const { type, timeout } = call;
  await openMemoryOf(run, type);
  const limit = timeout ?? type.timeouts?.[call.kind] ?? longest[call.kind];
  const onlyLooks = call.kind === 'observe';
  const late = tooLong(call, limit);
  const tooLate = new AbortController();
  const done = new AbortController();
  const { signal, release } = eitherOf(run.signal, tooLate.signal);
  const limits = async (): Promise<never> => {
    await clock.sleep(Math.min(limit, forever), done.signal);
    tooLate.abort(new Failure(late));
    const patience = type.timeouts?.grace ?? grace;
    if (!onlyLooks) await clock.sleep(patience, done.signal);
    throw new Failure(onlyLooks ? late : abandoned(call, limit, patience));
  };
  const interrupt = Promise.withResolvers<never>();
  const onAbort = () => interrupt.reject(run.signal.reason);
  // Whoever interrupts must not wait for a silent server; a change has to be finished or undone.
  if (onlyLooks) run.signal.addEventListener('abort', onAbort, { once: true });
  try {
    // A change that was begun is the type's to tell of, however early the interrupt came.
    if (onlyLooks) run.signal.throwIfAborted();
    const value = await Promise.race([work(signal), limits(), interrupt.promise]);
    return { value, ...(tooLate.signal.aborted && { late }) };
  } catch (error) {
    if (!tooLate.signal.aborted || isGivenUp(error)) throw error;
    throw new Failure(late);
  } finally {
    done.abort();
    release();
    run.signal.removeEventListener('abort', onAbort);
  }
}

const isGivenUp = (error: unknown): boolean => failedWith(error, 'given-up');

const verbs: Record<CallKind, string> = { observe: 'observing', apply: 'changing', refresh: 'refreshing' };

const tooLong = ({ kind, what }: Call, limit: number): Diagnostic =>
  world('timed-out', `${verbs[kind]} ${what} took longer than ${span(limit)}`, {
    hint: 'look what it waits for, or give it more time with `timeout:`',
  });

const abandoned = ({ kind, type, what }: Call, limit: number, patience: number): Diagnostic => {
  const text = `${verbs[kind]} ${what} was given up: it took longer than ${span(limit)}, and the type \`${type.name}\`${fileOf(type)} didn't stop within ${span(patience)} when told to`;
  return world('given-up', text, {
    hint: 'what it did, and may still do, is unknown: look at it, then run again',
  });
};

/** As manifests write it. */
function span(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const parts = [
    [3_600_000, 'h'],
    [minute, 'm'],
    [1000, 's'],
  ] as const;
  let left = ms;
  return parts
    .flatMap(([size, unit]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count > 0 ? [`${count}${unit}`] : [];
    })
    .join('');
}
