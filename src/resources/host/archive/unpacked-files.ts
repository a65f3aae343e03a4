import pLimit from 'p-limit';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { Memory, ReadIo, ReadMemory } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import type { Known } from '../fetch/known-content.ts';
import { digestOfFile } from '../paths/digest-file.ts';
import { isEntryPath } from './zip.ts';

/** One file as it was put there. */
export interface UnpackedFile {
  size: number;
  /** Nanoseconds, as text: JSON has no such numbers. */
  mtime: string;
  /** `sha256:…` */
  digest: string;
}

/** What memory keeps of a folder that an archive was unpacked into. */
export interface Unpacked extends Omit<Known, 'digest' | 'url'> {
  /** URL or path of the archive. */
  source: string;
  /**
   * Of the archive; not there while files are on their way, so that a kill leaves the work to be done again.
   */
  digest?: string;
  /** By path below the folder. */
  files: Record<string, UnpackedFile>;
  directories: string[];
}

const memoryKey = (id: Id): string => `archive:${id}`;

/**
 * What is remembered of the folder `id`; undefined when nothing is.
 * @param of for types that may read what archives remember
 * @throws Failure (world) when it names what can't have come from an archive: others wrote that, to have it
 * removed
 */
export function unpackedInto(id: Id, memory: ReadMemory, of?: 'archive'): Unpacked | undefined {
  const found = memory.get(memoryKey(id), of) as Unpacked | undefined;
  if (found === undefined) return undefined;
  const names = isObject(found) && isObject(found.files) && Array.isArray(found.directories);
  const strays = names
    ? [...Object.keys(found.files), ...found.directories].filter(path => !isEntryPath(path))
    : ['?'];
  if (strays.length === 0) return found;
  throw new Failure(
    world(
      'memory-refused',
      `what is remembered of the archive in ${id} is not converge's: ${JSON.stringify(strays[0])} is not a path below it`,
      {
        hint: 'find out who wrote the state folder, and remove it: losing it costs extra work, nothing else',
      },
    ),
  );
}

/** Durable when it resolves. */
export const rememberUnpacked = (id: Id, unpacked: Unpacked | undefined, memory: Memory): Promise<void> =>
  memory.set(memoryKey(id), unpacked);

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Looked at at once. */
const atOnce = 16;

/** `missing: a.txt`, `changed: b.txt` for each file that isn't as it was put there. */
export async function damagedFiles(id: Id, { files }: Unpacked, io: ReadIo): Promise<string[]> {
  const found = await pLimit(atOnce).map(Object.entries(files), async ([path, put]) => {
    const at = below(id, path);
    const stat = await io.files.stat(at);
    if (!stat) return [`missing: ${path}`];
    if (stat.kind !== 'file' || stat.size !== put.size) return [`changed: ${path}`];
    // Most files are as they were; only those that somebody touched are read.
    if (String(stat.mtimeNs) === put.mtime) return [];
    return (await digestOfFile(io.files, at)) === put.digest ? [] : [`changed: ${path}`];
  });
  return found.flat();
}

/** A clean relative path below a folder, which may be `/` or `c:/`. */
export const below = (folder: Id, path: string): Id => `${folder.replace(/\/$/, '')}/${path}`;
