/**
 * What a cycle costs whose changes are spread over a disk that is full: `node bench/operation/dense-map.ts
 * [TIB] [BLOCKS]`. It writes the map and the index of such a disk with ids that nobody stored, then puts
 * BLOCKS blocks anywhere on it in a process of its own, started as bin/converge starts one, and prints what
 * that wrote of the map, as a share of all of it, and its memory. Nothing is asserted.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../../src/io/node.ts';
import { PAGE_BLOCKS } from '../../src/replication/format/blocks.ts';
import { idKey } from '../../src/replication/format/index-object.ts';
import { vmNames } from '../../src/replication/format/names.ts';
import { encodeRoot } from '../../src/replication/format/root.ts';
import { SALT_BYTES, sealObject } from '../../src/replication/format/sealing.ts';
import { createRepository, openRepository } from '../../src/replication/repository/open-repository.ts';
import { rangeReader } from '../../src/replication/repository/read/ranges.ts';
import { session } from '../../src/replication/repository/write/commit-session.ts';
import { indexWriter } from '../../src/replication/repository/write/index-writer.ts';
import { pagesWriter } from '../../src/replication/repository/write/pages-writer.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { aDisk, pointContent, VM } from '../../test/support/repository.ts';

const BLOCK = 512 * 1024;
const TIB = 2 ** 40;
/** Blocks in one pack of 16 MiB. */
const IN_PACK = 32;
const host = nodeHost();

/** A head whose map is all there, and whose packs are not. Answers with the bytes of map and index. */
async function build(folder: string, tib: number): Promise<{ map: number; index: number }> {
  const { context, store } = await createRepository(fileStore(folder, host), { random: host.random });
  const names = vmNames(context.vault.vmKey(VM.uuid));
  const vm = { ...context, uuid: VM.uuid, names, ranges: rangeReader(store) };
  const one = session(vm, 1, async () => {});
  const [pages, index] = [pagesWriter(one), indexWriter(one)];
  const disk = aDisk(tib * TIB, { blockSize: BLOCK });
  const refs = [];
  let pack = '';
  for (let page = 0; page < (tib * TIB) / BLOCK / PAGE_BLOCKS; page++) {
    await Promise.all([pages.room(), index.room()]);
    const ids = randomBytes(PAGE_BLOCKS * 32);
    refs.push({ base: pages.add('base', 0, page, ids), deltas: [] });
    for (let n = 0; n < PAGE_BLOCKS; n++) {
      if (n % IN_PACK === 0) pack = randomBytes(16).toString('hex');
      const location = { pack, offset: 32 + (n % IN_PACK) * BLOCK, length: BLOCK };
      index.note(0, page, idKey(ids.subarray(n * 32, n * 32 + 32)), location);
    }
    if (page % 64 === 63) process.stderr.write(`\r${page + 1} pages`);
  }
  process.stderr.write('\n');
  const pagesObjects = await pages.flush();
  const segments = await index.finish([]);
  const payload = encodeRoot({
    point: { ...pointContent(), id: randomBytes(16).toString('hex'), generation: 1, disks: [disk] },
    ...{ previous: undefined, nextNumber: 1, pagesObjects, segments },
    disks: [{ disk, number: 0, pages: refs }],
  });
  const head = sealObject(context.vault, 'head', names.head, host.random.bytes(SALT_BYTES), payload);
  await store.put(names.head, head, { when: { ifNoneMatch: '*' } });
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((all, size) => all + size, 0);
  return { map: sum(pagesObjects.values()), index: sum(segments.map(({ bytes }) => bytes)) };
}

/** The cycle's part in the repository: writes the blocks and commits. */
async function run(folder: string, changed: number): Promise<void> {
  const store = fileStore(folder, host);
  const written: Record<string, number> = {};
  let gets = 0;
  const counted = {
    ...store,
    get: (...all: Parameters<typeof store.get>) => {
      gets++;
      return store.get(...all);
    },
    put: (...all: Parameters<typeof store.put>) => {
      const kind = all[0].split('/')[2] ?? all[0];
      written[kind] = (written[kind] ?? 0) + all[1].length;
      return store.put(...all);
    },
  };
  const vm = (await openRepository(counted, { random: host.random })).vm(VM.uuid);
  const head = (await vm.head())!;
  const before = (await vm.point(head.head.point))!;
  const writer = await vm.writer(head, async () => {});
  const [disk] = before.disks;
  const target = await writer.disk(disk!, disk!);
  const blocks = disk!.bytes / BLOCK;
  const places = Array.from(
    { length: changed },
    (_, n) => createHash('sha256').update(`${n}`).digest().readUInt32BE(0) % blocks,
  );
  // Changed areas come in the order of the disk.
  for (const at of places.sort((a, b) => a - b)) await target.put(at, randomBytes(BLOCK));
  await writer.commit(pointContent({ time: Date.now() }), async () => {});
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ written, gets, peak_mib: peak }));
}

const [first, second] = process.argv.slice(2);
if (first === '--run') await run(process.argv[3]!, Number(process.argv[4]));
else {
  const folder = mkdtempSync(join(tmpdir(), 'converge-bench-'));
  try {
    const whole = await build(folder, Number(first ?? 4));
    console.log(JSON.stringify({ whole }));
    const args = ['--max-semi-space-size=2', import.meta.filename, '--run', folder, second ?? '1000'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    console.log(`${stdout.trim()}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
