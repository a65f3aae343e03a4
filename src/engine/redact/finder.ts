/** Characters that the filter looks at; no pattern has fewer. */
const looked = 4;

/** Follows the last four characters alone: what came before is shifted out of the 32 bits. */
const next = (hash: number, text: string, at: number): number => (hash << 8) ^ text.charCodeAt(at);

/**
 * Finds many patterns of at least four characters at once. The time follows from the length of the text and
 * hardly from how many there are: a filter passes over most places, and what is left is looked up letter by
 * letter in the sorted patterns, as in a dictionary.
 */
export class Finder {
  readonly #sorted: readonly string[];
  readonly #filter: Uint8Array;
  /** Leaves as many bits of a hash as the filter has places. */
  readonly #shift: number;

  constructor(patterns: Iterable<string>) {
    // By UTF-16 units, which is how they are looked up.
    this.#sorted = [...new Set(patterns)].sort();
    const bits = Math.ceil(Math.log2(32 * this.#sorted.length + 1024));
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(2 ** bits);
    for (const pattern of this.#sorted) {
      let hash = 0;
      for (let at = 0; at < looked; at++) hash = next(hash, pattern, at);
      this.#filter[this.#slot(hash)] = 1;
    }
  }

  /** Each place where a pattern begins, with where the longest of them ends. They may overlap. */
  find(text: string): [start: number, end: number][] {
    const found: [number, number][] = [];
    let hash = 0;
    for (let last = 0; last < text.length; last++) {
      hash = next(hash, text, last);
      const at = last - looked + 1;
      if (at < 0 || this.#filter[this.#slot(hash)] === 0) continue;
      const length = this.#longest(text, at);
      if (length > 0) found.push([at, at + length]);
    }
    return found;
  }

  #slot(hash: number): number {
    return Math.imul(hash, 0x9e3779b1) >>> this.#shift;
  }

  /** Characters of the longest pattern that is at `at`; 0 when none is. */
  #longest(text: string, at: number): number {
    let low = 0;
    let high = this.#sorted.length;
    let found = 0;
    for (let depth = 0; low < high; depth++) {
      // The one that ends here is the first of those that begin like it.
      if (this.#sorted[low]!.length === depth) {
        found = depth;
        low++;
      }
      if (at + depth >= text.length) break;
      const letter = text.charCodeAt(at + depth);
      low = this.#bound(low, high, depth, letter);
      high = this.#bound(low, high, depth, letter + 1);
    }
    return found;
  }

  /** The first pattern from `low` on whose letter at `depth` is not before `letter`. */
  #bound(low: number, high: number, depth: number, letter: number): number {
    let [from, to] = [low, high];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#sorted[middle]!.charCodeAt(depth) < letter) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
