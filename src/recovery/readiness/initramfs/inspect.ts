import { type DiskBytes, Unreadable } from '../bytes/disk-bytes.ts';
import { byteSource, type CpioEntry, cpioEntries } from './cpio.ts';
import { packingOf, unpacked } from './unpack.ts';

/** What of an initramfs says whether it can find a disk behind NVMe. */
export interface Inspected {
  /** `module`: it has the driver; `built-in`: it says that its kernel has; `none`: neither. */
  nvme: 'module' | 'built-in' | 'none';
  /** Modules that were seen. One without any belongs to a kernel that needs none, or isn't whole. */
  modules: number;
  /** It says which drivers its kernel has built in. */
  saysBuiltIn: boolean;
}

/** Bytes of an initramfs as it is stored, and unpacked. */
const mostStored = 512 * 2 ** 20;
const mostUnpacked = 2 ** 31;
/** Zeros that are looked at together, and in all. */
const ZEROS = 65_536;
const mostZeros = 2 ** 22;
/** Archives that one file may hold, one after the other. */
const mostArchives = 16;

/**
 * Looks for the driver of NVMe. It reads no further than to the driver; unpacked microcode before it is
 * skipped, not read. Source: the kernel's documentation, driver-api/early-userspace/buffer-format.
 *
 * @throws Unreadable
 */
export async function inspectInitramfs(file: DiskBytes): Promise<Inspected> {
  if (file.bytes > mostStored) throw new Unreadable(`it has ${file.bytes} bytes`);
  const seen: Inspected = { nvme: 'none', modules: 0, saysBuiltIn: false };
  let at = 0;
  for (let n = 0; n < mostArchives; n++) {
    at = await nextArchive(file, at);
    if (at >= file.bytes) return seen;
    const packing = packingOf(await file.read(at, 6));
    if (packing === 'none') at += await walkStored(file, at, seen);
    else {
      await walkPacked(file, at, seen);
      return seen;
    }
    if (seen.nvme === 'module') return seen;
  }
  throw new Unreadable(`it holds more than ${mostArchives} archives`);
}

/** There may be zeros between archives; their beginnings are at multiples of four. */
async function nextArchive(file: DiskBytes, from: number): Promise<number> {
  const start = from + ((4 - (from % 4)) % 4);
  for (let at = start; at < file.bytes; at += ZEROS) {
    const chunk = await file.read(at, ZEROS);
    const first = chunk.findIndex(byte => byte !== 0);
    if (first >= 0) return at + first - (first % 4);
    if (at - start > mostZeros) throw new Unreadable(`it has more than ${mostZeros} bytes of zeros`);
  }
  return file.bytes;
}

/** An archive that isn't packed: contents are gone over without being read. Its length in bytes. */
async function walkStored(file: DiskBytes, from: number, seen: Inspected): Promise<number> {
  let at = from;
  const used = { bytes: 0 };
  const source = {
    async take(count: number) {
      const found = await file.read(at, count);
      at += count;
      return found.length === count ? found : undefined;
    },
    async skip(count: number) {
      at += count;
      return at <= file.bytes;
    },
  };
  for await (const entry of cpioEntries(source, used)) if (await note(entry, seen)) break;
  return used.bytes;
}

async function walkPacked(file: DiskBytes, from: number, seen: Inspected): Promise<void> {
  const packing = packingOf(await file.read(from, 6));
  const chunks = unpacked(file, from, packing);
  try {
    const source = byteSource(chunks, mostUnpacked);
    let n = 0;
    for (; await source.skipZeros(); n++) {
      if (n >= mostArchives) throw new Unreadable(`it holds more than ${mostArchives} archives`);
      for await (const entry of cpioEntries(source)) if (await note(entry, seen)) return;
    }
    if (n === 0) throw new Unreadable('nothing is packed in it');
  } finally {
    await chunks.return(undefined);
  }
}

/** True when there is nothing more to be learnt. */
async function note(entry: CpioEntry, seen: Inspected): Promise<boolean> {
  if (/\.ko(\.(gz|xz|zst|bz2))?$/.test(entry.name)) {
    seen.modules++;
    if (!/(^|\/)nvme\.ko\b[^/]*$/.test(entry.name)) return false;
    seen.nvme = 'module';
    return true;
  }
  if (/(^|\/)modules\.builtin$/.test(entry.name)) {
    seen.saysBuiltIn = true;
    if (hasBuiltIn((await entry.content()).toString('latin1'))) seen.nvme = 'built-in';
  }
  return seen.nvme !== 'none';
}

/** @param list `modules.builtin`: a path of a module, one a line */
const hasBuiltIn = (list: string): boolean => /(^|\/)nvme\.ko$/m.test(list);
