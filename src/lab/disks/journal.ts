import { copyFile, open } from 'node:fs/promises';
import { granulesOf, pieces } from './granule.ts';

/**
 * Per granule, the number of the period in which it was last written; 0 for "not since tracking began".
 * A sparse file of 32-bit little-endian numbers, so that nothing is lost with the process and
 * nothing of a large disk is held in memory.
 */
export interface Journal {
  /** In the file before it resolves, so that the data may be written after it. */
  mark(offset: number, length: number, period: number): Promise<void>;
  freeze(to: string): Promise<void>;
  close(): Promise<void>;
}

export async function openJournal(path: string, fresh: boolean): Promise<Journal> {
  const file = await open(path, fresh ? 'w+' : 'r+', 0o600);
  return {
    async mark(offset, length, period) {
      if (length === 0) return;
      const { first, count } = span(offset, length);
      const numbers = Buffer.alloc(count * 4);
      for (let i = 0; i < count; i++) numbers.writeUInt32LE(period, i * 4);
      await file.write(numbers, 0, numbers.length, first * 4);
    },
    freeze: to => copyFile(path, to),
    close: () => file.close(),
  };
}

/** Says which granules of `offset`..`offset + length` a journal file dates later than period `after`. */
export async function writtenAfter(
  path: string,
  after: number,
  offset: number,
  length: number,
): Promise<(granule: number) => boolean> {
  const { first, count } = span(offset, length);
  const numbers = Buffer.alloc(count * 4);
  const file = await open(path, 'r');
  try {
    await file.read(numbers, 0, numbers.length, first * 4);
  } finally {
    await file.close();
  }
  return granule => numbers.readUInt32LE((granule - first) * 4) > after;
}

function span(offset: number, length: number): { first: number; count: number } {
  const first = pieces(offset, 1).next().value!.granule;
  return { first, count: granulesOf(offset + length) - first };
}
