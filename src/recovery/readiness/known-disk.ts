import type { PointDisk } from '../../replication/model/point.ts';
import type { DiskReader } from '../../replication/model/repository.ts';
import { isTraceOf, pointBytes, type Trace } from './bytes/point-bytes.ts';
import { type DiskFacts, diskFacts } from './disk-facts.ts';

/** Raised whenever something else is looked for, or found otherwise: what was kept before is then unknown. */
const LOOKED_FOR = 4;

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

interface Of {
  boot: boolean;
  linux: boolean;
}

const aboutOf = ({ bytes, blockSize }: PointDisk, of: Of) =>
  ({ version: LOOKED_FOR, bytes, blockSize, ...of }) as const;

/**
 * Whether what was found before is what would be found again: each block that it was read from has the same
 * id in this point. No block is read.
 */
export async function isKnown(
  reader: DiskReader,
  disk: PointDisk,
  of: Of,
  before: KnownDisk | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!before) return false;
  const about = Object.entries(aboutOf(disk, of)) as [keyof ReturnType<typeof aboutOf>, unknown][];
  return (
    about.every(([name, value]) => before[name] === value) && (await isTraceOf(before.trace, reader, signal))
  );
}

/** What a disk of a point says: what was found before when that is known still. */
export async function lookAt(
  reader: DiskReader,
  disk: PointDisk,
  of: Of,
  before: KnownDisk | undefined,
  signal?: AbortSignal,
): Promise<Looked> {
  if (before && (await isKnown(reader, disk, of, before, signal)))
    return { known: before, read: { blocks: 0, bytes: 0 } };
  const bytes = pointBytes(reader, disk, signal);
  const facts = await diskFacts(bytes, of);
  return { known: { ...aboutOf(disk, of), trace: await bytes.trace(), facts }, read: bytes.counted };
}
