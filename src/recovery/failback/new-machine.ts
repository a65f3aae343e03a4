import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Files } from '../../io/ports.ts';
import type { Point } from '../../replication/model/point.ts';
import type { MachineMaker, NamedMachine, NewMachine, WantedPlace } from '../../replication/model/source.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { wholeDisk, ZEROS } from './content.ts';
import type { Homeward } from './differences.ts';
import { digestOfRanges } from './write-ranges.ts';

/** A new machine at home, and what making it takes. */
export interface Newly {
  name: string;
  wanted: WantedPlace;
  maker: MachineMaker;
  files: Files;
  /** A folder that nobody else may enter, for one disk at a time. */
  scratch: string;
  /** Writes a raw image as a streamOptimized VMDK. */
  pack(raw: string, to: string, of: string): Promise<void>;
}

/** What is made of a point. @throws Failure `new-vm-place`: the point doesn't say what it was */
export function machineOf(name: string, mark: string, point: Point): NewMachine {
  const { machine } = point;
  const unknown = machine && point.disks.find(({ key }) => !machine.disks.some(one => one.key === key));
  if (!machine || unknown)
    throw new Failure(
      world(
        'new-vm-place',
        `the point ${point.id} doesn't say what machine it is of, as older versions made them`,
        {
          hint: 'bring it home into a folder with --to DIR, and make the machine by hand',
        },
      ),
    );
  const disks = point.disks.map(({ key, bytes }) => ({ key, bytes }));
  return { name, machine, disks, mark, like: point.vm.uuid };
}

/** What is not as it was. */
export function remarksOf({ machine, disks }: NewMachine): string[] {
  return [
    ...(machine.vtpm ? ['it has no vTPM, and what that held is lost'] : []),
    ...(machine.encrypted ? ['its files are not encrypted by vSphere'] : []),
    ...machine.disks
      .filter(({ key }) => !disks.some(one => one.key === key))
      .map(({ key }) => `its disk ${key} is in no point, and left out`),
  ];
}

/**
 * Makes a machine at home of the disks in EC2, whole, and compares it. What a run before left half made is
 * removed first, by its mark alone; what one had finished is compared and taken.
 *
 * @returns bytes that were sent
 * @throws Failure `new-vm-there`, blocked; `readback-differs`
 */
export async function makeNew(
  machine: NewMachine,
  newly: Newly,
  options: {
    store: SnapshotStore;
    point: Point;
    disks: readonly { of: Homeward }[];
    step(name: string): Promise<void>;
    signal?: AbortSignal;
  },
): Promise<number> {
  const { name, maker, wanted } = newly;
  const { step, signal } = options;
  const there = await maker.named(name, signal);
  const kept = usable(machine, there);
  if (kept) {
    await compare(machine, kept, await digests(options, signal), newly, signal);
    return 0;
  }
  if (there) {
    await step('remove-half');
    await maker.remove(there.uuid, signal);
  }
  await step('import');
  const going = await maker.begin(machine, wanted, signal);
  const sent = new Map<number, string>();
  let bytes = 0;
  let uuid: string;
  try {
    for (const { of } of options.disks) {
      await step(`send-${of.disk.index}`);
      const content = await packed(of, newly, options);
      sent.set(of.disk.key, content.sha256);
      await going.upload(of.disk.key, { length: content.length, bytes: content.bytes }, signal);
      bytes += content.length;
      await newly.files.remove(content.path);
    }
    await step('complete');
    uuid = await going.complete();
  } catch (error) {
    await going.abort();
    throw error;
  }
  await step('compare');
  await compare(machine, uuid, sent, newly, signal);
  await step('finish');
  await maker.finish(uuid, machine, signal);
  return bytes;
}

/**
 * The machine that has the name, where it was finished by a run before. One that was half made may go; any
 * other is in the way.
 */
export function usable(machine: NewMachine, there: NamedMachine | undefined): string | undefined {
  if (!there) return undefined;
  const isOurs = there.mark === machine.mark;
  if (isOurs && !there.poweredOn) return there.finished ? there.uuid : undefined;
  throw new Failure(
    blocked(
      'new-vm-there',
      `there is a VM ${machine.name} at home already (${there.uuid})${isOurs ? ', and it runs' : ''}`,
      {
        hint: isOurs
          ? 'switch it off, and run again'
          : 'choose another name for the new one with --as-new, or rename that one',
      },
    ),
  );
}

/** A raw image of a disk, sparse, and out of it what is sent. */
async function packed(
  of: Homeward,
  { files, scratch, pack }: Newly,
  { store, point, signal }: { store: SnapshotStore; point: Point; signal?: AbortSignal },
): Promise<{ path: string; length: number; sha256: string; bytes: AsyncIterable<Buffer> }> {
  const raw = join(scratch, `disk-${of.disk.index}.raw`);
  const path = join(scratch, `disk-${of.disk.index}.vmdk`);
  for (const old of [raw, path]) await files.remove(old);
  const file = (await files.open(raw, 'create-new', { mode: 0o600 }))!;
  let sha256: string;
  try {
    await file.truncate(of.disk.bytes);
    sha256 = await eachBlock(store, of, (content, at) => file.write(content, at), signal);
  } finally {
    await file.close();
  }
  await pack(raw, path, `${of.disk.label} of ${point.vm.name}`);
  await files.remove(raw);
  const { size } = (await files.stat(path))!;
  return { path, length: size, sha256, bytes: contentsOf(files, path, size) };
}

async function* contentsOf(files: Files, path: string, size: number): AsyncGenerator<Buffer> {
  const file = (await files.open(path, 'r'))!;
  try {
    for (let at = 0; at < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(2 * SNAPSHOT_BLOCK, size - at));
      const got = await file.read(piece, at);
      if (got === 0) return;
      yield piece.subarray(0, got);
      at += got;
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads a disk as it is in EC2, and hands on what isn't zeros.
 *
 * @returns SHA-256 of all of it, hex
 */
async function eachBlock(
  store: SnapshotStore,
  of: Homeward,
  take: (content: Buffer, at: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  let at = 0;
  for await (const content of wholeDisk(store, of, signal)) {
    hash.update(content);
    if (!content.equals(ZEROS.subarray(0, content.length))) await take(content, at);
    at += content.length;
  }
  return hash.digest('hex');
}

async function digests(
  { store, disks }: { store: SnapshotStore; disks: readonly { of: Homeward }[] },
  signal?: AbortSignal,
): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const { of } of disks) found.set(of.disk.key, await eachBlock(store, of, async () => {}, signal));
  return found;
}

/** @throws Failure `readback-differs` */
async function compare(
  machine: NewMachine,
  uuid: string,
  sent: ReadonlyMap<number, string>,
  { maker }: Newly,
  signal?: AbortSignal,
): Promise<void> {
  for (const { key, bytes } of machine.disks) {
    const source = await maker.open(uuid, machine.machine, key, signal);
    try {
      // vSphere may round a disk up.
      const isSame =
        source.size >= bytes && (await digestOfRanges(source, [[0, bytes]], signal)) === sent.get(key);
      if (!isSame) throw differs(machine.name, key);
    } finally {
      await source.close();
    }
  }
}

const differs = (name: string, key: number): Failure =>
  new Failure(
    world('readback-differs', `disk ${key} of the new VM ${name} isn't what it is in EC2`, {
      hint: 'if nobody has started it, run again, and it is made anew; else remove it in vSphere, or name another',
    }),
  );
