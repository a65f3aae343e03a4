import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { FileHandle, Files } from '../../io/ports.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { Point } from '../../replication/model/point.ts';
import { SNAPSHOT_BLOCK, type SnapshotStore } from '../model/snapshots.ts';
import { addRange, contentOf, type Range, width } from './content.ts';
import type { Homeward, Way } from './differences.ts';

/** A disk in `failback.json`; docs/recovery.md explains the format. */
export interface FolderDisk {
  index: number;
  label: string;
  identity: string;
  /** Of the whole disk. */
  bytes: number;
  mode: Way['mode'];
  why?: string;
  /** Beside it: what the extents hold, one after another. */
  file: string;
  /** Of that file, hex. */
  sha256: string;
  extents: Range[];
  /** Zeros, of which the file has nothing. */
  zeros: Range[];
}

export interface FolderIndex {
  version: 1;
  vm: { name: string; uuid: string };
  /** The last point that vSphere had: what the extents are to be written over. */
  point: { id: string; time: string };
  disks: FolderDisk[];
}

/** Name of the index of a folder: what is there is whole. */
export const FOLDER_INDEX = 'failback.json';

/** Whose a folder is, from before anything is in it. */
export interface FolderOwner {
  version: 1;
  repository: string;
  plan: string;
  /** Number of the failover. */
  failover: number;
  /** UUID. */
  vm: string;
  /** The point that it was launched from. */
  point: string;
}

/** Name of what says whose a folder is. */
const FOLDER_OWNER = 'failback-of.json';

/** @throws Failure `failback-folder`, blocked: it has anything that this failback didn't put there */
export async function refuseFolder({
  directory,
  files,
  of,
}: {
  directory: string;
  files: Files;
  of: FolderOwner;
}): Promise<void> {
  const names = await files.list(directory);
  if (!names || names.length === 0) return;
  const owner = await readOwner(files, join(directory, FOLDER_OWNER));
  if (isDeepStrictEqual(owner, of)) return;
  const whose = whoseWords(owner);
  throw new Failure(
    blocked('failback-folder', own`${directory} has ${whose}: nothing of it is replaced`, {
      hint: 'name another folder with --to DIR, or empty that one if nobody needs what is in it',
    }),
  );
}

/** Undefined: there is none, or nobody can read it. */
async function readOwner(files: Files, path: string): Promise<unknown> {
  const text = await files.read(path);
  try {
    return text && JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

function whoseWords(owner: unknown): string {
  const { plan, failover, vm } = (owner ?? {}) as Partial<FolderOwner>;
  if (vm === undefined) return 'something in it already';
  return `the failback of ${vm} from failover ${failover} of ${plan}`;
}

/**
 * Writes what home has to get of a machine into a folder, which is made: first whose it is, a file of bytes
 * for each disk, read back and compared, and at last `failback.json`. Repeated, it begins anew.
 *
 * @returns bytes written, the index left out
 * @throws Failure `readback-differs`; `failback-folder`, blocked
 */
export async function writeFolder(options: {
  directory: string;
  files: Files;
  of: FolderOwner;
  store: SnapshotStore;
  point: Point;
  disks: readonly { of: Homeward; way: Way }[];
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<number> {
  const { directory, files, of, point, disks, step, signal } = options;
  await refuseFolder(options);
  const index = join(directory, FOLDER_INDEX);
  await step('folder');
  // Whoever reads a disk reads all secrets of its machine.
  await files.mkdir(directory, { recursive: true, mode: 0o700 });
  await files.writeAtomic(
    join(directory, FOLDER_OWNER),
    Buffer.from(`${JSON.stringify(of, undefined, 1)}\n`),
    {
      mode: 0o600,
    },
  );
  await files.remove(index);
  const written: FolderDisk[] = [];
  let bytes = 0;
  for (const { of, way } of disks) {
    await step(`data-${of.disk.index}`);
    const one = await writeDisk(of, way, options);
    bytes += one.bytes;
    written.push(one.disk);
  }
  signal?.throwIfAborted();
  await step('index');
  const content: FolderIndex = {
    version: 1,
    vm: point.vm,
    point: { id: point.id, time: new Date(point.time).toISOString() },
    disks: written,
  };
  await files.writeAtomic(index, Buffer.from(`${JSON.stringify(content, undefined, 1)}\n`), { mode: 0o600 });
  return bytes;
}

async function writeDisk(
  { disk, snapshot }: Homeward,
  { mode, why, blocks }: Way,
  { directory, files, store, signal }: Parameters<typeof writeFolder>[0],
): Promise<{ disk: FolderDisk; bytes: number }> {
  const name = `disk-${disk.index}.data`;
  const path = join(directory, name);
  await files.remove(path);
  const file = (await files.open(path, 'create-new', { mode: 0o600 }))!;
  const extents: Range[] = [];
  const zeros: Range[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const read = pipelined(blocks(signal), width, async block => ({
      ...block,
      content: await contentOf(store, snapshot, block, signal),
    }));
    for await (const { index, length, content } of read) {
      const start = index * SNAPSHOT_BLOCK;
      addRange(content ? extents : zeros, start, length);
      if (!content) continue;
      hash.update(content);
      await file.write(content, bytes);
      bytes += content.length;
    }
    await file.sync();
    const sha256 = hash.digest('hex');
    if ((await digestOf(file, bytes, signal)) !== sha256) throw differs(path);
    const { index, label, identity } = disk;
    return {
      disk: {
        index,
        label,
        identity,
        bytes: disk.bytes,
        mode,
        ...(why !== undefined && { why }),
        file: name,
        sha256,
        extents,
        zeros,
      },
      bytes,
    };
  } finally {
    await file.close();
  }
}

async function digestOf(file: FileHandle, bytes: number, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(4 * SNAPSHOT_BLOCK);
  for (let at = 0; at < bytes; ) {
    signal?.throwIfAborted();
    const got = await file.read(buffer.subarray(0, Math.min(buffer.length, bytes - at)), at);
    if (got === 0) break;
    hash.update(buffer.subarray(0, got));
    at += got;
  }
  return hash.digest('hex');
}

const differs = (path: string): Failure =>
  new Failure(
    world('readback-differs', `${path} isn't what was written into it`, {
      hint: 'look at the disk of this machine, and run again or name another folder',
    }),
  );
