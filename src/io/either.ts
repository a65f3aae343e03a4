/** A signal that others abort, for as long as somebody needs it. */
export interface Either {
  signal: AbortSignal;
  /** Nothing aborts it any more, and nothing keeps it. */
  release(): void;
}

/**
 * One signal that aborts with the first of several. It takes the place of AbortSignal.any: a signal of that
 * lives, with all that listens to it, until one of its sources aborts (Node, `gcPersistentSignals` of
 * lib/internal/abort_controller.js), and the signal that ends an agent doesn't abort for months.
 */
export function eitherOf(...sources: readonly (AbortSignal | undefined)[]): Either {
  const either = new AbortController();
  const under: (() => void)[] = [];
  const release = () => {
    for (const end of under.splice(0)) end();
  };
  for (const source of sources) {
    if (!source) continue;
    const abort = () => {
      release();
      either.abort(source.reason);
    };
    if (source.aborted) {
      abort();
      break;
    }
    source.addEventListener('abort', abort, { once: true });
    under.push(() => source.removeEventListener('abort', abort));
  }
  return { signal: either.signal, release };
}

/** Runs `work` under the first of several signals. */
export async function underEither<T>(
  sources: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, release } = eitherOf(...sources);
  try {
    return await work(signal);
  } finally {
    release();
  }
}

/** Rejects with the reason of a signal: for a race with work that can't be stopped. */
export const rejection = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
