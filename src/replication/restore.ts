import { join } from 'node:path';
import { Failure, given, world } from '../diagnostics/diagnostic.ts';
import type { Progress } from '../engine/io.ts';
import type { FileHandle, Files } from '../io/ports.ts';
import { ID_BYTES, isZero, ZERO_ID } from './format/blocks.ts';
import { hasCode } from './format/damage.ts';
import type { DiskReader, Point, PointDisk, Repository } from './repository.ts';

export interface RestoreOptions {
  /** Absolute; made when it isn't there. */
  directory: string;
  /** Replace existing `disk-N.raw` files. */
  force?: boolean;
  files: Files;
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
 * get their names when all disks are whole; until then they are `disk-N.raw.partial`, and are removed
 * when anything goes wrong. Throws a Failure: `file-exists`, `disk-full`, `damaged-object`, ...
 */
export async function restore(
  repository: Repository,
  point: Point,
  options: RestoreOptions,
): Promise<RestoredDisk[]> {
  const { directory, files, force = false, signal } = options;
  const vm = repository.vm(point.vm.uuid);
  const disks = await Promise.all(
    point.disks.map(async disk => ({
      disk,
      path: join(directory, `disk-${disk.index}.raw`),
      reader: await vm.reader(point, disk),
    })),
  );
  if (!force) for (const { path } of disks) await refuseExisting(files, path);
  await files.mkdir(directory, { recursive: true });

  const total = await usedBytes(disks, signal);
  const free = await files.freeSpace(directory);
  if (free < total) throw full(directory, `${total} bytes are needed and ${free} are free`);

  const partials: string[] = [];
  const restored: RestoredDisk[] = [];
  let before = 0;
  try {
    for (const { disk, path, reader } of disks) {
      const partial = `${path}.partial`;
      await files.remove(partial);
      partials.push(partial);
      const report = (done: number) =>
        options.progress?.({ what: `restoring disk ${disk.index}`, done: before + done, total });
      const written = await writeDisk(files, partial, disk, reader, report, signal);
      before += written;
      restored.push({ index: disk.index, path, bytes: disk.bytes, bytes_written: written });
    }
    if (!force) for (const { path } of disks) await refuseExisting(files, path);
    for (const { path } of disks) await files.rename(`${path}.partial`, path);
    return restored;
  } catch (error) {
    for (const partial of partials) await files.remove(partial);
    throw isFull(error) ? full(directory, 'the disk is full', error) : error;
  }
}

async function writeDisk(
  files: Files,
  path: string,
  disk: PointDisk,
  reader: DiskReader,
  report: (done: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const file = (await files.open(path, 'create-new')) as FileHandle;
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
      for (let at = 0; at < ids.length; at += ID_BYTES)
        if (ids.compare(ZERO_ID, 0, ID_BYTES, at, at + ID_BYTES) !== 0) total += disk.blockSize;
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
  hasCode(error, 'disk-full') || ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

const full = (directory: string, why: string, cause?: unknown) =>
  new Failure(
    world('disk-full', `the point can't be restored to ${directory}: ${why}`, {
      hint: 'free some space or name a directory on a larger file system; nothing was left behind',
    }),
    { cause },
  );
