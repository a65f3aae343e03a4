import type { ReadIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { digestOf } from '../../../io/content.ts';
import type { FileStat, ReadFiles } from '../../../io/ports.ts';
import type { ObjectStore, StoredObject } from '../../../replication/model/store.ts';
import { below } from '../archive/unpacked-files.ts';
import { cleanNames, folded } from '../paths/entry-name.ts';
import { type Globs, takes } from './globs.ts';
import { filesBelow } from './tree.ts';

/** A file and an object that were made equal: neither has changed since while all of this is the same. */
export interface Copied {
  etag: string;
  size: number;
  /** Nanoseconds, as text: JSON has no such numbers. */
  mtime: string;
}

/** What differs between a folder and a prefix. Paths are those below both. */
export interface Comparison {
  objects: Map<string, StoredObject>;
  files: Map<string, FileStat>;
  /** On both sides, with other content. */
  differing: string[];
  onlyObjects: string[];
  onlyFiles: string[];
}

export interface Sides {
  folder: Id;
  store: ObjectStore;
  globs: Globs;
  remembered: Readonly<Record<string, Copied>>;
}

/**
 * A file equals its object when both have the same size and either are what was copied from one to the other,
 * or the file's MD5 is the object's ETag. The ETag of an object in parts, or under a KMS key, is not an MD5:
 * such a one is copied once more when nothing is remembered of it.
 */
export async function compare({ folder, store, globs, remembered }: Sides, io: ReadIo): Promise<Comparison> {
  const windows = io.platform === 'win32';
  const taken = takes(globs, windows);
  const objects = await objectsOf(store, taken, windows);
  const found = await filesBelow(io.files, folder);
  const files = new Map([...found].filter(([path]) => taken(path)));
  const name = (path: string) => (windows ? folded(path) : path);
  const spelling = new Map([...files.keys()].map(path => [name(path), path]));
  const differing: string[] = [];
  const onlyObjects: string[] = [];
  for (const [path, object] of objects) {
    const file = spelling.get(name(path));
    spelling.delete(name(path));
    if (file === undefined) onlyObjects.push(path);
    else if (!(await isSame(below(folder, file), files.get(file)!, object, remembered[path], io.files)))
      differing.push(path);
  }
  return { objects, files, differing, onlyObjects, onlyFiles: [...spelling.values()].sort() };
}

async function objectsOf(
  store: ObjectStore,
  taken: (path: string) => boolean,
  windows: boolean,
): Promise<Map<string, StoredObject>> {
  const found: StoredObject[] = [];
  // A key that ends in a slash is how consoles make a folder.
  for await (const object of store.list(''))
    if (!object.key.endsWith('/') && taken(object.key)) found.push(object);
  const names = cleanNames(
    found.map(({ key }) => ({ name: key })),
    store.url,
    { windows },
  );
  return new Map(found.map((object, index) => [names[index]!, object]));
}

async function isSame(
  path: Id,
  file: FileStat,
  { size, etag }: StoredObject,
  copied: Copied | undefined,
  files: ReadFiles,
): Promise<boolean> {
  if (file.size !== size) return false;
  if (copied?.etag === etag && copied.size === file.size && copied.mtime === String(file.mtimeNs))
    return true;
  return /^[0-9a-f]{32}$/.test(etag) && (await md5Of(files, path)) === etag;
}

/** ETags are MD5, which nobody has to trust here: whoever may write objects needs no collision. */
async function md5Of(files: ReadFiles, path: Id): Promise<string | undefined> {
  const file = await files.open(path, 'r');
  return file && digestOf(file, 'md5');
}
