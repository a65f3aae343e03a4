import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { crc32 } from 'node:zlib';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { below } from './unpacked-files.ts';
import { damaged, type OpenZip, type ZipEntry } from './zip.ts';

/** Digests of the files by their path, `sha256:…`. */
export type Digests = Map<string, string>;

/** Unpacks all of an archive into a new folder. Each file is held to its size and CRC. */
export async function unpack(zip: OpenZip, into: Id, what: string, io: WriteIo): Promise<Digests> {
  const total = zip.entries.reduce((sum, { size }) => sum + size, 0);
  const digests: Digests = new Map();
  let done = 0;
  await io.files.mkdir(into);
  for (const path of directoriesOf(zip.entries)) await io.files.mkdir(below(into, path));
  for (const entry of zip.entries) {
    if (entry.directory) continue;
    io.signal.throwIfAborted();
    digests.set(entry.path, await damaged(what, () => unpackFile(entry, below(into, entry.path), what, io)));
    done += entry.size;
    io.progress({ what: `unpacking ${what}`, done, total });
  }
  return digests;
}

/** All directories, those above others first. */
export function directoriesOf(entries: readonly Pick<ZipEntry, 'path' | 'directory'>[]): string[] {
  const found = new Set<string>();
  for (const { path, directory } of entries) {
    for (let at = directory ? path : posix.dirname(path); at !== '.'; at = posix.dirname(at)) found.add(at);
  }
  return [...found].sort();
}

/**
 * Not flushed one by one, which takes minutes for thousands: what a power cut left half is found as changed.
 */
async function unpackFile(entry: ZipEntry, to: string, what: string, io: WriteIo): Promise<string> {
  const file = (await io.files.open(to, 'create-new'))!;
  try {
    const hash = createHash('sha256');
    let crc = 0;
    let size = 0;
    for await (const chunk of (await entry.open()) as AsyncIterable<Buffer>) {
      await file.write(chunk, size);
      hash.update(chunk);
      crc = crc32(chunk, crc);
      size += chunk.length;
    }
    if (crc !== entry.crc32 || size !== entry.size)
      throw new Failure(
        world(
          'archive-damaged',
          `the archive ${what} is damaged: the bytes of ${JSON.stringify(entry.path)} have another checksum`,
          {
            hint: 'make or fetch it again; nothing of it was used',
          },
        ),
      );
    if (entry.mode !== undefined && io.platform !== 'win32') await file.chmod(entry.mode);
    return `sha256:${hash.digest('hex')}`;
  } finally {
    await file.close();
  }
}
