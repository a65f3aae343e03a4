import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { Failure, world as unreached } from '../../src/diagnostics/diagnostic.ts';
import { estimate, wayOf } from '../../src/recovery/failback/differences.ts';
import { bringHome, lookAhead } from '../../src/recovery/failback/failback.ts';
import { writeFolder } from '../../src/recovery/failback/folder.ts';
import { changesAtHome } from '../../src/recovery/failback/home-changes.ts';
import { digestOfRanges, writeRanges } from '../../src/recovery/failback/write-ranges.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { undo } from '../../src/recovery/failover/take-over.ts';
import { SNAPSHOT_BLOCK as BLOCK, type SnapshotStore } from '../../src/recovery/model/snapshots.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { scratch } from '../support/cli.ts';
import { aDisk, pointContent } from '../support/repository.ts';
import { away, files, size } from './away.ts';
import { killedBefore } from './begun.ts';
import { sha256, someBytes } from './fixture.ts';
import { CHANGE_ID, type Resting, resting } from './resting.ts';

test('a folder has what differs from home, no padding, and makes home what it is in EC2 byte for byte', async () => {
  const world = await away();
  const seen = await lookAhead(await world.options(), { to: 'folder', directory: world.directory, files });
  expect((await world.live())[0]!.State!.Name).toBe('running');
  const { bytes, rescan } = await world.toFolder();
  expect(rescan).toBeUndefined();
  // Three of the guest, of which one is zeros, and the tail, which is cut off where the disk ends.
  expect(bytes).toBe(2 * BLOCK + 512 * 3);
  expect(seen.bytes).toBeGreaterThanOrEqual(bytes);
  const [disk] = (await world.index()).disks;
  expect(disk).toMatchObject({
    mode: 'changes',
    bytes: size,
    extents: [
      [BLOCK, 2 * BLOCK],
      [8 * BLOCK, 512 * 3],
    ],
    zeros: [[3 * BLOCK, BLOCK]],
  });
  expect(sha256(await world.applied())).toBe(sha256(world.expected));
  const { data } = await world.lab.command({
    do: 'volume',
    volume: world.volume,
    firstStart: false,
    length: size,
  });
  expect(data).toMatchObject({ sha256: sha256(world.expected), restIsZero: false });
  expect((await world.live())[0]!.State!.Name).toBe('stopped');
  expect(await world.held()).toBeDefined();
});

test('a home that ran on after the point: what it wrote goes, too', async () => {
  const world = await away();
  world.machine.write(5 * BLOCK + 7, someBytes('ran on', BLOCK));
  world.machine.write(BLOCK + 9, someBytes('as well', 50));
  await world.toFolder();
  expect((await world.index()).disks[0]).toMatchObject({ mode: 'changes' });
  expect(sha256(await world.applied())).toBe(sha256(world.expected));
});

test('home that can not be asked: whole disks are taken, and whoever puts them there has to rescan', async () => {
  const world = await away();
  world.machine.inspect = () => Promise.reject(new Failure(unreached('vsphere-unreachable', 'no answer')));
  expect(await world.toFolder()).toMatchObject({ rescan: true });
  expect((await world.index()).disks[0]).toMatchObject({ mode: 'whole', why: 'no answer' });
  expect(world.machine.asked).toEqual([]);
});

test('change tracking that was reset: whole disks are taken, whatever home has', async () => {
  const world = await away(image => {
    const machine = resting(image);
    machine.changed = 'reset';
    // Nobody can say that it did.
    someBytes('unseen', 300).copy(machine.disk, 6 * BLOCK);
    return machine;
  });
  await world.toFolder();
  expect((await world.index()).disks[0]).toMatchObject({ mode: 'whole' });
  expect(sha256(await world.applied())).toBe(sha256(world.expected));
});

const point = (changeId?: string) => ({
  ...pointContent(),
  id: 'p',
  generation: 1,
  disks: [aDisk(size, changeId === undefined ? {} : { changeId })],
});

test.for<[string, (machine: Resting) => void, string | undefined, RegExp]>([
  [
    'change tracking that was reset',
    one => Object.assign(one, { changed: 'reset' }),
    CHANGE_ID,
    /was reset since/,
  ],
  [
    'another VM of its name',
    one => Object.assign(one, { uuid: 'other' }),
    CHANGE_ID,
    /another VM has its name/,
  ],
  ['one that runs', one => Object.assign(one.is, { poweredOn: true }), CHANGE_ID, /it runs at home/],
  [
    'another disk in its place',
    one => Object.assign(one.is.disks[0]!, { identity: 'x' }),
    CHANGE_ID,
    /another disk/,
  ],
  ['another size', one => Object.assign(one.is.disks[0]!, { capacity: 512 }), CHANGE_ID, /another size/],
  ['a point without a change id', () => {}, undefined, /tracking was off/],
])('%s: nobody can say what changed at home', async ([, change, changeId, why]) => {
  const machine = resting(Buffer.alloc(size));
  change(machine);
  const found = await changesAtHome(machine, point(changeId));
  expect(found.get(0)).toEqual({ unknown: expect.stringMatching(why) });
  expect((await changesAtHome(undefined, point())).get(0)).toHaveProperty('unknown');
});

test('into the disks at home: tracking ends first, then all is written, compared, and replication goes on', async () => {
  const world = await away();
  world.machine.is.poweredOn = true;
  world.machine.is.snapshots = [{ moref: 's', name: 'before', created: 0, quiesced: false }];
  const into = async (step?: (name: string) => Promise<void>) =>
    bringHome(await world.options(step), { to: 'disk' });
  await expect(into()).rejects.toThrow(/it runs[\s\S]*it has snapshots: before/);
  expect(world.machine.asked).toEqual([]);
  world.machine.is.poweredOn = false;
  world.machine.is.snapshots = [];
  expect(await into()).toEqual({ bytes: size, records: [] });
  expect(world.machine.asked).toEqual(['end-tracking', 'replace']);
  expect(sha256(world.machine.disk)).toBe(sha256(world.expected));
  expect(await world.held()).toBeUndefined();

  const written = world.machine.open;
  world.machine.open = async disk => {
    world.machine.disk[5] = 1;
    return written(disk);
  };
  await expect(into()).rejects.toThrow("isn't at home what it is in EC2");
});

/** A home whose disks take ranges. */
const ranged = (image: Buffer): Resting => {
  const machine = resting(image);
  delete machine.wholeOnly;
  return machine;
};

test('into ranges of its disks: what either side changed and nothing else is written, and read back', async () => {
  const world = await away(ranged);
  world.machine.write(5 * BLOCK + 7, someBytes('ran on', BLOCK));
  const seen = await lookAhead(await world.options(), { to: 'disk' });
  expect(world.machine.asked).toEqual([]);
  const { bytes } = await bringHome(await world.options(), { to: 'disk' });
  // Of the guest in EC2 blocks 1, 2, 3 (zeros by now) and the tail; of home 5 and 6.
  expect(world.machine.wrote.map(({ start }) => start / BLOCK).sort()).toEqual([1, 2, 3, 5, 6, 8]);
  expect(bytes).toBe(5 * BLOCK + 512 * 3);
  expect(seen).toMatchObject({ writes: bytes, disks: [{ mode: 'changes' }] });
  expect(seen.atMost).toBeUndefined();
  expect(world.machine.asked).toEqual(['end-tracking', 'open-to-write', 'flush']);
  expect(sha256(world.machine.disk)).toBe(sha256(world.expected));
  expect(await world.held()).toBeUndefined();
});

test('into ranges, when nobody can say what home changed: all is compared, and what differs is written', async () => {
  const world = await away(image => {
    const machine = ranged(image);
    machine.changed = 'reset';
    someBytes('unseen', 300).copy(machine.disk, 6 * BLOCK);
    return machine;
  });
  expect(await lookAhead(await world.options(), { to: 'disk' })).toMatchObject({
    writes: size,
    atMost: true,
  });
  const { bytes } = await bringHome(await world.options(), { to: 'disk' });
  expect(world.machine.wrote.map(({ start }) => start / BLOCK).sort()).toEqual([1, 2, 3, 6, 8]);
  expect(bytes).toBe(4 * BLOCK + 512 * 3);
  expect(sha256(world.machine.disk)).toBe(sha256(world.expected));
});

test('into ranges, where home keeps something else than was written: said, and nothing of it goes on', async () => {
  const world = await away(ranged);
  const { openToWrite } = world.machine;
  world.machine.openToWrite = async disk => ({
    ...(await openToWrite(disk)),
    async flush() {
      world.machine.disk[BLOCK + 3]! ^= 1;
    },
  });
  await expect(bringHome(await world.options(), { to: 'disk' })).rejects.toThrow(
    "isn't at home what it is in EC2",
  );
  expect(await world.held()).toBeDefined();
});

test('home is not written while anything is in the way, and each of it is said', async () => {
  const world = await away(ranged);
  const { is } = world.machine;
  is.poweredOn = true;
  is.snapshots = [{ moref: 's', name: 'before', created: 0, quiesced: false }];
  is.disks[0]!.capacity += 512;
  for (const go of [
    async () => lookAhead(await world.options(), { to: 'disk' }),
    async () => bringHome(await world.options(), { to: 'disk' }),
  ])
    await expect(go()).rejects.toThrow(
      /it runs[\s\S]*it has snapshots: before[\s\S]*Hard disk 1 has 4196352 bytes there, and 4195840 in EC2/,
    );
  is.disks[0]!.identity = 'another';
  await expect(lookAhead(await world.options(), { to: 'disk' })).rejects.toThrow(
    "it hasn't Hard disk 1 any more",
  );
  is.disks[0]!.identity = 'disk-a';
  is.disks[0]!.unprotectable = 'shared disk (multi-writer)';
  is.disks[0]!.capacity = size;
  await expect(lookAhead(await world.options(), { to: 'disk' })).rejects.toThrow(
    'shared disk (multi-writer)',
  );
  expect(world.machine.asked).toEqual([]);
});

test('one per cent of 40 GiB: what is written is what changed, and is said before, with its time', async () => {
  const GiB = 2 ** 30;
  const all = (40 * GiB) / BLOCK;
  const changed = Array.from({ length: all / 100 }, (_, n) => n * 100 + (n % 7));
  const bytes = someBytes('changed', BLOCK);
  let now = 0;
  const store = {
    async *changed() {
      for (const index of changed) yield { index, token: String(index) };
    },
    async get() {
      now += 500;
      return bytes;
    },
  } as unknown as SnapshotStore;
  const of = { disk: aDisk(40 * GiB), replica: 'snap-1', snapshot: 'snap-2', home: { areas: [] } };
  const disks = [{ of, way: await wayOf(store, of) }];
  const said = await estimate(store, disks, () => now);
  const began = now;
  const directory = join(await scratch(), 'home');
  const step = async () => {};
  const owner = { version: 1, repository: 'r', plan: 'web', failover: 1, vm: 'v', point: 'p' } as const;
  const written = await writeFolder({ directory, files, of: owner, store, point: point(), disks, step });
  expect((await stat(join(directory, 'disk-0.data'))).size).toBe(written);
  expect(written).toBeLessThanOrEqual(1.1 * changed.length * BLOCK);
  expect(Math.abs(said.bytes / written - 1)).toBeLessThan(0.2);
  expect(Math.abs(said.seconds / ((now - began) / 1000) - 1)).toBeLessThan(0.2);

  // Into ranges of a disk: EC2 is read while home is written, which is slower here, and is read back.
  const spent = { there: 0, home: 0, back: 0 };
  const clock = () => Math.max(spent.there, spent.home) + spent.back;
  const timed = {
    ...store,
    async get() {
      spent.there += 500;
      return bytes;
    },
  } as unknown as SnapshotStore;
  const wrote: number[] = [];
  const source = (onRead: (length: number) => void) => ({
    size: 40 * GiB,
    async readInto(into: Buffer) {
      onRead(into.length);
      for (let at = 0; at < into.length; at += BLOCK) bytes.copy(into, at);
    },
    close: async () => {},
  });
  const reading = source(length => {
    spent.back += (800 * length) / BLOCK;
  });
  const home = { whole: false, open: async () => reading };
  const into = await estimate(timed, disks, clock, home);
  const start = clock();
  const target = {
    ...reading,
    async write(offset: number, { length }: Buffer) {
      spent.home += (800 * length) / BLOCK;
      wrote.push(offset / BLOCK);
    },
    flush: async () => {},
  };
  const done = await writeRanges(target, disks[0]!, timed);
  expect(await digestOfRanges(reading, done.ranges)).toBe(done.sha256);
  expect(wrote).toEqual(changed);
  expect(done.bytes).toBeLessThanOrEqual(1.1 * changed.length * BLOCK);
  expect(Math.abs(into.writes / done.bytes - 1)).toBeLessThan(0.2);
  expect(Math.abs(into.seconds / ((clock() - start) / 1000) - 1)).toBeLessThan(0.2);
});

test('into ranges, killed in the middle of its blocks: the same goes on, and it is whole at home', async () => {
  const world = await away(ranged);
  const { openToWrite } = world.machine;
  let left = 2;
  world.machine.openToWrite = async disk => {
    const target = await openToWrite(disk);
    return {
      ...target,
      async write(offset, bytes) {
        if (left-- > 0) return target.write(offset, bytes);
        throw new Failure(unreached('nbdkit-failed', 'killed'));
      },
    };
  };
  const go = async () => bringHome(await world.options(), { to: 'disk' });
  await expect(go()).rejects.toThrow('killed');
  expect(world.machine.wrote).toHaveLength(2);
  expect(await world.held()).toBeDefined();
  left = Number.POSITIVE_INFINITY;
  await go();
  expect(sha256(world.machine.disk)).toBe(sha256(world.expected));
});

const common = ['failback', 'stop-web01', 'snapshot-final-0', 'frozen'];
test.for([
  ...[...common, 'folder', 'data-0', 'index', 'brought'].map(step => ['folder', step] as const),
  ...['untrack', 'write-0', 'compare-0', 'brought', 'unsuspend'].map(step => ['disk', step] as const),
  ...['untrack', 'write-0', 'compare-0', 'brought', 'unsuspend'].map(step => ['range', step] as const),
])('into a %s, killed before %s: the same goes on, and it is whole at home', async ([to, step]) => {
  const world = await away(to === 'range' ? ranged : resting);
  const go = async (at?: (name: string) => Promise<void>) =>
    to === 'folder' ? world.toFolder(at) : bringHome(await world.options(at), { to: 'disk' });
  await expect(go(killedBefore(step))).rejects.toThrow('killed');
  // Nobody makes points of home before all is there.
  expect(await world.held()).toBeDefined();
  await go();
  expect(sha256(to === 'folder' ? await world.applied() : world.machine.disk)).toBe(sha256(world.expected));
  const { run } = await world.at();
  expect(run.steps.filter(({ what }) => what === 'failback')).toHaveLength(1);
  expect(await world.recovery.snapshots.list({ tags: { 'converge:failback': 'final' } })).toHaveLength(1);
});

test('an undo whose snapshots may not be removed ends all else, says what is left, and goes on', async () => {
  const world = await away();
  await world.toFolder();
  const ended = async () => undo({ ...(await world.at()), cloud: world.recovery });
  const taken = (await world.recovery.snapshots.list({ tags: {} })).filter(({ ofVolume }) => ofVolume);
  expect(taken).not.toEqual([]);
  const denied = { kind: 'access-denied', operation: 'DeleteSnapshot', times: 1000 } as const;
  await world.lab.command({ do: 'fault', on: 'ec2', rule: denied });
  const failure = (await ended().then(
    () => undefined,
    (error: unknown) => error,
  )) as Failure;
  const [said, ...causes] = failure.diagnostics;
  expect(said).toMatchObject({ code: 'left-behind', category: 'world' });
  for (const { id } of taken) expect(said!.message).toContain(`snapshot ${id}`);
  expect(said!.message).toContain('it costs $0.05 a month for each GiB that a snapshot alone has');
  expect(said!.message).not.toMatch(/instance|volume|image/);
  expect(said!.hint).toContain('go on with `converge failover undo web PATHS`');
  expect(causes[0]!.message).toContain('ec2:DeleteSnapshot');
  expect(await world.live()).toEqual([]);
  const { run } = await world.at();
  expect(stateOf(run)).toBe('undoing');
  const nothing = { instances: [], images: [], volumes: [], foreign: [] };
  const left = { ...nothing, snapshots: taken.map(({ id }) => id) };
  expect(await standing(world.repository, run, world.recovery)).toMatchObject(left);
  expect(run.steps.at(-1)).toMatchObject({ what: 'left', things: taken.map(({ id }) => ({ id })) });

  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'clear' } });
  await ended();
  expect(stateOf((await world.at()).run)).toBe('cleaned');
  expect(await world.held()).toBeUndefined();
  const now = (await world.recovery.snapshots.list({ tags: {} })).filter(({ ofVolume }) => ofVolume);
  expect(now).toEqual([]);
});
