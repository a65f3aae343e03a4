import { GUEST_REPORT } from '../guest-facts/format.ts';
import { type DiskBytes, type FileSystem, Unreadable, within } from './bytes/disk-bytes.ts';
import { type Content, contentOf } from './disk/content.ts';
import { openExt } from './disk/ext.ts';
import { openFat } from './disk/fat.ts';
import { openNtfs } from './disk/ntfs.ts';
import { isEsp, type Partition, type PartitionTable, readPartitions } from './disk/partitions.ts';
import { type GuestReport, readGuestReport } from './guest-report.ts';
import { findInitramfs, type InitramfsFacts, type Mounted } from './initramfs/find.ts';
import { type RegistryFacts, registryFacts } from './registry/windows.ts';

/** What the bytes of a disk say. Plain data, so that it can be kept. */
export interface DiskFacts {
  table: Omit<PartitionTable, 'partitions'>;
  /** Of a disk without partitions one of number 0: the disk. */
  parts: PartFacts[];
  /** Of the boot disk. */
  loader?: LoaderFacts;
  /** Of a boot disk of Linux. */
  initramfs?: InitramfsFacts;
  /** What the guest last wrote about itself into a file on it; undefined: it said nothing. */
  guest?: GuestReport | { unread: string };
  /** Of a boot disk of Windows: what its registry says. */
  registry?: RegistryFacts | { unread: string };
}

export type PartFacts = Pick<Partition, 'number' | 'bytes' | 'active'> & {
  content: Content;
  esp: boolean;
  /** Why what it holds could not be looked into, a clause. */
  why?: string;
};

/** `\EFI\BOOT\BOOTX64.EFI`, which firmware starts that remembers nothing. */
export type LoaderFacts =
  | { state: 'no-esp' }
  | { state: 'there' | 'missing' | 'empty'; partition: number }
  | { state: 'unreadable'; partition: number; why: string };

const mostParts = 64;

/**
 * Reads of a disk what tells whether it starts in EC2. Whatever the bytes are, there is an answer; it rejects
 * only with what the disk's reader does.
 */
export async function diskFacts(disk: DiskBytes, of: { boot: boolean; linux: boolean }): Promise<DiskFacts> {
  const { partitions, ...table } = await readPartitions(disk);
  const areas: { part: Pick<Partition, 'number' | 'bytes' | 'active'>; esp: boolean; bytes: DiskBytes }[] =
    partitions.length > 0
      ? partitions.slice(0, mostParts).map(part => ({
          part,
          esp: isEsp(part),
          bytes: within(disk, part.start, part.bytes),
        }))
      : [{ part: { number: 0, bytes: disk.bytes, active: false }, esp: false, bytes: disk }];
  const parts: PartFacts[] = [];
  const mounted: Mounted[] = [];
  let loader: LoaderFacts = { state: 'no-esp' };
  for (const { part, esp, bytes } of areas) {
    const { number, active } = part;
    const content = await contentOf(bytes);
    const opened = of.boot ? await mount(content, bytes, of.linux) : undefined;
    const why = typeof opened === 'string' ? opened : undefined;
    parts.push({ number, bytes: part.bytes, active, content, esp, ...(why !== undefined && { why }) });
    const files = typeof opened === 'string' ? undefined : opened;
    if (files) mounted.push({ partition: number, files });
    if (of.boot && esp && loader.state !== 'there') loader = await loaderOf(number, files, why ?? content);
  }
  const guest = of.boot ? await guestReport(mounted, of.linux) : undefined;
  const registry = of.boot && !of.linux ? await registryOf(mounted) : undefined;
  return {
    table,
    parts,
    ...(guest && { guest }),
    ...(registry && { registry }),
    ...(of.boot && { loader }),
    ...(of.boot && of.linux && { initramfs: await findInitramfs(mounted) }),
  };
}

/** Undefined for what isn't looked into, a text for what can't be. */
async function mount(
  content: Content,
  bytes: DiskBytes,
  linux: boolean,
): Promise<FileSystem | string | undefined> {
  try {
    if (content === 'ext') return await openExt(bytes);
    // A Linux has nothing on it that it starts by.
    if (content === 'ntfs' && !linux) return await openNtfs(bytes);
    return content === 'fat' ? await openFat(bytes) : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
}

async function loaderOf(partition: number, files: FileSystem | undefined, why: string): Promise<LoaderFacts> {
  if (!files) return { state: 'unreadable', partition, why: `it is not a FAT file system: ${why}` };
  try {
    const file = await files.open('EFI/BOOT/BOOTX64.EFI');
    if (!file) return { state: 'missing', partition };
    const isProgram = (await file.read(0, 2)).toString('latin1') === 'MZ';
    return { state: isProgram ? 'there' : 'empty', partition };
  } catch (error) {
    if (error instanceof Unreadable) return { state: 'unreadable', partition, why: error.message };
    throw error;
  }
}

/** Below the root of its volume, whatever letter that has. */
const reportAt = (linux: boolean): string =>
  linux ? GUEST_REPORT.linux : GUEST_REPORT.windows.slice('C:'.length).replaceAll('\\', '/');

async function guestReport(all: readonly Mounted[], linux: boolean): Promise<DiskFacts['guest']> {
  let unread: { unread: string } | undefined;
  for (const { files } of all)
    try {
      const file = await files.open(reportAt(linux));
      if (file) return await readGuestReport(file);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unread ??= { unread: `its own report can't be read: ${error.message}` };
    }
  return unread;
}

/** Of the first volume that has one: that of Windows, beside one that starts it. */
async function registryOf(all: readonly Mounted[]): Promise<DiskFacts['registry']> {
  let unread: { unread: string } | undefined;
  for (const { files } of all)
    try {
      const found = await registryFacts(files);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      unread ??= { unread: `its registry can't be read: ${error.message}` };
    }
  return unread;
}
