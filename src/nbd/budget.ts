/** Bytes that may be held at once by many who ask one after the other. */
export interface Budget {
  /**
   * Waits until `bytes` are free, in turn, and takes them: what it resolves with gives them back. More than
   * there are altogether are taken once nobody else has any. Rejects with the signal's reason.
   */
  take(bytes: number, signal: AbortSignal): Promise<() => void>;
}

export function createBudget(most: number): Budget {
  let used = 0;
  const waiting: { bytes: number; begin(): void }[] = [];
  const fits = (bytes: number) => used === 0 || used + bytes <= most;
  const next = () => {
    while (waiting[0] && fits(waiting[0].bytes)) waiting.shift()!.begin();
  };
  const taken = (bytes: number) => {
    used += bytes;
    return () => {
      used -= bytes;
      next();
    };
  };
  return {
    take(bytes, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (waiting.length === 0 && fits(bytes)) return Promise.resolve(taken(bytes));
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const one = {
        bytes,
        begin: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(taken(bytes));
        },
      };
      const onAbort = () => {
        waiting.splice(waiting.indexOf(one), 1);
        reject(signal.reason);
        next();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(one);
      return promise;
    },
  };
}
