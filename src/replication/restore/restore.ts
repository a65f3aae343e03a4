import { basename, join } from 'node:path';
import { Failure, failedWith, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Progress } from '../../engine/model/io.ts';
import type { FileHandle, Files, Random } from '../../io/ports.ts';
import { blockLength, ID_BYTES, isZero, ZERO_ID } from '../format/blocks.ts';
import type { DiskReader, Point, PointDisk, Repository } from '../model/repository.ts';

export interface RestoreOptions {
  /** Absolute; made when it isn't there. */
  directory: string;
  /** Replace existing `disk-N.raw` files. */
  force?: boolean;
  files: Files;
  random: Random;
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
 * get their names when all disks are whole; until then they are `disk-N.raw.unfinished-restore-ID`, with
 * an ID of this restore alone, and are removed when anything goes wrong; only a kill leaves them behind.
 * Throws a Failure: `file-exists`, `disk-full`, `damaged-object`, ...; `half-named` says which files
 * hold the point already.
 */
export async function restore(
  repository: Repository,
  point: Point,
  options: RestoreOptions,
): Promise<RestoredDisk[]> {
  const { directory, files, random, force = false, signal } = options;
  const suffix = `.unfinished-restore-${random.bytes(4).toString('hex')}`;
  const vm = repository.vm(point.vm.uuid);
  const disks = await Promise.all(
    point.disks.map(async disk => ({
      disk,
      path: join(directory, `disk-${disk.index}.raw`),
      reader: await vm.reader(point, disk),
    })),
  );
  if (!force) for (const { path } of disks) await refuseExisting(files, path);
  // Whoever reads a disk reads all secrets of its machine.
  await files.mkdir(directory, { recursive: true, mode: 0o700 });

  const total = await usedBytes(disks, signal);
  const free = await files.freeSpace(directory);
  if (free < total) throw full(directory, `${total} bytes are needed and ${free} are free`);

  const unfinished = new Set<string>();
  const restored: RestoredDisk[] = [];
  let before = 0;
  try {
    for (const { disk, path, reader } of disks) {
      const file = (await files.open(path + suffix, 'create-new', { mode: 0o600 })) as FileHandle;
      unfinished.add(path);
      const report = (done: number) =>
        options.progress?.({ what: `restoring disk ${disk.index}`, done: before + done, total });
      const written = await writeDisk(file, disk, reader, report, signal);
      before += written;
      restored.push({ index: disk.index, path, bytes: disk.bytes, bytes_written: written });
    }
    if (!force) for (const { path } of disks) await refuseExisting(files, path);
    for (const { path } of disks) {
      await files.rename(path + suffix, path);
      unfinished.delete(path);
    }
    return restored;
  } catch (error) {
    // What can't be removed has a name that tells; the message is about what went wrong first.
    for (const path of unfinished) await files.remove(path + suffix).catch(() => {});
    const named = restored.map(({ path }) => path).filter(path => !unfinished.has(path));
    if (named.length > 0) throw halfNamed(named, [...unfinished], error);
    throw isFull(error) ? full(directory, 'the disk is full', error) : error;
  }
}

const halfNamed = (named: string[], others: string[], cause: unknown) => {
  const list = (paths: string[]) => paths.map(path => basename(path)).join(', ');
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failure(
    world('half-named', own`${list(named)} holds this point already, ${list(others)} doesn't: ${why}`, {
      hint: own`mend the cause and restore again with --force; until then the files may be of two points`,
    }),
    { cause },
  );
};

async function writeDisk(
  file: FileHandle,
  disk: PointDisk,
  reader: DiskReader,
  report: (done: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  try {
    await file.truncate(disk.bytes);
    let written = 0;
    let reported = 0;
    report(0);
    for await (const { index, bytes } of reader.blocks(blocksInUse(reader), signal)) {
      if (isZero(bytes)) continue;
      await file.write(bytes, index * disk.blockSize);
      written += bytes.length;
      if (written - reported >= REPORT) {
        reported = written;
        report(written);
      }
    }
    await file.sync();
    report(written);
    return written;
  } finally {
    await file.close();
  }
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

const isFull = (error: unknown) =>
  failedWith(error, 'disk-full') ||
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

const full = (directory: string, why: string, cause?: unknown) =>
  new Failure(
    world('disk-full', own`the point can't be restored to ${directory}: ${why}`, {
      hint: own`free some space or name a directory on a larger file system`,
    }),
    { cause },
  );
