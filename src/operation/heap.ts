/** Values in the order of their keys, the smallest first; of equal keys, as they came. */
export class Heap<T> {
  readonly #entries: { key: number; order: number; value: T }[] = [];
  #order = 0;

  get size(): number {
    return this.#entries.length;
  }

  get first(): { key: number; value: T } | undefined {
    return this.#entries[0];
  }

  push(key: number, value: T): void {
    const entries = this.#entries;
    let at = entries.push({ key, order: this.#order++, value }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      [entries[at], entries[parent]] = [entries[parent]!, entries[at]!];
      at = parent;
    }
  }

  shift(): T | undefined {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.value;
    entries[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= entries.length) break;
      const least = left + 1 < entries.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(least, at)) break;
      [entries[at], entries[least]] = [entries[least]!, entries[at]!];
      at = least;
    }
    return first.value;
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#entries[a]!, this.#entries[b]!];
    return one.key === other.key ? one.order < other.order : one.key < other.key;
  }
}
