import { type FileSystem, textOf, Unreadable } from '../bytes/disk-bytes.ts';
import { type Inspected, inspectInitramfs } from './inspect.ts';

/** An initramfs of a Linux, and what was found in it or why it could not be read. */
export type ImageFacts = { path: string; partition: number } & (
  | { inspected: Inspected; builtIn?: boolean }
  | { why: string }
);

export interface InitramfsFacts {
  /** Those that are started from, as far as that is known. */
  images: ImageFacts[];
  /** Which counts: the one that the boot loader takes by itself, or any of these. */
  chosen: 'default' | 'any';
}

/** A file system and the number of its partition; 0 where it fills a disk. */
export interface Mounted {
  partition: number;
  files: FileSystem;
}

const mostConfig = 2 ** 20;
const mostImages = 12;

/**
 * The initramfs that the machine starts with: what GRUB or the entries of a boot loader name, else whatever
 * is called like one. What can't be read is said, never thrown.
 */
export async function findInitramfs(all: readonly Mounted[]): Promise<InitramfsFacts> {
  const named = await namedImages(all);
  const found: ImageFacts[] = [];
  for (const path of named.paths.slice(0, mostImages)) {
    const image = await inspectNamed(all, path);
    if (image) found.push(image);
  }
  return { images: found, chosen: named.chosen };
}

type Named = { paths: string[]; chosen: InitramfsFacts['chosen'] };

async function namedImages(all: readonly Mounted[]): Promise<Named> {
  for (const { files } of all)
    for (const root of ['', 'boot/'])
      for (const folder of ['grub', 'grub2']) {
        const file = await quietly(() => files.open(`${root}${folder}/grub.cfg`));
        const text = file && (await quietly(() => textOf(file, mostConfig)));
        const named = text === undefined ? undefined : namedByGrub(text);
        if (named) return named;
      }
  const entries: string[] = [];
  const lying: string[] = [];
  for (const { files } of all)
    for (const root of ['', 'boot/']) {
      entries.push(...(await namedByEntries(files, `${root}loader/entries`)));
      for (const { name, kind } of (await quietly(() => files.list(root))) ?? [])
        if (kind === 'file' && /^init(rd|ramfs)/.test(name) && !isSpare(name)) lying.push(`/${root}${name}`);
    }
  const paths = entries.length > 0 ? entries : lying;
  return { paths: [...new Set(paths)], chosen: 'any' };
}

/** Never what a machine starts by itself. */
const isSpare = (path: string): boolean => /rescue|kdump|fallback|\.old|\.bak|\.dpkg/i.test(path);

/** Undefined when it names none, as where its entries are files of their own. */
function namedByGrub(text: string): Named | undefined {
  const lines = text.split('\n').map(line => line.trim());
  const paths = lines.flatMap(line => {
    const [word, ...rest] = line.split(/\s+/);
    return /^initrd(16|efi)?$/.test(word!) ? rest.filter(one => one.startsWith('/')) : [];
  });
  if (paths.length === 0) return undefined;
  // What Debian writes: the first entry, unless another was asked for just once.
  const others = lines.some(
    line => /^set default=/.test(line) && !/^set default="?(0|\$\{next_entry\})"?$/.test(line),
  );
  if (!others) return { paths: [paths[0]!], chosen: 'default' };
  return { paths: [...new Set(paths)].filter(path => !isSpare(path)), chosen: 'any' };
}

/** Source: UAPI group, Boot Loader Specification, type 1. */
async function namedByEntries(files: FileSystem, folder: string): Promise<string[]> {
  const entries = (await quietly(() => files.list(folder))) ?? [];
  const found: string[] = [];
  for (const { name } of entries
    .filter(one => one.name.endsWith('.conf') && !isSpare(one.name))
    .slice(0, 64)) {
    const file = await quietly(() => files.open(`${folder}/${name}`));
    const text = (file && (await quietly(() => textOf(file, 65_536)))) ?? '';
    for (const [, path] of text.matchAll(/^initrd\s+(\S+)/gm)) if (path && !isSpare(path)) found.push(path);
  }
  return found;
}

/** A path is that of the file system that GRUB found it in: with `/boot` where that is no partition. */
async function inspectNamed(all: readonly Mounted[], path: string): Promise<ImageFacts | undefined> {
  let unreadable: ImageFacts | undefined;
  for (const { partition, files } of all)
    for (const at of [path, `boot/${path}`]) {
      const about = { path: at.replace(/^\/*/, '/').replace(/\/+/g, '/'), partition };
      try {
        const file = await files.open(at);
        if (!file) continue;
        const inspected = await inspectInitramfs(file);
        const builtIn = inspected.nvme === 'none' ? await builtInByConfig(all, path) : undefined;
        return { ...about, inspected, ...(builtIn !== undefined && { builtIn }) };
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        unreadable ??= { ...about, why: error.message };
      }
    }
  return unreadable;
}

/** Whether the kernel's own configuration says that it has the driver built in; undefined: it isn't there. */
async function builtInByConfig(all: readonly Mounted[], image: string): Promise<boolean | undefined> {
  const version = /\/init(?:rd\.img|ramfs|rd)-(.+?)(?:\.img)?$/.exec(image)?.[1];
  if (version === undefined) return undefined;
  for (const { files } of all)
    for (const path of [`config-${version}`, `boot/config-${version}`]) {
      const file = await quietly(() => files.open(path));
      const text = file && (await quietly(() => textOf(file, mostConfig)));
      if (text !== undefined) return /^CONFIG_BLK_DEV_NVME=y$/m.test(text);
    }
  return undefined;
}

/** What can't be read isn't there for whoever only looks whether it is. */
async function quietly<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}
