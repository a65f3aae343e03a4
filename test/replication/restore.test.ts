import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import type { Files } from '../../src/io/ports.ts';
import type { Point } from '../../src/replication/model/repository.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { restore } from '../../src/replication/restore/restore.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { aDisk, noStep, openTest, pointContent, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const K = 64 * 1024;
const random = new SeededRandom('restore');
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

/** Files whose writes are announced, counted from 1. */
const withWrites = (before: (n: number) => Promise<void>): Files => {
  let writes = 0;
  return {
    ...nodeFiles,
    async open(path: string, mode: 'r' | 'r+' | 'create-new', options?: { mode?: number }) {
      const file = await nodeFiles.open(path, mode as 'r+', options);
      if (!file || mode !== 'create-new') return file;
      return {
        ...file,
        async write(bytes, offset) {
          await before(++writes);
          return file.write(bytes, offset);
        },
      };
    },
  };
};

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
    random,
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
  await restore(repository, point, { directory, files: nodeFiles, random });
  await writeFile(join(directory, 'disk-0.raw'), 'mine');
  await rm(join(directory, 'disk-1.raw'));
  const before = store.calls.length;
  await expect(restore(repository, point, { directory, files: nodeFiles, random })).rejects.toThrow(
    /disk-0.raw exists already/,
  );
  expect(store.calls.slice(before).filter(c => c.key.includes('/packs/'))).toEqual([]);
  expect(await readFile(join(directory, 'disk-0.raw'), 'utf8')).toBe('mine');
  await restore(repository, point, { directory, files: nodeFiles, random, force: true });
  await expectWhole();
});

test('of two restores into one folder none gets the half of the other', async () => {
  const reached = Promise.withResolvers<void>();
  const secondIsHalfway = Promise.withResolvers<void>();
  const firstIsDone = Promise.withResolvers<void>();
  const heldBeforeRename: Files = {
    ...nodeFiles,
    async rename(from, to) {
      reached.resolve();
      await secondIsHalfway.promise;
      return nodeFiles.rename(from, to);
    },
  };
  const heldHalfway = withWrites(async n => {
    if (n !== 3) return;
    secondIsHalfway.resolve();
    await firstIsDone.promise;
  });
  const first = restore(repository, point, { directory, files: heldBeforeRename, random });
  await reached.promise;
  const second = restore(repository, point, { directory, files: heldHalfway, random });
  const refused = expect(second).rejects.toThrow(/disk-0.raw exists already/);
  await first;
  expect((await readFile(join(directory, 'disk-0.raw'))).equals(images[0]!)).toBe(true);
  firstIsDone.resolve();
  await refused;
  await expectWhole();
});

test('what a killed restore left stays what it is, under a name that says so', async () => {
  const killed = withWrites(async () => {
    throw new Error('killed');
  });
  killed.remove = async () => {};
  await expect(restore(repository, point, { directory, files: killed, random })).rejects.toThrow('killed');
  const [left] = await readdir(directory);
  expect(left).toMatch(/^disk-0\.raw\.unfinished-restore-[0-9a-f]{8}$/);
  await restore(repository, point, { directory, files: nodeFiles, random });
  expect((await readdir(directory)).sort()).toEqual(['disk-0.raw', left, 'disk-1.raw']);
});

test.each([false, true])('a name that cannot be given: what was named is told (force: %j)', async force => {
  await mkdir(directory);
  if (force) for (const n of [0, 1]) await writeFile(join(directory, `disk-${n}.raw`), 'old');
  const files: Files = {
    ...nodeFiles,
    async rename(from, to) {
      if (to.endsWith('disk-1.raw'))
        throw new Failure(world('disk-full', `can't rename to ${to}: it is full`));
      return nodeFiles.rename(from, to);
    },
  };
  const error = await restore(repository, point, { directory, files, random, force }).catch(e => e);
  expect(error.message).toMatch(/disk-0\.raw holds this point already, disk-1\.raw doesn't: .*it is full/);
  expect(JSON.stringify(error.diagnostics)).not.toContain('nothing was left behind');
  expect((await readFile(join(directory, 'disk-0.raw'))).equals(images[0]!)).toBe(true);
  expect((await readdir(directory)).sort()).toEqual(force ? ['disk-0.raw', 'disk-1.raw'] : ['disk-0.raw']);
});

test('a file system that is too small is refused before writing', async () => {
  const files: Files = { ...nodeFiles, freeSpace: async () => 100 };
  await expect(restore(repository, point, { directory, files, random })).rejects.toThrow(
    // The last block of the first disk has three bytes.
    `${images[0]!.length + K} bytes are needed and 100 are free`,
  );
  expect(await readdir(directory)).toEqual([]);
});

test('a disk that fills up on the way is one message and leaves nothing', async () => {
  const files = withWrites(async n => {
    if (n === 3) throw new Failure(world('disk-full', "can't write: the disk is full"));
  });
  await expect(restore(repository, point, { directory, files, random })).rejects.toThrow(
    /can't be restored to .*: the disk is full/,
  );
  expect(await readdir(directory)).toEqual([]);
});

test('no file gets its name while another disk is still unread', async () => {
  const pack = [...store.objects.keys()].filter(k => k.includes('/packs/')).at(-1)!;
  const whole = store.objects.get(pack)!;
  const bytes = Buffer.from(whole.bytes);
  bytes[40]! ^= 1;
  store.objects.set(pack, { ...whole, bytes });
  const restoring = restore(repository, point, { directory, files: nodeFiles, random });
  await expect(restoring).rejects.toThrow(`the repository's object ${pack} is damaged`);
  expect(await readdir(directory)).toEqual([]);
});

test('an interrupted restore leaves nothing', async () => {
  const stop = new AbortController();
  const restoring = restore(repository, point, {
    directory,
    files: nodeFiles,
    random,
    signal: stop.signal,
    progress: () => stop.abort(new Error('interrupted')),
  });
  await expect(restoring).rejects.toThrow('interrupted');
  expect(await readdir(directory)).toEqual([]);
});

test('neighbouring blocks of a pack are one request', async () => {
  const before = store.calls.length;
  await restore(repository, point, { directory, files: nodeFiles, random });
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

test('restored disks are their owner’s alone from the first moment, also in place of others', async () => {
  const modes: number[] = [];
  const watching = withWrites(async () => {
    for (const name of await readdir(directory)) modes.push((await stat(join(directory, name))).mode & 0o777);
  });
  await restore(repository, point, { directory, files: watching, random });
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  await chmod(join(directory, 'disk-0.raw'), 0o644);
  await restore(repository, point, { directory, files: nodeFiles, random, force: true });
  for (const n of images.keys())
    expect((await stat(join(directory, `disk-${n}.raw`))).mode & 0o777).toBe(0o600);
});
