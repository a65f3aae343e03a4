import type { DiskReader, PointDisk } from '../../replication/model/repository.ts';
import { isTraceOf, pointBytes, type Trace } from './bytes/point-bytes.ts';
import { type DiskFacts, diskFacts } from './disk-facts.ts';

/** Raised whenever something else is looked for, or found otherwise: what was kept before is then unknown. */
const LOOKED_FOR = 1;

/** What was found on a disk, and the blocks that it was found in. */
export interface KnownDisk {
  version: typeof LOOKED_FOR;
  bytes: number;
  blockSize: number;
  boot: boolean;
  linux: boolean;
  trace: Trace;
  facts: DiskFacts;
}

export interface Looked {
  known: KnownDisk;
  /** What was read for it: nothing when the blocks that counted are the same as before. */
  read: { blocks: number; bytes: number };
}

/**
 * What a disk of a point says. What was found before is found again when each block that it was read from has
 * the same id in this point.
 */
export async function lookAt(
  reader: DiskReader,
  disk: PointDisk,
  of: { boot: boolean; linux: boolean },
  before: KnownDisk | undefined,
  signal?: AbortSignal,
): Promise<Looked> {
  const about = { version: LOOKED_FOR, bytes: disk.bytes, blockSize: disk.blockSize, ...of } as const;
  const isAlike =
    before !== undefined &&
    Object.entries(about).every(([name, value]) => before[name as keyof typeof about] === value);
  if (isAlike && (await isTraceOf(before.trace, reader, signal))) {
    return { known: before, read: { blocks: 0, bytes: 0 } };
  }
  const bytes = pointBytes(reader, disk, signal);
  const facts = await diskFacts(bytes, of);
  return { known: { ...about, trace: await bytes.trace(), facts }, read: bytes.counted };
}
