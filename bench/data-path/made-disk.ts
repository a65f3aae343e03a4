import { randomBytes } from 'node:crypto';
import { nodeHost } from '../../src/io/node.ts';
import { copyBlocks } from '../../src/replication/cycle/copy-blocks.ts';
import type { Blocks } from '../../src/replication/extents/blocks.ts';
import type { BlockSource, Extent } from '../../src/replication/model/source.ts';
import { createRepository, openRepository } from '../../src/replication/repository/open-repository.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { aDisk, pointContent, VM } from '../../test/support/repository.ts';

const host = nodeHost();

/** A disk whose content is made when it is read: of each `every` blocks the first holds something. */
export function madeDisk(size: number, block: number, every: number) {
  const noise = randomBytes(block);
  const text = Buffer.alloc(block, 'what compresses well, since what it is does not count here ');
  const written = new Map<number, Buffer>();
  const contentOf = (n: number, fill: Buffer): Buffer => {
    const content = written.get(n) ?? Buffer.from(n % every === 0 ? fill : Buffer.alloc(block));
    if (n % every === 0 && !written.has(n)) content.writeUInt32BE(n, 0);
    return content;
  };
  const source = (fill: Buffer): BlockSource => ({
    size,
    async readInto(target, offset) {
      for (let at = 0; at < target.length; at += block)
        contentOf((offset + at) / block, fill).copy(target, at);
    },
    status: async () =>
      Array.from({ length: size / block / every }, (_, n) => [
        { start: n * every * block, length: block, zero: false },
        { start: (n * every + 1) * block, length: (every - 1) * block, zero: true },
      ]).flat(),
    close: async () => {},
  });
  return {
    source: source(text),
    noisy: source(noise),
    /** Answers with the numbers of the blocks that differ now. */
    write({ start, length }: Extent): number[] {
      const content = randomBytes(length);
      const touched: number[] = [];
      for (let done = 0; done < length; ) {
        const n = Math.floor((start + done) / block);
        const whole = Buffer.from(contentOf(n, text));
        done += content.copy(whole, (start + done) % block, done);
        written.set(n, whole);
        touched.push(n);
      }
      return touched;
    },
  };
}

/** Stores these blocks as the next point; what it wrote, and the seconds of CPU that it took. */
export async function store(
  folder: string,
  source: BlockSource,
  blockSize: number,
  blocks: Blocks,
  isFirst: boolean,
) {
  const usual = fileStore(folder, host);
  let puts = 0;
  const counted = {
    ...usual,
    put: (...all: Parameters<typeof usual.put>) => {
      puts++;
      return usual.put(...all);
    },
  };
  const repository = isFirst
    ? await createRepository(counted, { random: host.random })
    : await openRepository(counted, { random: host.random });
  const vm = repository.vm(VM.uuid);
  puts = 0;
  const before = process.cpuUsage();
  const head = await vm.head();
  const base = head && (await vm.point(head.head.point))!.disks[0];
  const writer = await vm.writer(head, async () => {});
  const disk = aDisk(source.size, { blockSize });
  const { bytes_read } = await copyBlocks(source, await writer.disk(disk, base), blocks, source.size);
  await writer.commit(pointContent({ time: Date.now() }), async () => {});
  const { user, system } = process.cpuUsage(before);
  const { bytes_stored, bytes_uploaded } = writer.totals;
  return {
    puts,
    read: bytes_read,
    stored: bytes_stored,
    uploaded: bytes_uploaded,
    cpu: (user + system) / 1e6,
  };
}
