/** Answers that are given back once so many more have come. */
const KEPT = 4;
const kept: ArrayBuffer[] = [];

/**
 * Gives the memory of what a cipher or zstd answered with back soon. Each answer is in a new buffer, and the
 * garbage collector would look at everything for a few hundred of them; a later one is in the same memory
 * then, which the processor has at hand. Not the very next one: with all of them in one place, of which each
 * is copied within a page of where the one before went, copies take twice as long. Nobody may look at the
 * bytes, or at others of their buffer, any more.
 */
export function release({ buffer, length }: Buffer): void {
  // What is small may be in Node's pool, beside what is somebody else's. Since Node 24 the pool has the size
  // of a block, and nothing is in it that takes half of that.
  const isInPool = buffer.byteLength === Buffer.poolSize && length < Buffer.poolSize / 2;
  if (!(buffer instanceof ArrayBuffer) || isInPool) return;
  if (kept.push(buffer) > KEPT) kept.shift()!.transfer(0);
}
