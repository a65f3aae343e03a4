import { Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import { codeOf } from '../../io/handles/code-of.ts';
import type { Clock } from '../../io/ports.ts';
import { longestDelay, retry, type Waits } from '../../io/retry.ts';
import { passingProxyFailures } from '../../network/failures.ts';
import type { ObjectStore } from '../model/store.ts';

/** Milliseconds without its repository, or with credentials that ran out, after which a cycle ends. */
export const outageTime = 45 * 60_000;

const policy = { atMost: outageTime, first: 1_000, cap: longestDelay };

/** What a network's file system answers while its server is away. */
const away = /^(EIO|ESTALE|ETIMEDOUT|EHOSTDOWN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ENOTCONN|ECONN\w+)$/;

/** How a cycle goes on where its repository doesn't answer. */
export interface Outlasting {
  /** The same store, each of whose calls is made again until it is answered. */
  over(store: ObjectStore): ObjectStore;
  /** Does `work` until the repository answers it, and not before the lease is proven to be held still. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** From now on nothing is waited for: the point is complete, and the next cycle puts the rest right. */
  end(): void;
}

/**
 * Calls of a cycle that fail because the repository is away, or because credentials ran out that others
 * renew, are made again for `outageTime`. Before each further try `prove` sees that the lease is held still:
 * whoever comes back from an outage may have been taken for dead. What it throws ends the cycle, unless it
 * says that the repository is away. A PUT that may have been done is read back, so what comes of it is known.
 */
export function outlasting(
  { clock, signal, waits }: { clock: Clock; signal: AbortSignal; waits?: Waits | undefined },
  prove: () => Promise<void>,
): Outlasting {
  let ended = false;
  const mayPass = (error: unknown) => !ended && isAway(error);
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      // What was begun when the cycle is cancelled is done, and not waited for.
      return await retry(policy, { clock, closed: signal, mayPass, long: waits }, async attempt => {
        if (attempt > 1) await prove();
        return work();
      });
    } catch (error) {
      if (isAway(error) && !failedWith(error, 'answer-lost')) signal.throwIfAborted();
      throw error;
    }
  };
  const over = (store: ObjectStore): ObjectStore => ({
    url: store.url,
    clockAhead: () => store.clockAhead?.() ?? 0,
    get: (key, options) => run(() => store.get(key, { ...options, patience: 'quick' })),
    head: key => run(() => store.head(key)),
    put: (key, bytes, options) => putOver(store, run, key, bytes, options),
    list: (prefix, after) => listOver(store, run, prefix, after),
    async *folders(prefix) {
      yield* await run(async () => {
        const found: string[] = [];
        for await (const folder of store.folders(prefix)) found.push(folder);
        return found;
      });
    },
    remove: key => run(() => store.remove(key)),
    erase: keys => run(() => store.erase(keys)),
  });
  return {
    over,
    run,
    end() {
      ended = true;
    },
  };
}

type Run = Outlasting['run'];

async function putOver(
  store: ObjectStore,
  run: Run,
  ...[key, bytes, options]: Parameters<ObjectStore['put']>
): ReturnType<ObjectStore['put']> {
  // Once an attempt may have been done, a later refusal can be our own doing.
  let inDoubt = false;
  const mine = async () => {
    const there = await store.get(key, { patience: 'quick' });
    return there?.bytes.equals(bytes) ? ({ ok: true, etag: there.etag } as const) : undefined;
  };
  const result = await run(async () => {
    try {
      return await store.put(key, bytes, { ...options, patience: 'quick' });
    } catch (error) {
      if (!failedWith(error, 'answer-lost')) throw error;
      inDoubt = true;
      const done = await mine();
      if (done) return done;
      throw error;
    }
  });
  return result.ok || !inDoubt ? result : ((await run(mine)) ?? result);
}

/** Goes on behind the last key that was told. */
async function* listOver(
  store: ObjectStore,
  run: Run,
  ...[prefix, after]: Parameters<ObjectStore['list']>
): ReturnType<ObjectStore['list']> {
  let last: Buffer | undefined;
  let listing = store.list(prefix, after)[Symbol.asyncIterator]();
  const next = async () => {
    try {
      for (;;) {
        const found = await listing.next();
        if (found.done || !last || Buffer.compare(Buffer.from(found.value.key), last) > 0) return found;
      }
    } catch (error) {
      listing = store.list(prefix, after)[Symbol.asyncIterator]();
      throw error;
    }
  };
  for (;;) {
    const found = await run(next);
    if (found.done) return;
    last = Buffer.from(found.value.key);
    yield found.value;
  }
}

/** Whether the repository may answer later; what it refused for good isn't asked again. */
export const isAway = (error: unknown): boolean =>
  failedWith(
    error,
    ...(['answer-lost', 'aws-credentials-expired', 'aws-no-credentials', 'aws-throttled'] as const),
    ...(['aws-unreachable', 'lease-unanswered'] as const),
    ...passingProxyFailures,
  ) ||
  (error instanceof Failure && away.test(codeOf(error.cause) ?? ''));
