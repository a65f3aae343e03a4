/** S3 lists keys by their UTF-8 bytes, which differs from UTF-16 order beyond U+D7FF. */
export const compareUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Position of the first name that is not below `name`. */
export function lowerBound(names: readonly string[], name: string): number {
  const wanted = Buffer.from(name);
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(Buffer.from(names[middle] ?? ''), wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A map that can be walked in UTF-8 order of its keys. */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #names: string[] = [];
  get size(): number {
    return this.#values.size;
  }
  get(name: string): V | undefined {
    return this.#values.get(name);
  }
  set(name: string, value: V): void {
    if (!this.#values.has(name)) this.#names.splice(lowerBound(this.#names, name), 0, name);
    this.#values.set(name, value);
  }
  delete(name: string): void {
    if (this.#values.delete(name)) this.#names.splice(lowerBound(this.#names, name), 1);
  }
  /** From the first name not below `start`. The map must not change during the walk. */
  *from(start: string): Generator<[string, V]> {
    for (let i = lowerBound(this.#names, start); i < this.#names.length; i++) {
      const name = this.#names[i] as string;
      yield [name, this.#values.get(name) as V];
    }
  }
  values(): IterableIterator<V> {
    return this.#values.values();
  }
}
