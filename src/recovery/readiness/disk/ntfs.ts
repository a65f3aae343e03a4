import {
  type DiskBytes,
  type Entry,
  exactly,
  type FileSystem,
  inMemory,
  ofExtents,
  Unreadable,
} from '../bytes/disk-bytes.ts';
import { entriesOf, type NtfsEntry } from './ntfs-index.ts';
import {
  ATTRIBUTE_LIST,
  type Attribute,
  DATA,
  type FileRecord,
  INDEX_ALLOCATION,
  INDEX_ROOT,
  layoutOf,
  REPARSE_POINT,
  type Reference,
  recordIn,
  referenceAt,
} from './ntfs-records.ts';

const ROOT: Reference = { number: 5, sequence: 0 };
/** What a directory's index of names is called. */
const NAMES = '$I30';

/** Bytes of a list of attributes that are read; the format allows no more. */
const mostList = 2 ** 18;

const COMPRESSED = 0x00ff;
const ENCRYPTED = 0x4000;

/**
 * An NTFS volume, read as the disk has it: what is in its journal alone isn't seen. Names have no case. Files
 * that Windows compresses, encrypts or keeps elsewhere are refused, as is whatever a link leads to.
 *
 * @throws Unreadable, as its calls do
 */
export async function openNtfs(part: DiskBytes): Promise<FileSystem> {
  const layout = layoutOf(await exactly(part, 0, 512), part.bytes);
  const first = recordIn(await exactly(part, layout.tableAt, layout.record), layout);
  let table = wholeOf(part, piecesOf(first, DATA, ''), 'its file table', true);

  const record = async ({ number, sequence }: Reference): Promise<FileRecord> => {
    const found = recordIn(await exactly(table, number * layout.record, layout.record), layout);
    // A name that leads to a record which is another file's by now.
    if (sequence !== 0 && found.sequence !== sequence)
      throw new Unreadable(`its record ${number} is not that of the file which is named`);
    return found;
  };
  /** Those of a file whose attributes have no room in one record. */
  const elsewhere = async function* (base: FileRecord, self: number): AsyncGenerator<FileRecord> {
    const [list] = piecesOf(base, ATTRIBUTE_LIST, '');
    if (!list) return;
    if (list.bytes > mostList) throw new Unreadable("a file's list of attributes is too long");
    const content = await exactly(wholeOf(part, [list], 'a list of attributes'), 0, list.bytes);
    const seen = new Set([self]);
    for (let at = 0; at + 26 <= content.length; ) {
      const length = content.readUInt16LE(at + 4);
      if (length < 26 || at + length > content.length)
        throw new Unreadable("a file's list of attributes is damaged");
      const reference = referenceAt(content, at + 16);
      at += length;
      if (seen.has(reference.number)) continue;
      seen.add(reference.number);
      const piece = await record(reference);
      if (piece.base !== self) throw new Unreadable("a file's list of attributes leads to another file");
      yield piece;
    }
  };
  // The table is a file itself, and of a large volume its later pieces are told in records of its own.
  for await (const piece of elsewhere(first, 0)) {
    first.attributes.push(...piece.attributes);
    table = wholeOf(part, piecesOf(first, DATA, ''), 'its file table', true);
  }

  /** All of a file, wherever its attributes are. */
  const fileOf = async (reference: Reference, path: string): Promise<FileRecord> => {
    const base = await record(reference);
    if (base.base !== 0) throw new Unreadable(`the record of ${path} is a piece of another file`);
    const attributes = [...base.attributes];
    for await (const piece of elsewhere(base, reference.number)) attributes.push(...piece.attributes);
    const file = { ...base, attributes };
    if (piecesOf(file, REPARSE_POINT, '').length > 0)
      throw new Unreadable(`${path} is a link, or is kept in a way that isn't read here`);
    return file;
  };
  const entries = async function* (directory: FileRecord): AsyncGenerator<NtfsEntry> {
    const [root] = piecesOf(directory, INDEX_ROOT, NAMES);
    if (!root?.resident) throw new Unreadable('a directory of it has no index of names');
    const blocks = piecesOf(directory, INDEX_ALLOCATION, NAMES);
    const allocation = blocks.length > 0 ? wholeOf(part, blocks, 'a directory') : undefined;
    yield* entriesOf(root.resident, allocation, layout.cluster);
  };
  const find = async (path: string): Promise<FileRecord | undefined> => {
    let at = await fileOf(ROOT, '/');
    for (const name of path.split('/').filter(word => word !== '')) {
      if (!at.isDirectory) return undefined;
      const wanted = upper(name);
      let found: NtfsEntry | undefined;
      for await (const one of entries(at))
        if (upper(one.name) === wanted) {
          found = one;
          break;
        }
      if (!found) return undefined;
      at = await fileOf(found.reference, found.name);
    }
    return at;
  };

  return {
    async list(path) {
      const found = await find(path);
      if (!found?.isDirectory) return undefined;
      const names: Entry[] = [];
      for await (const { name, kind, isShort } of entries(found))
        if (!isShort && name !== '.') names.push({ name, kind });
      return names;
    },
    async open(path) {
      const found = await find(path);
      if (!found || found.isDirectory) return undefined;
      return wholeOf(part, piecesOf(found, DATA, ''), path);
    },
  };
}

/** Letter by letter, as NTFS compares names: ß has no capital there. */
const upper = (name: string): string =>
  Array.from({ length: name.length }, (_, n) => {
    const capital = name[n]!.toUpperCase();
    return capital.length === 1 ? capital : name[n]!;
  }).join('');

/** The pieces of one attribute, in their order. */
const piecesOf = ({ attributes }: FileRecord, type: number, name: string): Attribute[] =>
  attributes.filter(one => one.type === type && one.name === name).sort((a, b) => a.first - b.first);

/**
 * The bytes of an attribute.
 *
 * @param what is named when it can't be read
 * @param isBegun that pieces of it may still be missing: what they tell of isn't there yet
 */
function wholeOf(part: DiskBytes, pieces: readonly Attribute[], what: string, isBegun = false): DiskBytes {
  const [first] = pieces;
  if (!first) throw new Unreadable(`${what} has no content that is found`);
  const has = (flag: number) => pieces.some(({ flags }) => (flags & flag) !== 0);
  if (has(COMPRESSED)) throw new Unreadable(`${what} is compressed, which isn't read here`);
  if (has(ENCRYPTED)) throw new Unreadable(`${what} is encrypted by EFS`);
  if (first.resident) return inMemory(first.resident);
  const runs = pieces.flatMap(one => one.runs ?? []);
  let told = 0;
  for (const { offset, length } of runs) {
    if (offset !== told) break;
    told += length;
  }
  if (told < first.bytes && !isBegun) throw new Unreadable(`the map of ${what} is not whole`);
  const whole = ofExtents(part, runs, Math.min(first.bytes, told));
  return {
    bytes: whole.bytes,
    async read(offset, length) {
      const content = await whole.read(offset, length);
      // What was never written isn't what the disk holds there.
      return first.written < offset + content.length
        ? content.fill(0, Math.max(0, first.written - offset))
        : content;
    },
  };
}
