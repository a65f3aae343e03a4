/** Values by their key, of which the last so many are kept. */
export interface Remembered<T> {
  get(key: string): T | undefined;
  /** A key that is there already keeps its turn to be forgotten. */
  set(key: string, value: T): void;
}

/**
 * Keeps `most` values, in the same time however many there were. Whose turn it is isn't asked of the map
 * itself: what was deleted leaves gaps at its beginning until it is made anew, which are gone over each time.
 */
export function remembered<T>(most: number): Remembered<T> {
  const kept = new Map<string, T>();
  const turns: string[] = [];
  let next = 0;
  return {
    get: key => kept.get(key),
    set(key, value) {
      if (!kept.has(key)) {
        const oldest = turns[next];
        if (oldest !== undefined) kept.delete(oldest);
        turns[next] = key;
        next = (next + 1) % most;
      }
      kept.set(key, value);
    },
  };
}
