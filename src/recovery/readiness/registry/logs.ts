import { type DiskBytes, exactly, Unreadable } from '../bytes/disk-bytes.ts';
import { checksumOf, headerOf } from './header.ts';

/** Pages as they are after a change of a hive, and how long its data is by then. */
interface Entry {
  sequence: number;
  /** Bytes behind the header. */
  bytes: number;
  pages: { at: number; bytes: Buffer }[];
}

/** Bytes before the first entry, and those of an entry before what it says of its pages. */
const [BASE, HEAD] = [512, 40];
/** Logs that are larger are not looked at; those of a busy server are some MiB. */
const largest = 256 * 2 ** 20;

/**
 * The hive as Windows has it after its start: with what its two logs hold beyond it, which a running Windows
 * writes into the file itself only now and then. Undefined where they don't tell it for certain: there is none,
 * they are older than the hive, of the format before Windows 8.1, or one doesn't go on where the other ends.
 *
 * The entries of a log follow the number in its own header, one after the other; what comes after the last of
 * them is of before. Source: the format's published descriptions (regf, "transaction log files (new format)").
 *
 * @throws Unreadable for a log that ends in the middle of its header
 */
export async function withLogs(hive: DiskBytes, logs: readonly DiskBytes[]): Promise<DiskBytes | undefined> {
  const header = await headerOf(hive);
  if (!header.isRight) return undefined;
  const runs = (await Promise.all(logs.map(entriesOf)))
    .filter(([first]) => first !== undefined && first.sequence >= header.second)
    .sort(([a], [b]) => a!.sequence - b!.sequence);
  const all = runs.flat();
  const last = all.at(-1);
  if (!last || all.some((one, n) => one.sequence !== all[0]!.sequence + n)) return undefined;
  const whole = Buffer.from(header.bytes);
  for (const at of [4, 8]) whole.writeUInt32LE(last.sequence, at);
  whole.writeUInt32LE(last.bytes, 40);
  whole.writeUInt32LE(checksumOf(whole), 508);
  return laidOver(hive, [...all.flatMap(({ pages }) => pages), { at: 0, bytes: whole }], 4096 + last.bytes);
}

/** Those that are whole, in their order. */
async function entriesOf(log: DiskBytes): Promise<Entry[]> {
  if (log.bytes > largest || log.bytes < BASE) return [];
  const header = await headerOf(log);
  if (!header.isRight) return [];
  const entries: Entry[] = [];
  for (let at = BASE; ; ) {
    const head = await log.read(at, HEAD);
    if (head.length < HEAD || head.toString('latin1', 0, 4) !== 'HvLE') return entries;
    const size = head.readUInt32LE(4);
    if (size % 512 !== 0 || size < BASE || at + size > log.bytes) return entries;
    const entry = entryIn(await exactly(log, at, size));
    if (entry?.sequence !== header.first + entries.length) return entries;
    entries.push(entry);
    at += size;
  }
}

/** Undefined for one that was torn. */
function entryIn(all: Buffer): Entry | undefined {
  const isWhole = [
    [24, all.subarray(HEAD)],
    [32, all.subarray(0, 32)],
  ].every(([at, of]) =>
    hashOf(of as Buffer).every((half, n) => all.readUInt32LE((at as number) + n * 4) === half),
  );
  const count = all.readUInt32LE(20);
  if (!isWhole || HEAD + count * 8 > all.length) return undefined;
  let from = HEAD + count * 8;
  const pages = Array.from({ length: count }, (_, n) => {
    const [at, length] = [all.readUInt32LE(HEAD + n * 8), all.readUInt32LE(HEAD + n * 8 + 4)];
    const bytes = all.subarray(from, from + length);
    from += length;
    return { at: 4096 + at, bytes };
  });
  if (from > all.length) return undefined;
  return { sequence: all.readUInt32LE(12), bytes: all.readUInt32LE(16), pages };
}

/** Later pages over earlier ones. */
const laidOver = (
  under: DiskBytes,
  pages: readonly { at: number; bytes: Buffer }[],
  bytes: number,
): DiskBytes => ({
  bytes: Math.max(bytes, under.bytes),
  async read(offset, length) {
    const end = Math.min(offset + length, Math.max(bytes, under.bytes));
    const content = Buffer.alloc(Math.max(0, end - offset));
    (await under.read(offset, content.length)).copy(content);
    for (const page of pages) {
      const [from, to] = [Math.max(offset, page.at), Math.min(end, page.at + page.bytes.length)];
      if (from < to) page.bytes.copy(content, from - offset, from - page.at, to - page.at);
    }
    return content;
  },
});

/** Marvin32 with the seed of the registry, as its two halves, of whole words. */
function hashOf(bytes: Buffer): [low: number, high: number] {
  let [low, high] = [0x7a4e55c5, 0x82ef4d88];
  const turned = (value: number, by: number) => ((value << by) | (value >>> (32 - by))) >>> 0;
  const mix = (value: number) => {
    low = (low + value) >>> 0;
    high = (high ^ low) >>> 0;
    low = (turned(low, 20) + high) >>> 0;
    high = (turned(high, 9) ^ low) >>> 0;
    low = (turned(low, 27) + high) >>> 0;
    high = turned(high, 19);
  };
  if (bytes.length % 4 !== 0) throw new Unreadable('an entry of its log is no whole words');
  for (let at = 0; at < bytes.length; at += 4) mix(bytes.readUInt32LE(at));
  mix(0x80);
  mix(0);
  return [low, high];
}
