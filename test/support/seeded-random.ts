import { createHash } from 'node:crypto';
import type { Random } from '../../src/io/ports.ts';

/** Random bytes that are the same in every run. */
export class SeededRandom implements Random {
  #count = 0;
  readonly #seed: string;

  constructor(seed: string | number = 0) {
    this.#seed = String(seed);
  }

  bytes(length: number): Buffer {
    // One hash that goes on for as long as it is asked to: a megabyte of small ones takes a second.
    const stream = createHash('shake256', { outputLength: Math.max(1, length) });
    return stream
      .update(`${this.#seed}/${this.#count++}`)
      .digest()
      .subarray(0, length);
  }

  uuid(): string {
    const hex = this.bytes(16).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }
}
