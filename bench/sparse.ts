/**
 * The memory that a cycle and a restore take of a sparse disk, small and large: `node bench/sparse.ts` writes
 * bench/SPARSE.md. As bin/converge starts Node; without vSphere, into a folder. Nothing is asserted.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../src/io/node.ts';
import { blocksInUse } from '../src/replication/extents/blocks-in-use.ts';
import { blockSizeFor } from '../src/replication/format/blocks.ts';
import { openRepository } from '../src/replication/repository/open-repository.ts';
import { restore } from '../src/replication/restore/restore.ts';
import { fileStore } from '../src/replication/stores/file.ts';
import { VM } from '../test/support/repository.ts';
import { madeDisk, store } from './data-path/made-disk.ts';
import { measure } from './measure.ts';

const GiB = 2 ** 30;
const host = nodeHost();

/** 1 GiB of noise all over a disk of so many GiB. */
async function sparse(way: string, folder: string, gib: number): Promise<void> {
  const block = blockSizeFor(gib * GiB);
  const { noisy } = madeDisk(gib * GiB, block, gib);
  if (way === 'up') await store(folder, noisy, block, (await blocksInUse(noisy, block)).blocks, true);
  else {
    const repository = await openRepository(fileStore(folder, host), { random: host.random });
    const point = (await repository.vm(VM.uuid).newest())!;
    await restore(repository, point, { directory: join(folder, 'out'), ...host });
  }
}

const [way = 'all', place = '', gib = ''] = process.argv.slice(2);
if (way !== 'all') await sparse(way, place, Number(gib));
else {
  const memory = '/dev/shm';
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'converge-bench-'));
  const peaks = (of: string) =>
    [64, 1024].map(size => {
      const args = [import.meta.filename, of, join(folder, `${size}`), `${size}`];
      const command = [process.execPath, '--max-semi-space-size=2', ...args];
      return measure({ name: of, command, cwd: folder }, folder).memory / 2 ** 20;
    });
  const row = (name: string, [small = 0, large = 0]: number[]) =>
    `| ${name} | ${small.toFixed(0)} | ${large.toFixed(0)} | ${(large / small).toFixed(2)} |`;
  try {
    const page = `# The memory of a sparse disk

Made by \`node bench/sparse.ts\` on ${new Date().toISOString().slice(0, 10)}: 1 GiB of noise all over a disk, largest resident size in MiB. The larger disk
takes at most 1.2 times what the smaller one does.

| | 64 GiB | 1 TiB | ratio |
|---|---|---|---|
${[row('up', peaks('up')), row('restored', peaks('down'))].join('\n')}
`;
    writeFileSync(join(import.meta.dirname, 'SPARSE.md'), page);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
