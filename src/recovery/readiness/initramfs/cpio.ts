import { Unreadable } from '../bytes/disk-bytes.ts';

/** Bytes that a cpio of an initramfs is made of, in the order in which they come. */
export interface ByteSource {
  /** Exactly as many; undefined when there are fewer left. */
  take(count: number): Promise<Buffer | undefined>;
  /** False when there are fewer left. */
  skip(count: number): Promise<boolean>;
}

/** @param most bytes that are looked at, whatever follows */
export function byteSource(
  chunks: AsyncIterator<Buffer>,
  most: number,
): ByteSource & {
  /** Goes on to the next byte that isn't zero; false when there is none. */
  skipZeros(): Promise<boolean>;
} {
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let seen = 0;
  const next = async (): Promise<boolean> => {
    const chunk = await chunks.next();
    if (chunk.done) return false;
    seen += chunk.value.length;
    if (seen > most) throw new Unreadable(`it has more than ${most} bytes`);
    rest = rest.length === 0 ? chunk.value : Buffer.concat([rest, chunk.value]);
    return true;
  };
  return {
    async take(count) {
      while (rest.length < count) if (!(await next())) return undefined;
      const taken = rest.subarray(0, count);
      rest = rest.subarray(count);
      return taken;
    },
    async skip(count) {
      let left = count;
      while (rest.length < left) {
        left -= rest.length;
        rest = Buffer.alloc(0);
        if (!(await next())) return left === 0;
      }
      rest = rest.subarray(left);
      return true;
    },
    async skipZeros() {
      for (;;) {
        const first = rest.findIndex(byte => byte !== 0);
        if (first >= 0) {
          rest = rest.subarray(first);
          return true;
        }
        rest = Buffer.alloc(0);
        if (!(await next())) return false;
      }
    },
  };
}

export interface CpioEntry {
  name: string;
  bytes: number;
  /** What it holds; asked for before the next entry is. */
  content(): Promise<Buffer>;
}

const HEADER = 110;
const TRAILER = 'TRAILER!!!';
const mostName = 4096;
/** A large one has ten thousand. */
const mostEntries = 200_000;
/** Bytes of a file that are read; only lists of names are. */
const mostContent = 2 ** 22;

/**
 * Entries of a cpio in the "new ASCII format", to its trailer; `used` counts the bytes that it took.
 * Source: the kernel's documentation, driver-api/early-userspace/buffer-format.
 *
 * @throws Unreadable when it is something else
 */
export async function* cpioEntries(
  source: ByteSource,
  used: { bytes: number } = { bytes: 0 },
): AsyncGenerator<CpioEntry> {
  const take = async (count: number): Promise<Buffer> => {
    const found = await source.take(count);
    if (!found) throw new Unreadable('it ends in the middle');
    used.bytes += count;
    return found;
  };
  const padding = (): number => (4 - (used.bytes % 4)) % 4;
  for (let n = 0; ; n++) {
    if (n > mostEntries) throw new Unreadable(`it has more than ${mostEntries} files`);
    const header = await take(HEADER);
    const text = header.toString('latin1');
    if (!/^07070[12][0-9A-Fa-f]{104}$/.test(text)) throw new Unreadable('it is not a cpio');
    const field = (n: number): number => Number.parseInt(text.slice(6 + n * 8, 14 + n * 8), 16);
    const [bytes, named] = [field(6), field(11)];
    if (named === 0 || named > mostName) throw new Unreadable(`it has a name of ${named} bytes`);
    const name = (await take(named)).toString('utf8', 0, named - 1);
    await take(padding());
    if (name === TRAILER) return;
    let left = bytes;
    yield {
      name,
      bytes,
      async content() {
        if (left > mostContent) throw new Unreadable(`${name} has ${left} bytes`);
        const content = await take(left);
        left = 0;
        return content;
      },
    };
    if (!(await source.skip(left))) throw new Unreadable('it ends in the middle');
    used.bytes += left;
    await take(padding());
  }
}
