import { createHash } from 'node:crypto';
import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Point, PointDisk } from '../../replication/model/point.ts';
import type { RestingMachine, SourceDisk } from '../../replication/model/source.ts';
import type { SnapshotStore } from '../model/snapshots.ts';
import { wholeDisk } from './content.ts';
import type { Homeward, Way } from './differences.ts';
import { digestOfRanges, type WrittenRanges, writeRanges } from './write-ranges.ts';

/**
 * Makes the disks of the machine at home those in EC2, then reads back what was written and compares. Only
 * what differs is written, where home lets ranges be written; else each disk as a whole. Its change tracking
 * is ended before: what is written so it doesn't see, and the next cycle has to compare all.
 *
 * @returns bytes written
 * @throws Failure `home-in-the-way`, blocked, with all that is; `readback-differs`
 */
export async function writeHome(options: {
  home: RestingMachine | undefined;
  store: SnapshotStore;
  point: Point;
  disks: readonly { of: Homeward; way: Way }[];
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<number> {
  const { point, disks, step, signal } = options;
  const { home, into } = await ready(options);
  await step('untrack');
  await home.endTracking(signal);
  let bytes = 0;
  for (const one of disks) {
    const disk = into(one.of.disk);
    const { index } = one.of.disk;
    await step(`write-${index}`);
    const written = await (home.wholeOnly ? replaceDisk : writeDisk)(home, disk, one, options);
    bytes += written.bytes;
    await step(`compare-${index}`);
    const source = await home.open(disk, signal);
    try {
      const found = await digestOfRanges(source, written.ranges, signal);
      if (found !== written.sha256) throw differs(point.vm.name, disk);
    } finally {
      await source.close();
    }
  }
  return bytes;
}

interface Reading {
  store: SnapshotStore;
  signal?: AbortSignal;
}

async function writeDisk(
  home: RestingMachine,
  disk: SourceDisk,
  one: { of: Homeward; way: Way },
  { store, signal }: Reading,
): Promise<WrittenRanges> {
  const target = await home.openToWrite(disk, signal);
  try {
    return await writeRanges(target, one, store, signal);
  } finally {
    await target.close();
  }
}

async function replaceDisk(
  home: RestingMachine,
  disk: SourceDisk,
  { of }: { of: Homeward },
  { store, signal }: Reading,
): Promise<WrittenRanges> {
  const sent = createHash('sha256');
  await home.replace(disk, hashed(wholeDisk(store, of, signal), sent), signal);
  const { bytes } = of.disk;
  return { bytes, ranges: [[0, bytes]], sha256: sent.digest('hex') };
}

/** @throws Failure `home-in-the-way`, blocked, with all that is */
export async function ready({
  home,
  point,
  signal,
}: {
  home: RestingMachine | undefined;
  point: Point;
  signal?: AbortSignal;
}): Promise<{ home: RestingMachine; into(disk: PointDisk): SourceDisk }> {
  const { name, uuid } = point.vm;
  const against: Diagnostic[] = [];
  const wrong = (what: string, hint: string) =>
    against.push(blocked('home-in-the-way', `${name} can't be written at home: ${what}`, { hint }));
  if (!home)
    wrong('no manifest names the vCenter that it is of', 'declare its `protected_vm`, or use --to DIR');
  else if (home.uuid !== uuid)
    wrong('another VM has its name by now', 'declare it by its instance UUID, or use --to DIR');
  const now = home?.uuid === uuid ? await home.inspect(signal) : undefined;
  if (now?.poweredOn) wrong('it runs', 'shut it down');
  if (now && now.snapshots.length > 0)
    wrong(
      `it has snapshots: ${now.snapshots.map(one => one.name).join(', ')}`,
      "remove them in vSphere: a disk with snapshots can't be replaced",
    );
  for (const disk of now ? point.disks : []) {
    const there = now!.disks.find(({ identity }) => identity === disk.identity);
    const what = !there
      ? `it hasn't ${disk.label} any more`
      : there.capacity !== disk.bytes
        ? `${disk.label} has ${there.capacity} bytes there, and ${disk.bytes} in EC2`
        : there.unprotectable === undefined
          ? undefined
          : `${disk.label} is not what it was: ${there.unprotectable}`;
    if (what !== undefined) wrong(what, 'use --to DIR, and put the disks into it by hand');
  }
  if (against.length > 0) throw new Failure(against);
  return { home: home!, into: disk => now!.disks.find(({ identity }) => identity === disk.identity)! };
}

async function* hashed(
  content: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  for await (const bytes of content) {
    hash.update(bytes);
    yield bytes;
  }
}

const differs = (vm: string, { label }: SourceDisk): Failure =>
  new Failure(
    world('readback-differs', `${label} of ${vm} isn't at home what it is in EC2`, {
      hint: 'keep it switched off, and run again: it is written anew',
    }),
  );
