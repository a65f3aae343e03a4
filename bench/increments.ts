/**
 * What a cycle writes of a disk of 40 GiB with 10 GiB in use, of which a hundredth has changed: `node
 * bench/increments.ts` writes bench/INCREMENTS.md. The part of a cycle that reads and stores, without vSphere; into
 * a folder. Nothing is asserted.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockSet } from '../src/replication/extents/blocks.ts';
import { blocksInUse } from '../src/replication/extents/blocks-in-use.ts';
import type { Extent } from '../src/replication/model/source.ts';
import { madeDisk, store } from './data-path/made-disk.ts';

const [KiB, MiB, GiB] = [2 ** 10, 2 ** 20, 2 ** 30];
const BLOCK = 64 * KiB;

async function increments(folder: string): Promise<string[]> {
  const size = 40 * GiB;
  const disk = madeDisk(size, BLOCK, 4);
  const anywhere = () => Math.floor((Math.random() * size) / BLOCK / 4) * 4;
  const inUse = (await blocksInUse(disk.source, BLOCK)).blocks;
  const full = await store(folder, disk.source, BLOCK, inUse, true);
  const changes = (10 * GiB) / 100 / BLOCK;
  const cases: { name: string; areas: Extent[]; grain: number }[] = [
    {
      name: 'blocks of 64 KiB, aligned',
      areas: Array.from({ length: changes }, () => ({ start: anywhere() * BLOCK, length: BLOCK })),
      grain: 1,
    },
    ...[
      { name: 'writes of 4 KiB, unaligned', grain: 1 },
      { name: 'writes of 4 KiB, told in areas of 1 MiB', grain: MiB },
    ].map(one => ({
      ...one,
      areas: Array.from({ length: changes }, () => ({
        start: anywhere() * BLOCK + 512 * Math.floor(Math.random() * 127),
        length: 4 * KiB,
      })),
    })),
  ];
  const line = (name: string, differ: number, found: Awaited<ReturnType<typeof store>>) => {
    const ratio = (found.stored / differ).toFixed(3);
    const most = Math.floor(differ / (16 * MiB)) + 8;
    const mb = (bytes: number) => (bytes / 1e6).toFixed(0);
    return `| ${name} | ${mb(differ)} | ${mb(found.read)} | ${ratio} | ${mb(found.uploaded)} | ${found.puts} | ${most} | ${found.cpu.toFixed(2)} |`;
  };
  const lines = [line('all that is in use', 10 * GiB, full)];
  for (const { name, areas, grain } of cases) {
    const differ = new Set(areas.flatMap(area => disk.write(area)));
    const told = blockSet(BLOCK, size);
    told.add(
      areas.map(({ start, length }) => {
        const from = Math.floor(start / grain) * grain;
        return { start: from, length: Math.ceil((start + length - from) / grain) * grain };
      }),
    );
    lines.push(line(name, differ.size * BLOCK, await store(folder, disk.source, BLOCK, told, false)));
  }
  return lines;
}

const memory = '/dev/shm';
const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'converge-bench-'));
try {
  const page = `# What a cycle writes of a changed disk

Made by \`node bench/increments.ts\` on ${new Date().toISOString().slice(0, 10)}: the part of a cycle that reads and stores, of a disk that is made when
it is read, into a folder in memory. 40 GiB in blocks of 64 KiB, 10 GiB of it in use.

differ: MB of blocks that differ. stored: of what differs, before compression; at most 1.1. PUTs: at most one for each 16
MiB that differ, and 8.

| what | differ | read | stored | uploaded, MB | PUTs | at most | CPU, s |
|---|---|---|---|---|---|---|---|
${(await increments(folder)).join('\n')}
`;
  writeFileSync(join(import.meta.dirname, 'INCREMENTS.md'), page);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
