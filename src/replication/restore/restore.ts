import { basename, join } from 'node:path';
import { blocked, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Progress } from '../../engine/model/io.ts';
import { isFull } from '../../io/errors.ts';
import { takeLock } from '../../io/locks/lock.ts';
import type { Clock, FileHandle, Files, Random } from '../../io/ports.ts';
import { blockLength, ID_BYTES, ZERO_ID } from '../format/blocks.ts';
import { oneBehind } from '../model/pipelined.ts';
import type { Point, PointDisk } from '../model/point.ts';
import type { DiskReader, Repository } from '../model/repository.ts';
import { type Missing, missingIn, openOwn } from './unfinished.ts';

export interface RestoreOptions {
  /** Absolute; made when it isn't there. */
  directory: string;
  /** Replace existing `disk-N.raw` files. */
  force?: boolean;
  files: Files;
  random: Random;
  clock: Clock;
  progress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface RestoredDisk {
  index: number;
  path: string;
  /** Bytes of the disk, and how many of them were written (the rest are holes). */
  bytes: number;
  bytes_written: number;
}

/** Bytes between two progress reports. */
const REPORT = 16 * 2 ** 20;

/**
 * Writes every disk of a point as a sparse raw image, each block checked against its id. The files
 * get their names when all disks are whole; until then they are `disk-N.raw.unfinished-restore-POINT`. What
 * fails, is interrupted or killed leaves them, and the next restore of that point to that folder goes on with
 * what in them is proven to be right.
 * Throws a Failure: `file-exists`, `disk-full`, `damaged-object`, `restore-locked`, ...; `half-named` says
 * which files hold the point already.
 */
export async function restore(
  repository: Repository,
  point: Point,
  options: RestoreOptions,
): Promise<RestoredDisk[]> {
  const { directory, files, force = false } = options;
  const vm = repository.vm(point.vm.uuid);
  const disks: Restoring[] = await Promise.all(
    point.disks.map(async disk => {
      const path = join(directory, `disk-${disk.index}.raw`);
      const unfinished = `${path}.unfinished-restore-${point.id}`;
      return { disk, path, unfinished, reader: await vm.reader(point, disk) };
    }),
  );
  const goesOn = (await Promise.all(disks.map(({ unfinished }) => files.stat(unfinished)))).some(Boolean);
  // A restore that was stopped as it gave the names: those that have theirs are looked at below.
  if (!force && !goesOn) for (const { path } of disks) await refuseExisting(files, path);
  // Whoever reads a disk reads all secrets of its machine.
  await files.mkdir(directory, { recursive: true, mode: 0o700 });
  return whileAlone(options, async () => {
    const parts: Part[] = [];
    try {
      for (const one of disks) parts.push(await begin(one, repository, options, goesOn));
      return await finish(parts, options);
    } catch (error) {
      const left = disks.filter((_, n) => parts[n]?.file);
      throw left.length > 0 ? goingOn(error, directory, point) : error;
    } finally {
      for (const { file } of parts) await file?.close();
    }
  });
}

interface Restoring {
  disk: PointDisk;
  path: string;
  unfinished: string;
  reader: DiskReader;
}

/** A disk with what there is of it. */
interface Part extends Restoring {
  /** It is whole and has its name. */
  named?: true;
  /** Its unfinished file; until the first byte is written there may be none. */
  file?: FileHandle;
  /** Undefined where all is. */
  missing?: Missing;
}

async function begin(
  one: Restoring,
  { blockId }: Repository,
  { files, force = false, signal }: RestoreOptions,
  goesOn: boolean,
): Promise<Part> {
  const { path, unfinished, disk, reader } = one;
  const found = await openOwn(files, unfinished, 'r+');
  if (found) {
    // Ended before it had its length: what isn't there is zeros, as in one that was begun.
    if ((await found.stat()).size < disk.bytes) await found.truncate(disk.bytes);
    const missing = await missingIn(found, disk, reader, blockId, signal);
    return { ...one, file: found, missing };
  }
  const named = goesOn ? await openOwn(files, path, 'r') : undefined;
  try {
    const missing = named && (await missingIn(named, disk, reader, blockId, signal));
    if (missing?.none && (await named!.stat()).size === disk.bytes) return { ...one, missing, named: true };
  } finally {
    await named?.close();
  }
  if (!force) await refuseExisting(files, path);
  // What is there and isn't ours alone is not gone on with.
  await files.remove(unfinished);
  return { ...one };
}

/** Writes what is missing of all disks, and then gives them their names. */
async function finish(parts: Part[], options: RestoreOptions): Promise<RestoredDisk[]> {
  const { directory, files, force = false, signal } = options;
  const total = await usedBytes(parts, signal);
  const there = parts.reduce((sum, { missing }) => sum + (missing?.there ?? 0), 0);
  const free = await files.freeSpace(directory);
  if (free < total - there) throw full(directory, `${total - there} bytes are needed and ${free} are free`);

  const restored: RestoredDisk[] = [];
  let done = there;
  for (const part of parts) {
    const { disk, path } = part;
    const before = done;
    const report = (written: number) =>
      options.progress?.({ what: `restoring disk ${disk.index}`, done: before + written, total });
    const written = await writeDisk(part, files, report, signal).catch(error => {
      throw isFull(error) ? full(directory, 'the disk is full', error) : error;
    });
    done += written;
    restored.push({ index: disk.index, path, bytes: disk.bytes, bytes_written: written });
  }
  const open = parts.filter(part => !part.named);
  if (!force) for (const { path } of open) await refuseExisting(files, path);
  const named = parts.filter(part => part.named).map(({ path }) => path);
  for (const [n, part] of open.entries()) {
    try {
      await files.rename(part.unfinished, part.path);
      named.push(part.path);
    } catch (error) {
      if (named.length === 0) throw error;
      throw halfNamed(
        named,
        open.slice(n).map(({ path }) => path),
        error,
      );
    }
  }
  await files.syncFolder(directory);
  return restored;
}

/** @throws Failure `restore-locked` (blocked) while another restore writes to the folder */
async function whileAlone<T>(
  { directory, files, random, clock }: RestoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(directory, '.converge-restore.lock');
  const lock = await takeLock(path, {
    host: { files, random, clock },
    timeout: 0,
    refused: holder =>
      blocked('restore-locked', `${directory} is being restored to by ${holder}`, {
        hint: 'wait for it to end, or name another directory',
      }),
  });
  try {
    return await work();
  } finally {
    await lock.release();
    // Another restore may just have come, whose claim keeps the folder.
    await files.remove(path).catch(() => {});
  }
}

/** What went wrong, and that the work so far isn't lost. */
function goingOn(error: unknown, directory: string, point: Point): unknown {
  if (!(error instanceof Failure)) return error;
  const kept = world(
    'restore-unfinished',
    `what was restored so far stays in ${directory}, in files that end with .unfinished-restore-${point.id}`,
    { hint: 'restore the same point to the same directory to go on with them, or remove them' },
  );
  return new Failure([...error.diagnostics, { ...kept, severity: 'warning' }], { cause: error });
}

const halfNamed = (named: string[], others: string[], cause: unknown) => {
  const list = (paths: string[]) => paths.map(path => basename(path)).join(', ');
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failure(
    world('half-named', own`${list(named)} holds this point already, ${list(others)} doesn't: ${why}`, {
      hint: own`mend the cause and restore the same point there again; until then the files may be of two points`,
    }),
    { cause },
  );
};

async function writeDisk(
  part: Part,
  files: Files,
  report: (done: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const { disk, reader, missing } = part;
  report(0);
  if (part.named) return 0;
  part.file ??= (await files.open(part.unfinished, 'create-new', { mode: 0o600 })) as FileHandle;
  const { file } = part;
  await file.truncate(disk.bytes);
  let written = 0;
  let reported = 0;
  const wanted = missing?.blocks() ?? blocksInUse(reader);
  // A new file is zeros; elsewhere something else may be there.
  await oneBehind(
    reader.extents(wanted, { zerosToo: missing !== undefined, signal }),
    async ({ first, blocks }) => {
      await file.writev(blocks, first * disk.blockSize);
      for (const { length } of blocks) written += length;
      if (written - reported < REPORT) return;
      reported = written;
      report(written);
    },
  );
  await file.sync();
  await file.close();
  report(written);
  return written;
}

/** All blocks but those of pages that are zero as a whole. */
function* blocksInUse({ map }: DiskReader): Generator<number> {
  for (let page = 0; page < map.pages; page++) {
    if (map.pageName(page) === 'zero') continue;
    const end = Math.min((page + 1) * map.pageBlocks, map.blocks);
    for (let block = page * map.pageBlocks; block < end; block++) yield block;
  }
}

/** Bytes that the images will take, holes left out. */
async function usedBytes(
  disks: { disk: PointDisk; reader: DiskReader }[],
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  for (const { disk, reader } of disks)
    for (let page = 0; page < reader.map.pages; page++) {
      if (reader.map.pageName(page) === 'zero') continue;
      const ids = await reader.map.page(page, signal);
      for (let n = 0; n * ID_BYTES < ids.length; n++)
        if (ids.compare(ZERO_ID, 0, ID_BYTES, n * ID_BYTES, (n + 1) * ID_BYTES) !== 0)
          total += blockLength(disk, page * reader.map.pageBlocks + n);
    }
  return total;
}

async function refuseExisting(files: Files, path: string): Promise<void> {
  if (await files.stat(path))
    throw new Failure(
      given('file-exists', `${path} exists already`, {
        hint: 'name another directory, or replace it with --force',
      }),
    );
}

const full = (directory: string, why: string, cause?: unknown) =>
  new Failure(
    world('disk-full', own`the point can't be restored to ${directory}: ${why}`, {
      hint: own`free some space or name a directory on a larger file system`,
    }),
    { cause },
  );
