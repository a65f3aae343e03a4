import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { PointDisk } from '../../replication/model/point.ts';
import type { DiskReader } from '../../replication/model/repository.ts';
import { sha256Base64 } from '../../values/digest.ts';
import type { ObjectPlace, UploadCloud, UploadedPart } from '../model/imports.ts';
import { SNAPSHOT_BLOCK } from '../model/snapshots.ts';
import { changedBlocks, repositoryBlocks } from '../replica/changed-blocks.ts';
import { imageParts } from './image-parts.ts';

/** One part of an image, and the blocks of 512 KiB in it that aren't zero, by their number in the disk. */
interface Part {
  number: number;
  bytes: number;
  blocks: number[];
}

export interface UploadDisk {
  reader: DiskReader;
  disk: PointDisk;
  /** What the disk is called in messages. */
  what: string;
  /** A key that stands for this disk of this point alone: what is there under it is taken for it. */
  place: ObjectPlace;
  uploads: UploadCloud;
  /** Bytes that are there by now. */
  progress?(done: number): void;
  signal?: AbortSignal;
}

/**
 * Puts the raw image of a disk as of a point: exactly its bytes, in order. Zeros aren't read, and what an
 * interrupted upload left isn't put again. Safe to repeat.
 *
 * @throws Failure `image-size`, `image-not-whole`
 */
export async function uploadDisk(options: UploadDisk): Promise<void> {
  const { reader, disk, what, place, uploads, progress, signal } = options;
  const { size, width } = imageParts(disk.bytes, what);
  if ((await uploads.size(place, signal)) === disk.bytes) return;
  const upload = await uploads.begin(place, signal);
  const known = new Map(upload.parts.map(part => [part.number, part]));
  const zeros = Buffer.alloc(size);
  const zeroDigest = sha256Base64(zeros);
  let done = 0;

  const put = async ({ number, bytes, blocks }: Part): Promise<UploadedPart> => {
    const there = known.get(number);
    if (there?.bytes === bytes) return there;
    if (blocks.length === 0) {
      const digest = bytes === size ? zeroDigest : sha256Base64(zeros.subarray(0, bytes));
      return uploads.put(place, upload.id, { number, bytes: zeros.subarray(0, bytes), digest }, signal);
    }
    const content = Buffer.alloc(bytes);
    const from = (number - 1) * size;
    for await (const block of reader.blocks(repositoryBlocks(reader.map, blocks), signal))
      block.bytes.copy(content, block.index * reader.map.blockSize - from);
    return uploads.put(place, upload.id, { number, bytes: content, digest: sha256Base64(content) }, signal);
  };

  const parts: UploadedPart[] = [];
  for await (const part of pipelined(
    partsOf(disk.bytes, size, changedBlocks(reader.map, undefined, signal)),
    width,
    put,
  )) {
    parts.push(part);
    done += part.bytes;
    progress?.(done);
  }
  await uploads.complete(place, upload.id, parts, signal);
  const there = await uploads.size(place, signal);
  if (there === disk.bytes) return;
  throw new Failure(
    world(
      'image-not-whole',
      `the image of ${what} has ${there ?? 'no'} bytes in S3, and the disk ${disk.bytes}`,
      {
        hint: 'see that nothing else writes or removes what is there, then run again',
      },
    ),
  );
}

/** All parts of an image, each with the blocks in it that aren't zero. */
async function* partsOf(bytes: number, size: number, blocks: AsyncIterable<number>): AsyncGenerator<Part> {
  const perPart = size / SNAPSHOT_BLOCK;
  const count = Math.ceil(bytes / size);
  const part = (index: number, inIt: number[]): Part => ({
    number: index + 1,
    bytes: Math.min(size, bytes - index * size),
    blocks: inIt,
  });
  let index = 0;
  let inIt: number[] = [];
  for await (const block of blocks) {
    for (; index < Math.floor(block / perPart); index++) {
      yield part(index, inIt);
      inIt = [];
    }
    inIt.push(block);
  }
  for (; index < count; index++) {
    yield part(index, inIt);
    inIt = [];
  }
}
