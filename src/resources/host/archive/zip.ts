import { Readable } from 'node:stream';
import type { Entry, RandomAccessReader, ZipFile } from 'yauzl';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { FileHandle, ReadFiles } from '../../../io/ports.ts';
import { bytes } from '../../../io/units.ts';
import { cleanNames, entryParts } from '../paths/entry-name.ts';

export interface ZipEntry {
  /** Clean relative path, `/` between parts. */
  path: string;
  directory: boolean;
  /** Bytes when unpacked, which `open` holds it to. */
  size: number;
  crc32: number;
  /** Permission bits, when it was packed where there are some. */
  mode?: number;
  /** Its bytes, unpacked; ends with an error when they are damaged. */
  open(): Promise<Readable>;
}

export interface OpenZip {
  entries: ZipEntry[];
  close(): Promise<void>;
}

/** More can't be meant, and would cost memory before anything is known of them. */
const mostEntries = 200_000;
/** Deflate has 1032 at most, in files of zeros; beyond this on the whole, it was made to fill a disk. */
const mostRatio = 200;
/** Bytes below which the ratio says nothing. */
const ratioFrom = 64 * 2 ** 20;

/**
 * Opens a zip file and looks at all of its entries before any is read. Rejects with a Failure (world) for
 * what isn't a zip, cut off, encrypted, or holds links, names that lead elsewhere, or more than `limit`
 * bytes.
 * @param what the archive, for messages
 */
export async function openZip(files: ReadFiles, path: string, what: string, limit: number): Promise<OpenZip> {
  const handle = await files.open(path, 'r');
  if (!handle) throw new Failure(world('archive-missing', `the archive ${what} is not there`));
  try {
    const yauzl = (await import('yauzl')).default;
    const { size } = await handle.stat();
    const reader = readerOf(yauzl.RandomAccessReader, handle);
    const zip = await damaged(what, () =>
      yauzl.fromRandomAccessReaderPromise(reader, size, { autoClose: false, decodeStrings: false }),
    );
    const found = await damaged(what, () => entriesOf(zip, what));
    refuseBombs(found, size, what, limit);
    const entries = found.map(entry => ({ entry, name: nameOf(entry, yauzl.getFileNameLowLevel, what) }));
    const clean = cleanNames(
      entries.map(({ name }) => ({ name, directory: isDirectory(name) })),
      `the archive ${what}`,
      { windows: true },
    );
    return {
      entries: entries.map(({ entry, name }, index) => zipEntry(zip, entry, name, clean[index]!, what)),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether it is a path in the form that entries get here: another one can't have come from an archive. */
export function isEntryPath(path: unknown): boolean {
  const parts = typeof path === 'string' ? entryParts(path, true) : undefined;
  return Array.isArray(parts) && parts.join('/') === path;
}

async function entriesOf(zip: ZipFile, what: string): Promise<Entry[]> {
  if (zip.entryCount > mostEntries) throw bomb(what, `it holds ${zip.entryCount} entries`);
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(entry);
  return entries;
}

const isDirectory = (name: string): boolean => /[\\/]$/.test(name);

type Decode = typeof import('yauzl').getFileNameLowLevel;

/** Its name, when the entry is something that can be unpacked. */
function nameOf(entry: Entry, decode: Decode, what: string): string {
  const name = decode(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
  const refused = (why: string, hint: string) =>
    new Failure(
      world('archive-refused', `the entry ${JSON.stringify(name)} of the archive ${what} ${why}`, { hint }),
    );
  const type = unixMode(entry) & 0o170000;
  if (type !== 0 && type !== 0o100000 && type !== 0o040000)
    throw refused(
      type === 0o120000 ? 'is a link' : 'is neither file nor directory',
      'nothing was written; have it made of files and directories',
    );
  if (entry.isEncrypted()) throw refused('is encrypted', 'have it made without a password');
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw refused(
      `is compressed by method ${entry.compressionMethod}`,
      'have it made with deflate, which all zip programs know',
    );
  return name;
}

/** Unix keeps its mode in the upper half; the high byte of `versionMadeBy` says who packed it. */
const unixMode = ({ versionMadeBy, externalFileAttributes }: Entry): number =>
  versionMadeBy >> 8 === 3 ? externalFileAttributes >>> 16 : 0;

function refuseBombs(entries: readonly Entry[], size: number, what: string, limit: number): void {
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  const packed = entries.reduce((sum, { compressedSize }) => sum + compressedSize, 0);
  if (packed > size) throw bomb(what, 'its entries share their bytes');
  if (total > limit)
    throw new Failure(
      world(
        'content-too-large',
        `the archive ${what} holds ${bytes(total)}, more than the ${bytes(limit)} that are allowed`,
        {
          hint: 'raise `max_size` if it is meant to be that large',
        },
      ),
    );
  if (total > ratioFrom && total > size * mostRatio)
    throw bomb(what, `${bytes(size)} would become ${bytes(total)}`);
}

const bomb = (what: string, why: string): Failure =>
  new Failure(
    world('archive-bomb', own`the archive ${what} looks made to fill a disk: ${why}`, {
      hint: own`nothing was written`,
    }),
  );

function zipEntry(zip: ZipFile, entry: Entry, name: string, path: string, what: string): ZipEntry {
  // Whatever the packer's umask was: what root unpacks is for nobody else to change.
  const mode = unixMode(entry) & 0o755;
  return {
    path,
    directory: isDirectory(name),
    size: entry.uncompressedSize,
    crc32: entry.crc32,
    ...(mode !== 0 && { mode }),
    open: () => damaged(what, () => zip.openReadStreamPromise(entry)),
  };
}

/** The reader's own sentences, as what they mean for whoever made the archive. */
export async function damaged<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    throw new Failure(
      world('archive-damaged', own`the archive ${what} is damaged or no zip file: ${error.message}`, {
        hint: own`make or fetch it again; nothing of it was used`,
      }),
      { cause: error },
    );
  }
}

function readerOf(base: typeof RandomAccessReader, handle: FileHandle): RandomAccessReader {
  class Reader extends base {
    override _readStreamForRange(start: number, end: number) {
      return Readable.from(range(handle, start, end), { objectMode: false });
    }
  }
  return new (Reader as unknown as new () => RandomAccessReader)();
}

async function* range(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const chunk = Buffer.allocUnsafe(Math.min(64 * 1024, end - at));
    const length = await handle.read(chunk, at);
    if (length === 0) return; // the reader counts, and says so
    yield chunk.subarray(0, length);
    at += length;
  }
}
