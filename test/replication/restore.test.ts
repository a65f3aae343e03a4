import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import type { Files } from '../../src/io/ports.ts';
import type { OpenRepository } from '../../src/replication/repository/open.ts';
import type { Point } from '../../src/replication/repository.ts';
import { restore } from '../../src/replication/restore.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { aDisk, noStep, openTest, pointContent, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const K = 64 * 1024;
let directory: string;
let store: MemoryStore;
let repository: OpenRepository;
let point: Point;
const images = [new SeededRandom('d0').bytes(5 * K + 3), Buffer.alloc(300 * 2 ** 20)];
images[1]!.write('the end', images[1]!.length - 7);

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'converge-restore-')), 'new');
  store = memoryStore();
  repository = await openTest(store);
  const writer = await repository.vm(VM.uuid).writer(undefined);
  for (const [n, image] of images.entries()) {
    const disk = await writer.disk(aDisk(image.length, { index: n, identity: `disk-${n}` }));
    for (let at = 0; at < image.length; at += K) await disk.put(at / K, image.subarray(at, at + K));
  }
  const done = await writer.commit(pointContent(), noStep);
  if (done === 'lost-race') throw new Error('lost');
  point = done.point;
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const expectWhole = async () => {
  for (const [n, image] of images.entries())
    expect((await readFile(join(directory, `disk-${n}.raw`))).equals(image)).toBe(true);
  expect((await readdir(directory)).sort()).toEqual(['disk-0.raw', 'disk-1.raw']);
};

test('every disk is restored byte for byte, sparse, with progress to the end', async () => {
  const seen: (number | undefined)[] = [];
  const disks = await restore(repository, point, {
    directory,
    files: nodeFiles,
    progress: p => seen.push(p.done),
  });
  await expectWhole();
  expect(disks.map(d => [d.index, d.bytes, d.bytes_written])).toEqual([
    [0, images[0]!.length, images[0]!.length],
    [1, images[1]!.length, K],
  ]);
  expect((await stat(join(directory, 'disk-1.raw'))).blocks * 512).toBeLessThan(2 ** 20);
  expect(seen.at(-1)).toBe(images[0]!.length + K);
});

test('existing files are refused before anything is read, and replaced with force', async () => {
  await restore(repository, point, { directory, files: nodeFiles });
  await writeFile(join(directory, 'disk-0.raw'), 'mine');
  await rm(join(directory, 'disk-1.raw'));
  const before = store.calls.length;
  await expect(restore(repository, point, { directory, files: nodeFiles })).rejects.toThrow(
    /disk-0.raw exists already/,
  );
  expect(store.calls.slice(before).filter(c => c.key.includes('/packs/'))).toEqual([]);
  expect(await readFile(join(directory, 'disk-0.raw'), 'utf8')).toBe('mine');
  await restore(repository, point, { directory, files: nodeFiles, force: true });
  await expectWhole();
});

test('what a killed restore left is replaced', async () => {
  await restore(repository, point, { directory, files: nodeFiles });
  await rm(join(directory, 'disk-0.raw'));
  await rm(join(directory, 'disk-1.raw'));
  await writeFile(join(directory, 'disk-0.raw.partial'), 'half of something longer');
  await restore(repository, point, { directory, files: nodeFiles });
  await expectWhole();
});

test('a file system that is too small is refused before writing', async () => {
  const files: Files = { ...nodeFiles, freeSpace: async () => 100 };
  await expect(restore(repository, point, { directory, files })).rejects.toThrow(
    /bytes are needed and 100 are free/,
  );
  expect(await readdir(directory)).toEqual([]);
});

test('a disk that fills up on the way is one message and leaves nothing', async () => {
  let writes = 0;
  const files: Files = {
    ...nodeFiles,
    async open(path: string, mode: 'r' | 'r+' | 'create-new') {
      const file = await nodeFiles.open(path, mode as 'r+');
      if (!file || mode !== 'create-new') return file;
      return {
        ...file,
        write: async (bytes, offset) => {
          if (++writes === 3) throw new Failure(world('disk-full', `can't write ${path}: the disk is full`));
          return file.write(bytes, offset);
        },
      };
    },
  };
  await expect(restore(repository, point, { directory, files })).rejects.toThrow(
    /can't be restored to .*: the disk is full/,
  );
  expect(writes).toBe(3);
  expect(await readdir(directory)).toEqual([]);
});

test('no file gets its name while another disk is still unread', async () => {
  const pack = [...store.objects.keys()].filter(k => k.includes('/packs/')).at(-1)!;
  const whole = store.objects.get(pack)!;
  const bytes = Buffer.from(whole.bytes);
  bytes[40]! ^= 1;
  store.objects.set(pack, { ...whole, bytes });
  const restoring = restore(repository, point, { directory, files: nodeFiles });
  await expect(restoring).rejects.toThrow(`the repository's object ${pack} is damaged`);
  expect(await readdir(directory)).toEqual([]);
});

test('an interrupted restore leaves nothing', async () => {
  const stop = new AbortController();
  const restoring = restore(repository, point, {
    directory,
    files: nodeFiles,
    signal: stop.signal,
    progress: () => stop.abort(new Error('interrupted')),
  });
  await expect(restoring).rejects.toThrow('interrupted');
  expect(await readdir(directory)).toEqual([]);
});

test('neighbouring blocks of a pack are one request', async () => {
  const before = store.calls.length;
  await restore(repository, point, { directory, files: nodeFiles });
  const packs = store.calls.slice(before).filter(c => c.key.includes('/packs/'));
  expect(packs.length).toBe(2);
});

test('a pack that was replaced meanwhile is looked for again in the newest index', async () => {
  const vm = repository.vm(VM.uuid);
  const reader = await vm.reader(point, point.disks[0]!);
  await reader.block(0);
  const gone = [...store.objects].filter(([k]) => k.includes('/packs/') || k.includes('/index/'));
  // The same blocks, stored anew by a full cycle, as a prune that rewrites packs leaves them.
  const head = await vm.head();
  const writer = await vm.writer(head);
  const from = point.disks[0]!;
  const empty = await writer.disk({ ...from }, from);
  for (let n = 0; n < 6; n++) await empty.put(n, Buffer.alloc(Math.min(K, from.bytes - n * K), 7 + n));
  await writer.commit(pointContent(), noStep);
  const again = await vm.writer(await vm.head());
  const back = await again.disk({ ...from }, from);
  for (let n = 0; n < 6; n++) await back.put(n, images[0]!.subarray(n * K, (n + 1) * K));
  await again.commit(pointContent(), noStep);
  for (const [key] of gone) if (key.includes('/packs/')) store.objects.delete(key);
  expect((await reader.block(1)).equals(images[0]!.subarray(K, 2 * K))).toBe(true);
  for await (const { index, bytes } of reader.blocks([0, 1, 2, 3, 4, 5]))
    expect(bytes.equals(images[0]!.subarray(index * K, (index + 1) * K))).toBe(true);
});
