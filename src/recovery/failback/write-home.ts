import { createHash } from 'node:crypto';
import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { Point, PointDisk } from '../../replication/model/repository.ts';
import type { BlockSource, RestingMachine, SourceDisk } from '../../replication/model/source.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import type { Homeward } from './differences.ts';
import { contentOf } from './folder.ts';

/** Blocks that are read at once. */
const width = 16;
/** Bytes that are read back at a time. */
const readBack = 4 * SNAPSHOT_BLOCK;

/**
 * Makes the disks of the machine at home those in EC2, each as a whole, since vSphere's file service takes
 * whole files alone; then reads them back and compares. Its change tracking is ended before: what is written
 * so it doesn't see, and the next cycle has to compare all.
 *
 * @returns bytes written
 * @throws Failure `home-in-the-way`, blocked, with all that is; `readback-differs`
 */
export async function writeHome(options: {
  home: RestingMachine | undefined;
  store: SnapshotStore;
  point: Point;
  disks: readonly { of: Homeward }[];
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<number> {
  const { store, point, disks, step, signal } = options;
  const { home, into } = await ready(options);
  await step('untrack');
  await home.endTracking(signal);
  let bytes = 0;
  for (const { of } of disks) {
    const disk = into(of.disk);
    await step(`write-${of.disk.index}`);
    const sent = createHash('sha256');
    await home.replace(disk, hashed(wholeDisk(store, of, signal), sent), signal);
    bytes += of.disk.bytes;
    await step(`compare-${of.disk.index}`);
    const source = await home.open(disk, signal);
    try {
      if ((await digestOf(source, signal)) !== sent.digest('hex')) throw differs(point.vm.name, disk);
    } finally {
      await source.close();
    }
  }
  return bytes;
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
        : undefined;
    if (what !== undefined) wrong(what, 'use --to DIR, and put the disks into it by hand');
  }
  if (against.length > 0) throw new Failure(against);
  return { home: home!, into: disk => now!.disks.find(({ identity }) => identity === disk.identity)! };
}

/** All bytes of a disk as it is in EC2, without the padding. */
async function* wholeDisk(
  store: SnapshotStore,
  { disk, snapshot }: Homeward,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const lengthOf = (index: number) => Math.min(SNAPSHOT_BLOCK, disk.bytes - index * SNAPSHOT_BLOCK);
  let next = 0;
  const read = pipelined(store.blocks(snapshot, signal), width, async ({ index, token }) => ({
    index,
    content:
      lengthOf(index) > 0
        ? await contentOf(store, snapshot, { index, length: lengthOf(index), token }, signal)
        : undefined,
  }));
  for await (const { index, content } of read) {
    if (lengthOf(index) <= 0) continue;
    while (next < index) yield Buffer.alloc(lengthOf(next++));
    yield content ?? Buffer.alloc(lengthOf(index));
    next = index + 1;
  }
  while (lengthOf(next) > 0) yield Buffer.alloc(lengthOf(next++));
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

async function digestOf(source: BlockSource, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(readBack, source.size));
  for (let at = 0; at < source.size; at += readBack) {
    const content = buffer.subarray(0, Math.min(readBack, source.size - at));
    await source.readInto(content, at, signal);
    hash.update(content);
  }
  return hash.digest('hex');
}

const differs = (vm: string, { label }: SourceDisk): Failure =>
  new Failure(
    world('readback-differs', `${label} of ${vm} isn't at home what it is in EC2`, {
      hint: 'keep it switched off, and run again: it is written anew',
    }),
  );
