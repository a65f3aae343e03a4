import { mkdir, mkdtemp, readdir, rename, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure, world } from '../../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../../src/io/node.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { createRepository } from '../../../src/replication/repository/open-repository.ts';
import { fileStore } from '../../../src/replication/stores/file.ts';
import { unfinishedName } from '../../../src/replication/stores/unfinished.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { objectStoreContract } from '../../aws/object-store-contract.ts';
import { CycleWorld } from '../../support/cycles.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, readImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

let folder: string;
let store: ObjectStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'converge-store-'));
  store = fileStore(join(folder, 'repo'), nodeHost());
});
afterEach(() => rm(folder, { recursive: true }));

objectStoreContract('file://', async () => fileStore(await mkdtemp(join(folder, 'contract-')), nodeHost()));
objectStoreContract('of the tests', async () => memoryStore());

const dirFor = () => join(folder, 'repo');
const create = { when: { ifNoneMatch: '*' } } as const;
const text = async (key: string) => (await store.get(key))?.bytes.toString();
const keys = async (prefix: string) => {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
};

test('an object is created once and read whole or by range', async () => {
  const first = await store.put('a/b', Buffer.from('hello'), create);
  expect(first.ok).toBe(true);
  expect(await store.put('a/b', Buffer.from('other'), create)).toEqual({ ok: false, reason: 'precondition' });
  expect(await text('a/b')).toBe('hello');
  expect((await store.get('a/b', { range: { start: 1, end: 3 } }))?.bytes.toString()).toBe('el');
  expect((await store.get('a/b', { range: { start: 3, end: 99 } }))?.bytes.toString()).toBe('lo');
  expect(await store.head('a/b')).toMatchObject({ key: 'a/b', size: 5, etag: first.ok && first.etag });
  expect(await store.get('a/c')).toBeUndefined();
  expect(await store.head('a')).toBeUndefined();
});

test('a replacement needs the etag of what is there', async () => {
  const one = await store.put('head', Buffer.from('1'), create);
  if (!one.ok) throw new Error('not created');
  const two = await store.put('head', Buffer.from('2'), { when: { ifMatch: one.etag } });
  expect(two.ok).toBe(true);
  expect(await store.put('head', Buffer.from('3'), { when: { ifMatch: one.etag } })).toEqual({
    ok: false,
    reason: 'precondition',
  });
  expect(await store.put('none', Buffer.from('x'), { when: { ifMatch: one.etag } })).toMatchObject({
    ok: false,
  });
  expect(await text('head')).toBe('2');
});

test('of many that create or replace at once exactly one wins', async () => {
  const stores = Array.from({ length: 8 }, () => fileStore(join(folder, 'repo'), nodeHost()));
  const created = await Promise.all(stores.map((s, n) => s.put('head', Buffer.from(`c${n}`), create)));
  expect(created.filter(r => r.ok)).toHaveLength(1);
  const { etag } = (await store.head('head'))!;
  const replaced = await Promise.all(
    stores.map((s, n) => s.put('head', Buffer.from(`r${n}`), { when: { ifMatch: etag } })),
  );
  expect(replaced.filter(r => r.ok)).toHaveLength(1);
  expect(await text('head')).toBe(`r${replaced.findIndex(r => r.ok)}`);
});

test('a folder in the place of a point that only the head has yet ends the next commit, before the head forgets it', async () => {
  const vm = async (seed: string) => (await openTest(store, undefined, seed)).vm(VM.uuid);
  await commitImage(await vm('first'), Buffer.alloc(65536, 1));
  const key = (await keys('')).find(each => each.includes('/points/'))!;
  await rm(join(folder, 'repo', key));
  await mkdir(join(folder, 'repo', key));
  await expect(commitImage(await vm('second'), Buffer.alloc(65536, 2))).rejects.toThrow(
    `${key} is damaged: it was refused as being there already, and is not there`,
  );
  expect((await (await vm('reader')).points()).map(({ generation }) => generation)).toEqual([1]);
  await rmdir(join(folder, 'repo', key));
  await commitImage(await vm('third'), Buffer.alloc(65536, 2));
  expect((await verify(await openTest(store, undefined, 'verifier'))).problems).toEqual([]);
});

test('the list is in UTF-8 order of whole keys and leaves out unfinished writes', async () => {
  for (const key of ['b', 'a/x', 'a-b', 'a0', 'a/y/z', 'c/d']) await store.put(key, Buffer.from(key), create);
  await writeFile(join(folder, 'repo', 'a', '~put-dead'), 'half');
  expect(await keys('')).toEqual(['a-b', 'a/x', 'a/y/z', 'a0', 'b', 'c/d']);
  expect(await keys('a/')).toEqual(['a/x', 'a/y/z']);
  expect(await keys('a/y')).toEqual(['a/y/z']);
  expect(await keys('nothing/')).toEqual([]);
});

test('an object that was removed is gone, and removing it again is fine', async () => {
  await store.put('a/b', Buffer.from('x'), create);
  await store.remove('a/b');
  await store.remove('a/b');
  expect(await store.get('a/b')).toBeUndefined();
});

test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', '~lock-x', 'a/..', 'a\\b', ''])(
  'the name %j is refused',
  async key => {
    await expect(store.put(key, Buffer.from('x'), create)).rejects.toThrow('is not an object name');
    await expect(store.get(key)).rejects.toThrow('is not an object name');
  },
);

test('nothing but the objects is left behind, whatever the outcome', async () => {
  await store.put('k', Buffer.from('1'), create);
  await store.put('k', Buffer.from('2'), create);
  const visible = (await readdir(join(folder, 'repo'))).filter(name => name.startsWith('~put-'));
  expect(visible).toEqual([]);
});

test('what killed writers left is removed after a day, when the folder is next written', async () => {
  await store.put('a/b', Buffer.from('x'), create);
  const [old, recent, lock] = ['~put-old', '~put-recent', '~lock-b'].map(n => join(folder, 'repo/a', n));
  for (const path of [old!, recent!, lock!]) await writeFile(path, 'half');
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  for (const path of [old!, lock!]) await utimes(path, twoDaysAgo, twoDaysAgo);
  await fileStore(join(folder, 'repo'), nodeHost()).put('a/c', Buffer.from('y'), create);
  expect((await readdir(join(folder, 'repo/a'))).sort()).toEqual(['b', 'c', '~lock-b', '~put-recent']);
});

test('a full disk heals: what dead writers of this machine left goes at once, and the write is made again', async () => {
  const host = nodeHost();
  const here = { host: 'here', machine: 'm', boot: 'b', namespace: 'n' };
  const table = {
    pid: 7,
    place: async () => here,
    startOf: async (pid: number) => ({ 7: 'now', 8: 'on' })[pid],
  };
  const name = (random: string, pid: number, start: string, of = here) =>
    unfinishedName(random, { ...of, pid, start });
  await store.put('a/b/c', Buffer.from('x'), create);
  const left = {
    gone: name('gone', 9, 'then'),
    reused: name('reused', 8, 'before'),
    alive: name('alive', 8, 'on'),
    elsewhere: name('elsewhere', 9, 'then', { ...here, host: 'there' }),
    unknown: '~put-unknown',
  };
  const folder = join(dirFor(), 'a/b');
  for (const each of Object.values(left)) await writeFile(join(folder, each), 'half');
  // Full for as long as the dead ones are there.
  const files = {
    ...host.files,
    async open(...of: Parameters<typeof host.files.open>) {
      const file = await host.files.open(...of);
      if (of[1] !== 'create-new' || !file) return file;
      const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const write: typeof file.write = async (...what) => {
        if ((await readdir(folder)).includes(left.gone)) throw full();
        return file.write(...what);
      };
      return Object.assign(Object.create(file), { write }) as typeof file;
    },
  } as typeof host.files;
  const tight = fileStore(dirFor(), { ...host, files }, table);
  expect(await tight.put('other', Buffer.from('y'), create)).toMatchObject({ ok: true });
  expect((await readdir(folder)).sort()).toEqual(['c', left.alive, left.elsewhere, left.unknown].sort());
  // Nothing to sweep: the error as it is, and nothing left of the try.
  await writeFile(join(folder, left.gone), 'half');
  const others = fileStore(dirFor(), { ...host, files }, { ...table, startOf: async () => 'then' });
  await expect(others.put('more', Buffer.from('y'), create)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect((await readdir(dirFor())).filter(each => each.startsWith('~put-'))).toEqual([]);
});

test('what can not be written is called by its own name, the same each time', async () => {
  const host = nodeHost();
  const files = {
    ...host.files,
    open: async (path: string) => {
      throw new Failure(world('file-access', `can't write ${path}: the disk is full`));
    },
  } as typeof host.files;
  const put = fileStore(folder, { ...host, files }).put('vms/x', Buffer.from('y'), create);
  await expect(put).rejects.toThrow(`can't write ${join(folder, 'vms', 'x')}: the disk is full`);
});

test('equal etags mean equal content, whatever the clock says', async () => {
  await store.put('k', Buffer.from('one'), create);
  const before = (await store.head('k'))!;
  await writeFile(join(folder, 'repo', 'k'), 'two');
  await utimes(join(folder, 'repo', 'k'), before.modified / 1000, before.modified / 1000);
  expect((await store.head('k'))!.etag).not.toBe(before.etag);
});

test('a folder that cannot be written is one message', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(
    fileStore(join(folder, 'file', 'x'), nodeHost()).put('k', Buffer.from('1'), create),
  ).rejects.toThrow("can't make the directory");
});

test('a repository lives in a directory', async () => {
  const image = new SeededRandom('image').bytes(20 * 2 ** 20 + 77);
  const repository = await openTest(store, aKey());
  const done = await commitImage(repository.vm(VM.uuid), image);
  if (done === 'lost-race') throw new Error('lost');
  expect((await readImage(repository.vm(VM.uuid), done.point)).equals(image)).toBe(true);
  expect((await verify(repository)).problems).toEqual([]);
});

test('a file system that is unmounted in a cycle ends it, and nothing is made in the empty folder', async () => {
  const cycles = new CycleWorld(4 * 64 * 1024);
  cycles.disk.write(0, Buffer.alloc(4 * 64 * 1024, 7));
  const random = new SeededRandom('mount');
  const mount = join(folder, 'repo');
  const run = async (step: (name: string) => Promise<void>) => {
    const repository = await createRepository(fileStore(mount, nodeHost()), { random });
    return runCycle({ ...(await cycles.process()), repository, step });
  };
  await run(async () => {});
  for (const at of ['copy-disk-0', 'pack', 'head', 'point']) {
    cycles.disk.write(0, random.bytes(64 * 1024));
    const failed = run(async name => {
      if (name !== at) return;
      await rename(mount, `${mount}.away`);
      await mkdir(mount);
    });
    if (at === 'point')
      expect((await failed).warnings.map(({ code }) => code)).toContain('repository-vanished');
    else await expect(failed, at).rejects.toThrow('was there a moment ago, and its converge.json is gone');
    expect(await readdir(mount), at).toEqual([]);
    expect(cycles.machine.snapshotNames, 'it leaves no snapshot behind').toEqual([]);
    await rmdir(mount);
    await rename(`${mount}.away`, mount);
    await cycles.clock.advance(3_600_000);
  }
  await run(async () => {});
});
