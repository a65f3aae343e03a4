import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import type { Files } from '../../src/io/ports.ts';
import type { Point } from '../../src/replication/model/point.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { restore } from '../../src/replication/restore/restore.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { aDisk, noStep, openTest, pointContent, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const K = 64 * 1024;
const random = new SeededRandom('restore');
const clock = new SteppedClock();
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

/** Files whose writes are announced, block by block, counted from 1. */
const withWrites = (before: (n: number) => Promise<void>): Files => {
  let writes = 0;
  return {
    ...nodeFiles,
    async open(path: string, mode: 'r' | 'r+' | 'create-new', options?: { mode?: number }) {
      const file = await nodeFiles.open(path, mode as 'r+', options);
      if (!file || mode === 'r') return file;
      return {
        ...file,
        async writev(pieces, offset) {
          let at = offset;
          for (const piece of pieces) {
            await before(++writes);
            await file.write(piece, at);
            at += piece.length;
          }
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
    clock,
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
  await restore(repository, point, { directory, files: nodeFiles, random, clock });
  await writeFile(join(directory, 'disk-0.raw'), 'mine');
  await rm(join(directory, 'disk-1.raw'));
  const before = store.calls.length;
  await expect(restore(repository, point, { directory, files: nodeFiles, random, clock })).rejects.toThrow(
    /disk-0.raw exists already/,
  );
  expect(store.calls.slice(before).filter(c => c.key.includes('/packs/'))).toEqual([]);
  expect(await readFile(join(directory, 'disk-0.raw'), 'utf8')).toBe('mine');
  await restore(repository, point, { directory, files: nodeFiles, random, clock, force: true });
  await expectWhole();
});

test('of two restores into one folder the second is refused, and told by whom', async () => {
  const reached = Promise.withResolvers<void>();
  const secondIsRefused = Promise.withResolvers<void>();
  const heldBeforeRename: Files = {
    ...nodeFiles,
    async rename(from, to) {
      if (to.endsWith('.raw')) {
        reached.resolve();
        await secondIsRefused.promise;
      }
      return nodeFiles.rename(from, to);
    },
  };
  const first = restore(repository, point, { directory, files: heldBeforeRename, random, clock });
  await reached.promise;
  await expect(restore(repository, point, { directory, files: nodeFiles, random, clock })).rejects.toThrow(
    `${directory} is being restored to by process ${process.pid}`,
  );
  secondIsRefused.resolve();
  await first;
  await expectWhole();
});

/** Blocks that a restore wrote, and requests for packs that it made. */
const counted = async (files = withWrites(async () => {})) => {
  let writes = 0;
  const before = store.calls.length;
  const counting: Files = {
    ...files,
    async open(path: string, mode: 'r' | 'r+' | 'create-new', options?: { mode?: number }) {
      const file = await files.open(path, mode as 'r+', options);
      if (!file || !path.includes('.raw')) return file;
      return {
        ...file,
        async writev(pieces, at) {
          await file.writev(pieces, at);
          writes += pieces.length;
        },
      };
    },
  };
  await restore(repository, point, { directory, files: counting, random, clock });
  return { writes, packs: store.calls.slice(before).filter(c => c.key.includes('/packs/')).length };
};

const killedAt = (write: number) =>
  withWrites(async n => {
    if (n === write) throw new Error('killed');
  });

const unfinished = (n: number) => join(directory, `disk-${n}.raw.unfinished-restore-${point.id}`);

test('A9: a restore that was killed goes on with what is there', async () => {
  await expect(restore(repository, point, { directory, files: killedAt(5), random, clock })).rejects.toThrow(
    'killed',
  );
  expect(await readdir(directory)).toEqual([`disk-0.raw.unfinished-restore-${point.id}`]);
  // Four of the six blocks of the first disk are there; the second disk has one.
  expect((await counted()).writes).toBe(3);
  await expectWhole();
});

test('A9: what is there is believed as far as it is proven, zeros included', async () => {
  await expect(restore(repository, point, { directory, files: killedAt(7), random, clock })).rejects.toThrow(
    'killed',
  );
  const file = await open(unfinished(0), 'r+');
  await file.write(Buffer.from('torn'), 0, 4, 2 * K);
  await file.close();
  const other = await open(unfinished(1), 'r+');
  await other.write(Buffer.from('not of this point'), 0, 17, 7 * K + 5);
  await other.truncate(images[1]!.length + 5 * K);
  await other.close();
  // The torn block, the one that should be zero, and the one that was missing.
  expect((await counted()).writes).toBe(3);
  await expectWhole();
});

test('A9: a file that was killed before it had its length has no zeros written to it', async () => {
  await expect(restore(repository, point, { directory, files: killedAt(7), random, clock })).rejects.toThrow(
    'killed',
  );
  await truncate(unfinished(1), 0);
  // The one block of the second disk that holds something.
  expect((await counted()).writes).toBe(1);
  await expectWhole();
});

test('A9: a restore that was killed between two names gives the other one', async () => {
  const files: Files = {
    ...nodeFiles,
    async rename(from, to) {
      if (to.endsWith('disk-1.raw')) throw new Error('killed');
      return nodeFiles.rename(from, to);
    },
  };
  await expect(restore(repository, point, { directory, files, random, clock })).rejects.toThrow('killed');
  expect((await readdir(directory)).sort()).toEqual([
    'disk-0.raw',
    `disk-1.raw.unfinished-restore-${point.id}`,
  ]);
  expect(await counted()).toEqual({ writes: 0, packs: 0 });
  await expectWhole();
});

test('A9: a file that has the name and holds something else is refused, also when others are unfinished', async () => {
  await expect(restore(repository, point, { directory, files: killedAt(7), random, clock })).rejects.toThrow(
    'killed',
  );
  await rm(unfinished(0));
  await writeFile(join(directory, 'disk-0.raw'), images[0]!.fill(1, 0, 1), { mode: 0o600 });
  await expect(restore(repository, point, { directory, files: nodeFiles, random, clock })).rejects.toThrow(
    /disk-0.raw exists already/,
  );
});

test.each([
  ['a file that others can write to', () => chmod(unfinished(0), 0o666)],
  ['a file that others can read', () => chmod(unfinished(0), 0o644)],
  [
    'a link',
    async () => {
      await rename(unfinished(0), join(directory, '..', 'elsewhere'));
      await symlink(join(directory, '..', 'elsewhere'), unfinished(0));
    },
  ],
])('A9: %s is not gone on with', async (_, change) => {
  await expect(restore(repository, point, { directory, files: killedAt(7), random, clock })).rejects.toThrow(
    'killed',
  );
  await change();
  // All six blocks of the first disk; the second goes on.
  expect((await counted()).writes).toBe(7);
  await expectWhole();
  expect((await lstat(join(directory, 'disk-0.raw'))).isFile()).toBe(true);
  expect((await stat(join(directory, 'disk-0.raw'))).mode & 0o777).toBe(0o600);
});

test('A9: in a folder that others can change nothing is gone on with', async () => {
  await expect(restore(repository, point, { directory, files: killedAt(7), random, clock })).rejects.toThrow(
    'killed',
  );
  await chmod(directory, 0o777);
  expect((await counted()).writes).toBe(7);
  await expectWhole();
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
  const error = await restore(repository, point, { directory, files, random, clock, force }).catch(e => e);
  expect(error.message).toMatch(/disk-0\.raw holds this point already, disk-1\.raw doesn't: .*it is full/);
  expect(JSON.stringify(error.diagnostics)).not.toContain('nothing was left behind');
  expect((await readFile(join(directory, 'disk-0.raw'))).equals(images[0]!)).toBe(true);
  expect((await readdir(directory)).sort()).toEqual([
    'disk-0.raw',
    ...(force ? ['disk-1.raw'] : []),
    `disk-1.raw.unfinished-restore-${point.id}`,
  ]);
});

test('a file system that is too small is refused before writing', async () => {
  const files: Files = { ...nodeFiles, freeSpace: async () => 100 };
  await expect(restore(repository, point, { directory, files, random, clock })).rejects.toThrow(
    // The last block of the first disk has three bytes.
    `${images[0]!.length + K} bytes are needed and 100 are free`,
  );
  expect(await readdir(directory)).toEqual([]);
});

test('a disk that fills up on the way is one message, and space is all that going on takes', async () => {
  const files = withWrites(async n => {
    if (n === 3) throw new Failure(world('disk-full', "can't write: the disk is full"));
  });
  await expect(restore(repository, point, { directory, files, random, clock })).rejects.toThrow(
    /can't be restored to .*: the disk is full\nwhat was restored so far stays in /,
  );
  // No more than what is missing: two of the blocks are there.
  const needed = images[0]!.length + K - 2 * K;
  await counted({ ...withWrites(async () => {}), freeSpace: async () => needed });
  await expectWhole();
});

test('no file gets its name while another disk is still unread', async () => {
  const pack = [...store.objects.keys()].filter(k => k.includes('/packs/')).at(-1)!;
  const whole = store.objects.get(pack)!;
  const bytes = Buffer.from(whole.bytes);
  bytes[40]! ^= 1;
  store.objects.set(pack, { ...whole, bytes });
  const restoring = restore(repository, point, { directory, files: nodeFiles, random, clock });
  await expect(restoring).rejects.toThrow(`the repository's object ${pack} is damaged`);
  expect((await readdir(directory)).filter(name => name.endsWith('.raw'))).toEqual([]);
});

test('an interrupted restore leaves what it wrote, for the next one', async () => {
  const stop = new AbortController();
  const restoring = restore(repository, point, {
    directory,
    files: nodeFiles,
    random,
    clock,
    signal: stop.signal,
    progress: () => stop.abort(new Error('interrupted')),
  });
  await expect(restoring).rejects.toThrow('interrupted');
  expect(await readdir(directory)).toEqual([`disk-0.raw.unfinished-restore-${point.id}`]);
});

test('neighbouring blocks of a pack are one request', async () => {
  const before = store.calls.length;
  await restore(repository, point, { directory, files: nodeFiles, random, clock });
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
    for (const name of (await readdir(directory)).filter(name => name.includes('.raw')))
      modes.push((await stat(join(directory, name))).mode & 0o777);
  });
  await restore(repository, point, { directory, files: watching, random, clock });
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  await chmod(join(directory, 'disk-0.raw'), 0o644);
  await restore(repository, point, { directory, files: nodeFiles, random, clock, force: true });
  for (const n of images.keys())
    expect((await stat(join(directory, `disk-${n}.raw`))).mode & 0o777).toBe(0o600);
});
