import { posix } from 'node:path';
import pLimit from 'p-limit';
import type { Location } from '../../../content/content.ts';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { bytes } from '../../../io/units.ts';
import type { ObjectStore, StoredObject } from '../../../replication/model/store.ts';
import { refuseInTheWay, removeUnpacked } from '../archive/move-in.ts';
import { directoriesOf } from '../archive/unpack.ts';
import { below } from '../archive/unpacked-files.ts';
import { saveBody } from '../fetch/body.ts';
import type { Comparison, Copied } from './compare.ts';

/** Files or objects copied at once. */
const atOnce = 8;
/** An object is put in one piece, which is held in memory. */
const largestPut = 2 ** 30;

/** Objects into files, each whole or not at all. `note` is told about each that is done. */
export async function down(
  folder: Id,
  location: Location,
  { objects, differing, onlyObjects }: Comparison,
  note: (path: string, copied: Copied) => void,
  io: WriteIo,
): Promise<number> {
  const paths = [...differing, ...onlyObjects];
  const directories = directoriesOf(paths.map(path => ({ path, directory: false })));
  await refuseInTheWay(folder, paths, directories, io);
  for (const path of directories) {
    if (!(await io.files.stat(below(folder, path)))) await io.files.mkdir(below(folder, path));
  }
  const content = await io.client('content');
  const sizes = await pLimit(atOnce).map(paths, async path => {
    io.signal.throwIfAborted();
    const { key, size: limit } = objects.get(path)!;
    const url = `${location.url.replace(/\/*$/, '')}/${key}`;
    const opened = await content.open({ ...location, url }, { signal: io.signal });
    if (opened === 'unchanged') throw new Error('an unconditional request was answered with "unchanged"');
    const to = below(folder, path);
    const temporary = posix.join(posix.dirname(to), await io.files.temporaryName());
    try {
      // Somebody may be writing there: what it has become since it was listed is taken as well.
      const { size } = await saveBody(
        opened,
        temporary,
        { limit: Math.max(limit, opened.size ?? 0), what: url, mayBePage: true },
        io,
      );
      await io.files.rename(temporary, to);
      const mtime = String((await io.files.stat(to))?.mtimeNs);
      note(path, { etag: (opened.etag ?? '').replaceAll('"', ''), size, mtime });
      return size;
    } catch (error) {
      await io.files.remove(temporary).catch(() => {}); // the first error is the one to tell
      throw error;
    }
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Files into objects, each only while the object is still the one that was compared. */
export async function up(
  folder: Id,
  store: ObjectStore,
  { objects, files, differing, onlyFiles }: Comparison,
  note: (path: string, copied: Copied) => void,
  io: WriteIo,
): Promise<number> {
  const sizes = await pLimit(atOnce).map([...differing, ...onlyFiles], async path => {
    io.signal.throwIfAborted();
    const object = objects.get(path);
    const stat = files.get(path)!;
    const from = below(folder, path);
    if (stat.size > largestPut) throw tooLarge(from, stat.size);
    const content = await io.files.read(from, { most: largestPut });
    if (content === undefined) return 0; // it went away meanwhile, which the proof will see
    const when = object === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: object.etag };
    const put = await store.put(object?.key ?? path, content, { when, signal: io.signal });
    if (!put.ok) throw movedOn(`${store.url}/${path}`);
    note(path, { etag: put.etag, size: content.length, mtime: String(stat.mtimeNs) });
    return content.length;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Files that have no object, and the directories that are empty then. */
export async function removeFiles(folder: Id, paths: readonly string[], io: WriteIo): Promise<void> {
  const directories = directoriesOf(paths.map(path => ({ path, directory: false })));
  await removeUnpacked(folder, { files: paths, directories }, io);
}

/** Objects that have no file. */
export async function removeObjects(
  store: ObjectStore,
  objects: readonly (StoredObject | undefined)[],
): Promise<void> {
  await pLimit(atOnce).map(objects, async object => object && store.remove(object.key));
}

const tooLarge = (path: Id, size: number): Failure =>
  new Failure(
    world(
      'file-too-large',
      `${path} has ${bytes(size)}; one file of a sync up may have ${bytes(largestPut)}`,
      {
        hint: 'leave it out with `exclude:`, and copy it by a program that uploads in parts',
      },
    ),
  );

const movedOn = (url: string): Failure =>
  new Failure(
    world('object-changed', `${url} was changed by somebody else while it was compared`, {
      hint: 'run again; let one host alone sync up to a prefix',
    }),
  );
