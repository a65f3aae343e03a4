import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { writeZip } from '../bundle/write-zip.ts';
import type { S3Lab } from './s3/server.ts';

/**
 * Fills buckets from a folder of this machine that has a folder for each. A folder in there whose name ends
 * in `.zip` becomes that archive. Buckets that are there already are left alone, unless it is done `again`
 * after a kill. A converge that is one file has no examples beside it, and so nothing to fill them with.
 */
export async function seedBuckets(s3: S3Lab, folder: string, again: boolean): Promise<void> {
  const buckets = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const bucket of buckets.sort()) {
    if (again || !s3.hasBucket(bucket)) await s3.put(bucket, await objectsIn(join(folder, bucket)));
  }
}

async function objectsIn(folder: string): Promise<{ key: string; bytes: Buffer }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const objects: { key: string; bytes: Buffer }[] = [];
  for (const { name } of entries.filter(entry => entry.isDirectory() && entry.name.endsWith('.zip')))
    objects.push({ key: name, bytes: await writeZip(await filesIn(join(folder, name))) });
  for (const { path, bytes } of await filesIn(folder))
    if (!/\.zip\//.test(path)) objects.push({ key: path, bytes });
  return objects;
}

async function filesIn(folder: string): Promise<{ path: string; bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(
    files.sort().map(async file => ({
      path: file.slice(folder.length + 1).replaceAll(sep, '/'),
      bytes: await readFile(file),
    })),
  );
}
