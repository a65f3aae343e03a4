import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { describe } from './object-description.ts';
import type { Storage } from './storage.ts';
import { addVersion, newVersionId } from './versions.ts';

/**
 * Puts the files of a folder of this machine into a bucket, which is made when it isn't there; what else is
 * in it stays. Answers with the number of objects. Throws a Failure for what is not a folder, or no name of a
 * bucket.
 */
export async function publish(storage: Storage, name: string, folder: string): Promise<number> {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
    throw new Failure(
      given('bad-bucket', `${name} is not a name of a bucket`, {
        hint: '3 to 63 lower-case letters, digits and hyphens',
      }),
    );
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new Failure(
      given('no-such-folder', `${folder} is not a folder`, { hint: 'give the folder with the objects' }),
    );
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  await putObjects(
    storage,
    name,
    files.map(file => ({
      key: file.slice(folder.length + 1).replaceAll(sep, '/'),
      bytes: () => readFile(file),
    })),
  );
  return files.length;
}

/** Puts objects into a bucket, which is made when it isn't there. */
export async function putObjects(
  storage: Storage,
  name: string,
  objects: readonly { key: string; bytes(): Promise<Buffer> }[],
): Promise<void> {
  const bucket =
    storage.buckets.get(name) ??
    (await storage.saveBucket({ name, created: storage.clock.now(), owner: 'self', configuration: {} }));
  for (const { key, bytes: read } of objects) {
    const bytes = await read();
    const writer = await storage.createBlob();
    await writer.write(bytes);
    await addVersion(storage, bucket, key, {
      kind: 'object',
      versionId: newVersionId(storage, bucket),
      modified: storage.clock.now(),
      size: bytes.length,
      etag: createHash('md5').update(bytes).digest('hex'),
      blobs: [await writer.keep()],
      ...describe(new Map()),
    });
  }
}
