import { dirname } from 'node:path';
import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Progress } from '../../engine/model/io.ts';
import type { FileHandle, Files, Host } from '../../io/ports.ts';
import { oneBehind } from '../model/pipelined.ts';
import type { Point, PointDisk } from '../model/point.ts';
import type { DiskReader, Repository } from '../model/repository.ts';
import { blocksThatChanged, blocksThatDiffer } from './differing-blocks.ts';
import { type ImageState, inspectImage } from './inspect.ts';
import { whileLocked } from './lock.ts';
import {
  contentOf,
  describeContent,
  type ImageContent,
  isNewer,
  sidecarPath,
  wholeAs,
  writeSidecar,
} from './sidecar.ts';
import { type SoleWriter, soleWriter } from './sole-writer.ts';

export interface UpdateOptions extends Pick<Host, 'clock' | 'files' | 'random'> {
  /** Absolute host path of the image. */
  path: string;
  repository: Repository;
  /** The point to hold, and its disk. */
  point: Point;
  disk: PointDisk;
  /** An image of a newer point may be made one of this. */
  back?: boolean;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  progress?(progress: Progress): void;
  signal?: AbortSignal;
}

export interface UpdateResult {
  /**
   * `created`: new. `changes`: only what differs between two points was looked at. `compared`: every byte
   * was.
   */
  how: 'created' | 'changes' | 'compared';
  bytes_written: number;
  /** Consecutive stretches that were written. */
  ranges_written: number;
}

/** Writes that wait for their fellows, in blocks; bounds the memory that one sorted batch takes. */
const batchBlocks = 256;

/**
 * Makes the file at `path` equal to one disk of a point, writing only blocks that differ. When nobody
 * touched the file since it was last whole, the maps of the two points tell which ones; otherwise every
 * block of it is read and compared. One update of an image runs at a time. It may be killed anywhere: the
 * sidecar says `writing` before the first byte changes and `whole` only after the last one is durable.
 *
 * @throws Failure `not-a-file`; `image-locked`; `image-touched` when somebody else wrote to it meanwhile, and
 *   then the next update compares; `image-newer` when it holds a newer point; `disk-moved` when the image
 *   holds a disk that the point has under another number; and what files and repository throw.
 */
export async function updateImage(options: UpdateOptions): Promise<UpdateResult> {
  const { files, path } = options;
  if ((await files.stat(dirname(path))) === undefined) throw noFolder(path);
  return whileLocked(path, options, () => underLock(options));
}

async function underLock(options: UpdateOptions): Promise<UpdateResult> {
  const { files, path, repository, point, disk, step, signal } = options;
  const content = contentOf(repository, point, disk);
  const image = await inspectImage(files, path);
  if (image.stat && image.stat.kind !== 'file') throw notAFile(path, image.stat.kind);
  if (!options.back && image.sidecar && isNewer(image.sidecar, content))
    throw imageNewer(path, image.sidecar, content);
  const moved = movedDisk(image, options);
  if (moved) throw diskMoved(path, disk, moved);
  const now = await repository.vm(point.vm.uuid).reader(point, disk);
  const old = await heldReader(image, options, now);

  signal?.throwIfAborted();
  await step('image-writing');
  await writeSidecar(files, path, { ...content, state: 'writing' });
  const handle = await openImage(files, path, image.stat !== undefined);
  let file: SoleWriter;
  let written: Pick<UpdateResult, 'bytes_written' | 'ranges_written'>;
  try {
    file = await soleWriter(handle, path, image.stat);
    await step('image-resize');
    await file.truncate(disk.bytes);
    const wanted = old
      ? blocksThatChanged(old.map, now.map, signal)
      : blocksThatDiffer(file, disk, now.map, repository, signal);
    written = await writeBlocks(file, wanted, now, options);
    await step('image-sync');
    await handle.sync();
  } finally {
    await handle.close();
  }
  await step('image-whole');
  // Looked at after closing: some systems settle a file's times only then.
  const stat = await files.stat(path);
  file.expectUntouched(stat);
  await writeSidecar(files, path, wholeAs(content, stat!));
  return { how: old ? 'changes' : image.stat ? 'compared' : 'created', ...written };
}

/** The disk that the file was made of, when the point holds it still, but another one was asked for. */
function movedDisk(
  { sidecar }: ImageState,
  { repository, point, disk }: UpdateOptions,
): PointDisk | undefined {
  if (sidecar?.repository !== repository.id || sidecar.vm !== point.vm.uuid) return undefined;
  if (sidecar.disk === disk.identity) return undefined;
  return point.disks.find(({ identity }) => identity === sidecar.disk);
}

/**
 * The disk of the point that the file holds for certain, if the repository still has it in comparable form.
 */
async function heldReader(
  { sidecar, trusted }: ImageState,
  { repository, point, disk }: UpdateOptions,
  now: DiskReader,
): Promise<DiskReader | undefined> {
  if (!trusted || sidecar === undefined) return undefined;
  const { repository: id, vm, index, disk: identity } = contentOf(repository, point, disk);
  if (sidecar.repository !== id || sidecar.vm !== vm || sidecar.index !== index || sidecar.disk !== identity)
    return undefined;
  const held = await repository.vm(vm).point(sidecar.point);
  const heldDisk = held?.disks.find(d => d.index === index && d.identity === identity);
  if (!held || !heldDisk) return undefined;
  const reader = await repository.vm(vm).reader(held, heldDisk);
  const comparable =
    reader.map.blockSize === now.map.blockSize && reader.map.pageBlocks === now.map.pageBlocks;
  return comparable ? reader : undefined;
}

async function openImage(files: Files, path: string, exists: boolean): Promise<FileHandle> {
  // Whoever reads a disk reads all secrets of its machine.
  const file = await files.open(path, exists ? 'r+' : 'create-new', { mode: 0o600 });
  if (file === undefined) throw fileGone(path);
  return file;
}

/**
 * Writes the wanted blocks, batch by batch: a batch is found before it is written, so that finding may
 * read the file. Every block was checked against its id by the reader.
 */
async function writeBlocks(
  file: SoleWriter,
  wanted: AsyncIterable<number>,
  reader: DiskReader,
  { disk, step, progress, signal }: UpdateOptions,
): Promise<Pick<UpdateResult, 'bytes_written' | 'ranges_written'>> {
  let bytes_written = 0;
  let ranges_written = 0;
  let last = -2;
  for await (const batch of batched(wanted)) {
    await step('image-blocks');
    for (const block of batch) {
      if (block !== last + 1) ranges_written++;
      last = block;
    }
    await oneBehind(reader.extents(batch, { zerosToo: true, signal }), async ({ first, blocks }) => {
      signal?.throwIfAborted();
      await file.writev(blocks, first * disk.blockSize);
      for (const { length } of blocks) bytes_written += length;
    });
    progress?.({ what: 'writing the image', done: bytes_written });
  }
  return { bytes_written, ranges_written };
}

async function* batched(blocks: AsyncIterable<number>): AsyncGenerator<number[]> {
  let batch: number[] = [];
  for await (const block of blocks) {
    batch.push(block);
    if (batch.length === batchBlocks) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

const fileGone = (path: string): Failure =>
  new Failure(world('file-gone', `somebody else changed or removed ${path} while it was written`));

const diskMoved = (path: string, wanted: PointDisk, held: PointDisk): Failure =>
  new Failure(
    world(
      'disk-moved',
      `${path} holds ${held.label}, which is disk ${held.index} by now; it is not overwritten with disk ${wanted.index}, ${wanted.label}`,
      {
        hint: `declare \`disk: ${held.index}\` to go on with it, or remove ${sidecarPath(path)} to hold the other disk from now on`,
      },
    ),
  );

const imageNewer = (path: string, held: ImageContent, wanted: ImageContent): Failure =>
  new Failure(
    blocked(
      'image-newer',
      `${path} was made from ${describeContent(held)} and is not overwritten with the older ${describeContent(wanted)}`,
      { hint: 'plan again: the plan shows it as a change that weakens protection, which `--allow` permits' },
    ),
  );

const noFolder = (path: string): Failure =>
  new Failure(
    world('file-access', `can't write ${path}: its directory does not exist`, {
      hint: 'make the directory first, or declare it',
    }),
  );

const notAFile = (path: string, kind: string): Failure =>
  new Failure(
    world('not-a-file', `${path} is a ${kind}; a raw image is a plain file`, {
      hint: 'remove it, or name another path',
    }),
  );
