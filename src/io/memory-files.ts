import { relative, sep } from 'node:path';
import type { FileHandle, FileStat, ReadFiles } from './ports.ts';

/**
 * Files that are in memory alone: what isn't among them isn't there, whatever the disk holds.
 * @param root absolute; need not exist
 * @param entries by clean relative path, `/` between parts
 */
export function memoryFiles(root: string, entries: ReadonlyMap<string, Buffer>): ReadFiles {
  const folders = new Map<string, Set<string>>([['', new Set()]]);
  for (const path of entries.keys()) {
    const parts = path.split('/');
    for (const [depth, name] of parts.entries()) {
      const folder = parts.slice(0, depth).join('/');
      folders.set(folder, (folders.get(folder) ?? new Set()).add(name));
    }
  }
  const keyOf = (path: string) => relative(root, path).replaceAll(sep, '/');
  return {
    read: async path => entries.get(keyOf(path)),
    stat: async path => {
      const bytes = entries.get(keyOf(path));
      if (bytes) return statOf('file', bytes.length);
      return folders.has(keyOf(path)) ? statOf('directory', 0) : undefined;
    },
    list: async path => {
      const names = folders.get(keyOf(path));
      return names && [...names];
    },
    readlink: async () => undefined,
    open: async path => {
      const bytes = entries.get(keyOf(path));
      return bytes && handleOf(bytes);
    },
  };
}

/** Below each root its own files answer, the first one that fits; elsewhere nothing is there. */
export function filesByRoot(places: readonly { root: string; files: ReadFiles }[]): ReadFiles {
  const of = (path: string) => places.find(({ root }) => isBelow(root, path))?.files;
  return {
    read: async path => of(path)?.read(path),
    stat: async path => of(path)?.stat(path),
    list: async path => of(path)?.list(path),
    readlink: async path => of(path)?.readlink(path),
    open: async (path, mode) => of(path)?.open(path, mode),
  };
}

const isBelow = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !/^[A-Za-z]:/.test(way);
};

const statOf = (kind: FileStat['kind'], size: number): FileStat => ({
  kind,
  size,
  mode: 0o444,
  mtimeNs: 0n,
  ctimeNs: 0n,
  inode: 0n,
  uid: 0,
  gid: 0,
});

const readOnly = async (): Promise<never> => {
  throw new Error('these files can only be read');
};

const handleOf = (bytes: Buffer): FileHandle => ({
  read: async (into, offset) => bytes.copy(into, 0, offset, offset + into.length),
  stat: async () => statOf('file', bytes.length),
  write: readOnly,
  writev: readOnly,
  truncate: readOnly,
  chmod: readOnly,
  sync: async () => {},
  close: async () => {},
});
