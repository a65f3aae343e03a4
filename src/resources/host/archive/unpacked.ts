import pLimit from 'p-limit';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import type { Known } from '../fetch/known-content.ts';
import { digestOfFile } from '../paths/digest-file.ts';

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
  /** Of the archive; not there while files are on their way, so that a kill leaves the work to be done again. */
  digest?: string;
  /** By path below the folder. */
  files: Record<string, UnpackedFile>;
  directories: string[];
}

export const memoryKey = (id: Id): string => `archive:${id}`;

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
