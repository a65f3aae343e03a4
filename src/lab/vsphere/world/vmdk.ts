import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { SECTOR } from '../../disks/granule.ts';

const inflated = promisify(inflate);

/** `KDMV`, of a sparse extent. */
const MAGIC = 0x564d444b;

/** What a marker without a grain is of: so many sectors of tables follow. */
const tables = new Set([1, 2, 3]);

/**
 * Reads a streamOptimized VMDK as it comes, and hands on its grains (VMware, Virtual Disk Format 5.0: markers
 * with a length are of compressed grains, those without of tables).
 *
 * @throws Error what isn't one, or ends early
 */
export async function readStreamOptimized(
  from: AsyncIterable<Buffer>,
  capacity: number,
  take: (offset: number, bytes: Buffer) => Promise<void>,
): Promise<void> {
  const input = reader(from);
  const header = await input.take(SECTOR);
  if (header?.readUInt32LE(0) !== MAGIC) throw new Error('it is not a VMDK');
  if (Number(header.readBigUInt64LE(12)) * SECTOR !== Math.ceil(capacity / SECTOR) * SECTOR)
    throw new Error('it has another capacity');
  await input.take((Number(header.readBigUInt64LE(64)) - 1) * SECTOR);
  for (;;) {
    const marker = await input.take(16);
    if (!marker) return;
    const value = Number(marker.readBigUInt64LE(0));
    const size = marker.readUInt32LE(8);
    if (size === 0) {
      await input.take(SECTOR - 16);
      if (tables.has(marker.readUInt32LE(12))) await input.take(value * SECTOR);
      continue;
    }
    const padded = Math.ceil((12 + size) / SECTOR) * SECTOR;
    const rest = await input.take(padded - 16);
    if (!rest) throw new Error('a grain ends early');
    const grain = await inflated(Buffer.concat([marker.subarray(12), rest]).subarray(0, size));
    const offset = value * SECTOR;
    await take(offset, grain.subarray(0, Math.max(0, capacity - offset)));
  }
}

function reader(from: AsyncIterable<Buffer>) {
  const pieces = from[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return {
    /** Undefined at the end. */
    async take(length: number): Promise<Buffer | undefined> {
      const parts = [rest];
      let have = rest.length;
      while (have < length) {
        const { done, value } = await pieces.next();
        if (done) break;
        parts.push(value);
        have += value.length;
      }
      const all = Buffer.concat(parts, have);
      if (have < length) return undefined;
      rest = all.subarray(length);
      return all.subarray(0, length);
    },
  };
}
