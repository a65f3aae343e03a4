/** How long it took to find out that nobody answers, and for how long nobody asks again. Milliseconds. */
export interface Silence {
  atLeast: number;
  lasts: number;
}

/** Runs work that asks somebody, by a name for whom. */
export type FailingFast = <T>(whom: string, work: () => Promise<T>) => Promise<T>;

/**
 * For many that ask one after the other: once somebody was found silent, which takes a minute, whoever asks
 * the same within a moment hears at once what the first one heard.
 *
 * @param isSilence whether an error may be that of somebody who doesn't answer
 */
export function failingFast(
  now: () => number,
  { atLeast, lasts }: Silence,
  isSilence: (error: unknown) => boolean,
): FailingFast {
  const silent = new Map<string, { found: number; error: unknown }>();
  return async (whom, work) => {
    const known = silent.get(whom);
    if (known && Math.abs(now() - known.found) < lasts) throw known.error;
    const began = now();
    try {
      const value = await work();
      silent.delete(whom);
      return value;
    } catch (error) {
      if (now() - began >= atLeast && isSilence(error)) silent.set(whom, { found: now(), error });
      throw error;
    }
  };
}
