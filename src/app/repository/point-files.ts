import { resolve } from 'node:path';
import { Failure, failedWith, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import {
  type DiskBytes,
  type Entry,
  type FileSystem,
  Unreadable,
  within,
} from '../../recovery/readiness/bytes/disk-bytes.ts';
import { pointBytes } from '../../recovery/readiness/bytes/point-bytes.ts';
import { type Content, contentOf } from '../../recovery/readiness/disk/content.ts';
import { openExt } from '../../recovery/readiness/disk/ext.ts';
import { openFat } from '../../recovery/readiness/disk/fat.ts';
import { openNtfs } from '../../recovery/readiness/disk/ntfs.ts';
import { readPartitions } from '../../recovery/readiness/disk/partitions.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { againWith, choosePoint } from './choose-point.ts';
import { withVms } from './with-repository.ts';

export interface FilesOptions extends RepositoryOptions, CommonOptions {
  /** `latest`, an id, or a time: the newest point at or before it. */
  point: string;
  /** Folder that the file is copied to. */
  to?: string;
  /** Replace a file that exists. */
  force?: boolean;
}

/** Part of a disk that may hold a file system. */
export interface Volume {
  /** `0.2`: disk 0, partition 2; partition 0 is a disk without partitions. */
  name: string;
  bytes: number;
  content: Content;
}

export type Found = { point: Point } & (
  | { volumes: Volume[] }
  | { entries: Entry[] }
  | { file: string; bytes: number; path?: string }
);

/** Bytes that are read at a time. */
const piece = 8 * 2 ** 20;

/**
 * What is at `VM`, `VM:VOLUME` or `VM:VOLUME/PATH` of a point: its volumes, the names in a folder, or a file,
 * which is copied when `to` is given. Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `no-such-volume`, `no-such-file`, `not-a-file`, `volume-unreadable`, `file-exists`
 */
export async function pointFiles(
  context: Context,
  what: string,
  options: FilesOptions,
): Promise<Found | undefined> {
  const words = wordsOf(what);
  const meant = words.volume === undefined ? looselyOf(what) : undefined;
  if (options.to !== undefined && words.path === '' && !meant)
    throw new Failure(
      given('not-a-file', `${what} names no file that could be copied`, {
        hint: own`name one, such as ${words.vm}:0.2/etc/fstab; without --to, volumes and folders are listed`,
      }),
    );
  try {
    return await filesAt(context, what, words, options);
  } catch (error) {
    if (!meant || !(error instanceof Failure)) throw error;
    // No VM of that name: of one whose name ends at the colon, the volumes are told.
    const other = await filesAt(context, what, meant, options).catch((failure: unknown) => failure);
    throw failedWith(other, 'no-volume-in-point') ? other : error;
  }
}

async function filesAt(
  context: Context,
  what: string,
  { vm, volume, path }: Words,
  options: FilesOptions,
): Promise<Found | undefined> {
  const { interrupt } = context.io;
  return withVms(context, options, vm, async (opened, [one], onDamage) => {
    const rest = [
      ...(options.to === undefined ? [] : ['--to', options.to]),
      ...(options.force ? ['--force'] : []),
    ];
    const again = againWith(['files', what], options, rest);
    const point = await choosePoint(opened, one!, onDamage, { which: options.point, name: vm, again });
    const found: (Volume & { part: DiskBytes })[] = [];
    for (const disk of point.disks) {
      const bytes = pointBytes(await one!.reader(point, disk), disk, interrupt, Number.POSITIVE_INFINITY);
      for await (const part of volumesOf(disk.index, bytes)) found.push(part);
    }
    const volumes = found.map(({ part: _, ...rest }) => rest);
    if (volume === undefined) return { point, volumes };
    const named = found.find(({ name }) => name === volume);
    if (!named)
      throw new Failure(
        given('no-volume-in-point', own`the point has no volume ${JSON.stringify(volume)}`, {
          hint: own`a volume is DISK.PARTITION, and it has ${volumes.map(({ name, content }) => `${name} (${content})`).join(', ')}`,
        }),
      );
    return { point, ...(await look(context, what, named, path, options)) };
  });
}

interface Words {
  vm: string;
  volume?: string;
  path: string;
}

/** What is behind a colon taken for a volume, whatever its form: `dc02:0`, `dc02:c:/x`. */
function looselyOf(what: string): Words | undefined {
  const [, vm, volume, path = ''] = /^([^:]+):([^/\\]*)(?:[/\\](.*))?$/s.exec(what) ?? [];
  return vm === undefined || volume === undefined ? undefined : { vm, volume, path };
}

/** A volume is told from the rest of a VM's name by its form. */
function wordsOf(what: string): Words {
  const [, vm, volume, path = ''] = /^(.+?):(\d+\.\d+)(?:[/\\](.*))?$/s.exec(what) ?? [];
  return vm === undefined || volume === undefined ? { vm: what, path: '' } : { vm, volume, path };
}

async function* volumesOf(index: number, disk: DiskBytes): AsyncGenerator<Volume & { part: DiskBytes }> {
  const { partitions } = await readPartitions(disk);
  const parts = partitions.map(({ number, start, bytes }) => ({ number, part: within(disk, start, bytes) }));
  for (const { number, part } of parts.length > 0 ? parts : [{ number: 0, part: disk }])
    yield { name: `${index}.${number}`, bytes: part.bytes, content: await contentOf(part), part };
}

async function look(
  context: Context,
  what: string,
  { name, content, part }: Volume & { part: DiskBytes },
  typed: string,
  options: FilesOptions,
): Promise<{ entries: Entry[] } | { file: string; bytes: number; path?: string }> {
  // No name of these systems has a backslash, and in one of Linux it is a letter.
  const path = content === 'ext' ? typed : typed.replaceAll('\\', '/');
  try {
    const system = await mounted(content, part);
    const file = path === '' ? undefined : await system.open(path);
    if (file) {
      const base = path.split('/').findLast(word => word !== '')!;
      if (options.to === undefined) return { file: base, bytes: file.bytes };
      return { file: base, bytes: file.bytes, path: await copy(context, file, base, options, options.to) };
    }
    const entries = await system.list(path);
    if (entries && options.to !== undefined)
      throw new Failure(
        given('not-a-file', `${what} is a folder`, {
          hint: 'single files are copied; name one of its files',
        }),
      );
    if (entries) return { entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    await refuseListed(system, path, content, what);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new Failure(
      world('volume-unreadable', own`volume ${name}, ${path === '' ? '/' : path}: ${error.message}`, {
        hint: 'serve the disk with `converge export VM --nbd SOCKET`, and have guestfish or a mount read it',
      }),
      { cause: error },
    );
  }
  throw new Failure(
    given('no-file-in-point', `${what} is not there`, {
      hint: 'without the last word, its folder is listed',
    }),
  );
}

/** Something that is listed under a name and can't be opened isn't a missing file. */
async function refuseListed(system: FileSystem, path: string, content: Content, what: string): Promise<void> {
  const words = path.split('/').filter(word => word !== '');
  const name = words.pop();
  const inAnyCase = (word: string | undefined) => (content === 'ext' ? word : word?.toLowerCase());
  const listed = (await system.list(words.join('/')))?.find(one => inAnyCase(one.name) === inAnyCase(name));
  if (!listed) return;
  throw new Failure(
    given(
      'not-a-file',
      listed.kind === 'link'
        ? own`${what} is a link, and what it leads to is not in this volume`
        : own`${what} is neither a file nor a folder`,
      { hint: own`\`converge export VM --nbd SOCKET\` serves the disk as it is, to whatever mounts it` },
    ),
  );
}

/** @throws Unreadable */
async function mounted(content: Content, part: DiskBytes): Promise<FileSystem> {
  if (content === 'ntfs') return openNtfs(part);
  if (content === 'ext') return openExt(part);
  if (content === 'fat') return openFat(part);
  throw new Unreadable(`it holds ${holds[content] ?? content}, and ext, NTFS and FAT are read here`);
}

const holds: Partial<Record<Content, string>> = {
  zeros: 'zeros',
  unknown: 'nothing that is known',
  bitlocker: 'what BitLocker encrypts',
  luks: 'what LUKS encrypts',
  lvm: 'a volume group of LVM',
  raid: 'a part of a RAID',
};

/** The whole file, or none, and nobody else's to read. */
async function copy(
  { io: { host, interrupt } }: Context,
  file: DiskBytes,
  name: string,
  { force = false }: FilesOptions,
  to: string,
): Promise<string> {
  const directory = resolve(host.cwd, to);
  const path = resolve(directory, name);
  if (!force && (await host.files.stat(path)))
    throw new Failure(
      given('file-exists', `${path} exists already`, {
        hint: 'name another directory, or replace it with --force',
      }),
    );
  await host.files.mkdir(directory, { recursive: true, mode: 0o700 });
  const content = async function* () {
    for (let at = 0; at < file.bytes; at += piece) {
      interrupt.throwIfAborted();
      yield await file.read(at, Math.min(piece, file.bytes - at));
    }
  };
  await host.files.writeAtomic(path, content(), { private: true, holes: true });
  return path;
}
