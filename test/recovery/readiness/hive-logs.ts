import { checksumOf } from '../../../src/recovery/readiness/registry/header.ts';

const whole = (header: Buffer): Buffer => {
  header.writeUInt32LE(checksumOf(header), 508);
  return header;
};

/** A hive that Windows has begun to write since it was whole at this number. */
export function dirtyHive(hive: Buffer, number: number): Buffer {
  const dirty = Buffer.from(hive);
  dirty.writeUInt32LE(number + 1, 4);
  dirty.writeUInt32LE(number, 8);
  return whole(dirty);
}

/** A log whose first entry has the number: of each change an entry, with the pages that it changed. */
export function logOf(number: number, changes: readonly [before: Buffer, after: Buffer][]): Buffer {
  const base = Buffer.from(changes[0]![0].subarray(0, 512));
  for (const at of [4, 8]) base.writeUInt32LE(number, at);
  base.writeUInt32LE(6, 28);
  return Buffer.concat([
    whole(base),
    ...changes.map(([before, after], n) => entryOf(number + n, before, after)),
  ]);
}

function entryOf(number: number, before: Buffer, after: Buffer): Buffer {
  const pages: number[] = [];
  for (let at = 4096; at < after.length; at += 4096)
    if (!before.subarray(at, at + 4096).equals(after.subarray(at, at + 4096))) pages.push(at);
  const used = 40 + pages.length * (8 + 4096);
  const entry = Buffer.alloc(Math.ceil(used / 512) * 512);
  entry.write('HvLE', 0, 'latin1');
  for (const [n, value] of [entry.length, 0, number, after.length - 4096, pages.length].entries())
    entry.writeUInt32LE(value, 4 + n * 4);
  for (const [n, at] of pages.entries()) {
    entry.writeUInt32LE(at - 4096, 40 + n * 8);
    entry.writeUInt32LE(4096, 44 + n * 8);
    after.copy(entry, 40 + pages.length * 8 + n * 4096, at, at + 4096);
  }
  entry.writeBigUInt64LE(marvin(entry.subarray(40)), 24);
  entry.writeBigUInt64LE(marvin(entry.subarray(0, 32)), 32);
  return entry;
}

/** Marvin32 of whole words, from its description. */
function marvin(bytes: Buffer): bigint {
  const word = 2n ** 32n;
  const turn = (value: bigint, by: bigint) => ((value * 2n ** by) % word) | (value >> (32n - by));
  let [high, low] = [0x82ef4d88n, 0x7a4e55c5n];
  for (const value of [
    ...new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
    0x80,
    0,
  ]) {
    low = (low + BigInt(value)) % word;
    high ^= low;
    low = (turn(low, 20n) + high) % word;
    high = turn(high, 9n) ^ low;
    low = (turn(low, 27n) + high) % word;
    high = turn(high, 19n);
  }
  return high * word + low;
}
