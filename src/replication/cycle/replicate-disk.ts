import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { plural } from '../../io/units.ts';
import { allBlocks, type Blocks, blockSet, rangeBytes } from '../extents/blocks.ts';
import { blocksInUse } from '../extents/blocks-in-use.ts';
import { changedExtents } from '../extents/changed-extents.ts';
import { blockSizeFor } from '../format/blocks.ts';
import type { PointDisk } from '../model/point.ts';
import type { PointWriter } from '../model/point-writer.ts';
import {
  type BlockSource,
  ChangeIdRejected,
  type Extent,
  type SourceDisk,
  type SourceSnapshot,
} from '../model/source.ts';
import { copyBlocks } from './copy-blocks.ts';
import { type Decision, type DecisionContext, decideMode } from './decide-mode.ts';
import { causedBy, warning } from './failures.ts';
import type { CycleDisk, CycleOptions } from './options.ts';

type Options = Pick<CycleOptions, 'machine' | 'step' | 'progress' | 'mayBeLong' | 'signal'> & {
  snapshot: SourceSnapshot;
  context: DecisionContext;
  writer: PointWriter;
  /** Whether nothing of what is stored is known to be damaged. */
  believed: boolean;
  /** Whether change tracking may be asked for the areas of the disk that are in use. */
  tellsInUse: boolean;
  warn(diagnostic: Diagnostic): void;
};

/** Brings one disk of the snapshot into the point in the making. */
export async function replicateDisk(disk: SourceDisk, options: Options): Promise<CycleDisk> {
  const { machine, snapshot, writer, step, progress, warn, signal } = options;
  const { mode, reason, base, changed } = await settle(disk, options);
  if (mode !== 'incremental' && !(options.mayBeLong?.() ?? true)) throw noRoom(disk, reason);
  const tracked = base && changed?.copy();
  if (changed && base) changed.add(await doubted(writer, base));
  // A disk that grew keeps its block size: with another one no block would be found again.
  const blockSize = base?.blockSize ?? blockSizeFor(disk.capacity);

  await step(`copy-disk-${disk.index}`);
  const audit = reason === 'requested' ? await auditOf(disk, options) : undefined;
  let untold = 0;
  const made = pointDisk(disk, blockSize, mode, reason);
  const target = await writer.disk(made, base, {
    onDiffer(block) {
      if (audit && !audit.has(block)) untold++;
    },
    ...(tracked && { isChanged: block => tracked.has(block) }),
  });
  const source = await machine.open(snapshot, disk, signal);
  try {
    const blocks = changed ?? (await toRead(disk, source, { blockSize, base }, options));
    let total = 0;
    for (const range of blocks.ranges()) total += rangeBytes(range, blockSize, disk.capacity);
    let done = 0;
    const read = await copyBlocks(source, target, blocks, disk.capacity, {
      signal,
      onRead: bytes => {
        done += bytes;
        progress?.({ what: `reading disk ${disk.index}`, done, total });
      },
    });
    if (untold > 0) {
      made.reason = 'tracking-lied';
      warn(lied(disk, untold));
    }
    const { transport } = source;
    const how = transport && { transport };
    const found = untold > 0 ? { reason: 'tracking-lied' as const, untold } : { reason };
    return { index: disk.index, label: disk.label, mode, bytes: disk.capacity, ...found, ...read, ...how };
  } finally {
    await source.close();
  }
}

/**
 * The decision, and for an incremental what changed; a change id that the source refuses ends in a rescan.
 */
async function settle(
  disk: SourceDisk,
  { machine, snapshot, context, warn, signal }: Options,
): Promise<Decision & { changed?: ReturnType<typeof blockSet> }> {
  const decision = decideMode(disk, context);
  const { mode, base } = decision;
  if (mode !== 'incremental' || base?.changeId === undefined) return decision;
  try {
    const changed = blockSet(base.blockSize, disk.capacity);
    let bytes = 0;
    for await (const extents of changedExtents(machine, snapshot, disk, base.changeId, signal)) {
      changed.add(extents);
      for (const { length } of extents) bytes += length;
    }
    if (bytes >= disk.capacity) warn(allChanged(disk));
    return { ...decision, changed };
  } catch (error) {
    if (!causedBy(error, ChangeIdRejected)) throw error;
    return { mode: 'rescan', reason: 'change-id-rejected', base };
  }
}

/**
 * What is read of a disk as a whole. What its source says to be zeros is left out of a full, since what isn't
 * put is zeros there; in a rescan it would be what the base has.
 */
async function toRead(
  disk: SourceDisk,
  source: BlockSource,
  { blockSize, base }: { blockSize: number; base: PointDisk | undefined },
  { machine, snapshot, tellsInUse, warn, signal }: Options,
): Promise<Blocks> {
  if (base) return allBlocks(blockSize, disk.capacity);
  const areas = tellsInUse ? changedExtents(machine, snapshot, disk, inUse, signal) : undefined;
  const { blocks, lie, untold } = await blocksInUse(source, blockSize, areas, signal);
  if (lie !== undefined) warn(notZeros(disk, lie));
  if (untold) warn(notTold(disk, untold));
  return blocks;
}

/** The change id by which QueryChangedDiskAreas tells the areas in use (VMware KB 1020128). */
const inUse = '*';

/**
 * The changes that are known of a disk which is compared as a whole though tracking could be trusted:
 * whatever differs besides was left out. Undefined where nothing can be learnt by it, or what is stored
 * isn't believed.
 */
async function auditOf(
  disk: SourceDisk,
  { machine, snapshot, context, believed, signal }: Options,
): Promise<ReturnType<typeof blockSet> | undefined> {
  const { mode, base } = decideMode(disk, { ...context, rescan: false });
  if (!believed || mode !== 'incremental' || base?.changeId === undefined) return undefined;
  try {
    const changed = blockSet(base.blockSize, disk.capacity);
    for await (const extents of changedExtents(machine, snapshot, disk, base.changeId, signal))
      changed.add(extents);
    return changed;
  } catch (error) {
    if (!causedBy(error, ChangeIdRejected)) throw error;
    return undefined;
  }
}

/** Where the disk has blocks whose stored copy isn't believed: they are read though nothing changed them. */
async function doubted(writer: PointWriter, base: PointDisk): Promise<Extent[]> {
  const extents: Extent[] = [];
  for await (const block of writer.doubted(base))
    extents.push({ start: block * base.blockSize, length: base.blockSize });
  return extents;
}

const noRoom = (disk: SourceDisk, reason: string): Failure =>
  new Failure(
    blocked(
      'long-cycles-first',
      `${disk.label} has to be read whole (${reason}), and other long cycles go first`,
      {
        hint: 'an agent begins it again when one of them has ended; `converge replicate` runs it now',
      },
    ),
  );

const pointDisk = (
  { index, key, label, identity, capacity, changeId }: SourceDisk,
  blockSize: number,
  mode: PointDisk['mode'],
  reason: string,
): PointDisk => ({
  index,
  key,
  label,
  identity,
  bytes: capacity,
  blockSize,
  ...(changeId !== undefined && { changeId }),
  mode,
  reason,
});

const lied = (disk: SourceDisk, untold: number): Diagnostic =>
  warning(
    world(
      'tracking-lied',
      `change tracking left out ${plural(untold, 'block')} of ${disk.label} that had changed: this point holds them, and earlier ones made by changes alone may not`,
      {
        hint: "reset change tracking of the VM, look for known faults of the host's build, and verify with --against-source again",
      },
    ),
  );

const allChanged = (disk: SourceDisk): Diagnostic =>
  warning(
    world(
      'all-changed',
      `change tracking reports 100% of ${disk.label} as changed: the whole disk was read`,
      {
        hint: 'expected after a defragmentation or an initialisation of the disk, otherwise look at the host',
      },
    ),
  );

const notTold = (disk: SourceDisk, { message }: Failure): Diagnostic =>
  warning(
    world(
      'in-use-unknown',
      own`which areas of ${disk.label} are in use is not known, so that the whole disk was read: ${message}`,
      { hint: 'nothing is lost; a first copy takes longer for it' },
    ),
  );

const notZeros = (disk: SourceDisk, offset: number): Diagnostic =>
  warning(
    world(
      'not-zeros',
      `${disk.label} is said to be zeros at byte ${offset}, and isn't: the whole disk was read`,
      {
        hint: 'what tells which areas are in use is wrong; bring the host, or nbdkit and the VDDK, up to date',
      },
    ),
  );
