interface Entry<T> {
  key: number;
  order: number;
  value: T;
}

/** Values in the order of their keys, the smallest first; of equal keys, as they came. */
export class Heap<T> {
  readonly #entries: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#entries.length;
  }

  get first(): { key: number; value: T } | undefined {
    return this.#entries[0];
  }

  push(key: number, value: T): void {
    const entries = this.#entries;
    const entry = { key, order: this.#order++, value };
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, entries[parent]!)) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  shift(): T | undefined {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.value;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= entries.length) break;
      const right = left + 1;
      const least = right < entries.length && isBefore(entries[right]!, entries[left]!) ? right : left;
      if (!isBefore(entries[least]!, last)) break;
      entries[at] = entries[least]!;
      at = least;
    }
    entries[at] = last;
    return first.value;
  }
}

const isBefore = <T>(one: Entry<T>, other: Entry<T>): boolean =>
  one.key < other.key || (one.key === other.key && one.order < other.order);
