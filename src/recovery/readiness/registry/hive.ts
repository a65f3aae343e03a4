import { type DiskBytes, Unreadable, within } from '../bytes/disk-bytes.ts';
import { type Cells, cellsOf, type KeyCell, keyIn, valueIn } from './cells.ts';
import { headerOf } from './header.ts';

/**
 * A hive of Windows' registry, as the file has it: what its logs hold beyond is another matter. Source: the
 * format's published descriptions (regf 1.3 to 1.6), held against hivex.
 */
export interface Hive {
  /**
   * It was being written: values may be otherwise in its logs, by which Windows puts it right at its start.
   */
  isDirty: boolean;
  /** A value as text: numbers in decimal digits, bytes in hexadecimal ones, lists with blanks between. */
  value(key: string, name: string): Promise<string | undefined>;
  /** Names of the keys below a key; undefined when it isn't there. */
  keys(key: string): Promise<string[] | undefined>;
  /** All values of a key. */
  values(key: string): Promise<Map<string, string>>;
}

/** Bytes before the first cell, from whose end all places count. */
const HEADER = 4096;

/** @throws Unreadable, as its calls do */
export async function openHive(file: DiskBytes): Promise<Hive> {
  const { bytes: header, isRight, first, second } = await headerOf(file);
  const [major, minor] = [header.readUInt32LE(20), header.readUInt32LE(24)];
  if (major !== 1 || minor < 3 || minor > 6)
    throw new Unreadable(`it is a hive of version ${major}.${minor}, which isn't read here`);
  const cells = cellsOf(within(file, HEADER, header.readUInt32LE(40)));
  const root = keyIn(await cells.read(header.readUInt32LE(36)));
  const children = childrenOf(cells);

  const find = async (path: string): Promise<KeyCell | undefined> => {
    let at: KeyCell | undefined = root;
    for (const name of path.split('\\').filter(word => word !== '')) {
      const place: number | undefined = (await children(at)).get(name.toLowerCase())?.at;
      if (place === undefined) return undefined;
      at = keyIn(await cells.read(place));
    }
    return at;
  };
  const valuesOf = async function* (
    key: KeyCell,
  ): AsyncGenerator<[name: string, data: () => Promise<string>]> {
    if (key.values === 0) return;
    const list = await cells.read(key.valuesAt);
    if (key.values * 4 > list.length) throw damaged();
    for (let n = 0; n < key.values; n++) {
      const value = valueIn(await cells.read(list.readUInt32LE(n * 4)));
      yield [value.name, () => cells.data(value)];
    }
  };

  return {
    isDirty: first !== second || !isRight,
    async value(path, name) {
      const key = await find(path);
      if (key)
        for await (const [called, data] of valuesOf(key))
          if (called.toLowerCase() === name.toLowerCase()) return data();
      return undefined;
    },
    async keys(path) {
      const key = await find(path);
      return key && [...(await children(key)).values()].map(({ name }) => name);
    },
    async values(path) {
      const key = await find(path);
      const found = new Map<string, string>();
      if (key) for await (const [name, data] of valuesOf(key)) found.set(name, await data());
      return found;
    },
  };
}

type Child = { name: string; at: number };

/** The keys below a key, by their names without case. Each list is read once. */
function childrenOf(cells: Cells): (key: KeyCell) => Promise<Map<string, Child>> {
  const known = new Map<number, Map<string, Child>>();
  return async ({ keys, keysAt }) => {
    if (keys === 0) return new Map();
    const before = known.get(keysAt);
    if (before) return before;
    const found = new Map<string, Child>();
    known.set(keysAt, found);
    for (const at of await listed(cells, await cells.read(keysAt))) {
      const { name } = keyIn(await cells.read(at));
      found.set(name.toLowerCase(), { name, at });
    }
    return found;
  };
}

/** Places of keys in a list, or in a list of lists. One of those has no others in it. */
async function listed(cells: Cells, list: Buffer, isBelow = false): Promise<number[]> {
  if (list.length < 4) throw damaged();
  const [kind, count] = [list.toString('latin1', 0, 2), list.readUInt16LE(2)];
  const each = kind === 'lf' || kind === 'lh' ? 8 : kind === 'li' || (kind === 'ri' && !isBelow) ? 4 : 0;
  if (each === 0 || 4 + count * each > list.length) throw damaged();
  const places = Array.from({ length: count }, (_, n) => list.readUInt32LE(4 + n * each));
  if (kind !== 'ri') return places;
  const all: number[] = [];
  for (const at of places) all.push(...(await listed(cells, await cells.read(at), true)));
  return all;
}

const damaged = (): Unreadable => new Unreadable('a list of it is damaged');
