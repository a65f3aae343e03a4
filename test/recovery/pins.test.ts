import { expect, test } from 'vitest';
import { beginRun } from '../../src/recovery/failover/begin.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { lift, pin, pinned } from '../../src/replication/retention/pins.ts';
import { memoryStore } from '../support/memory-store.ts';
import { commitImage, openTest } from '../support/repository.ts';
import { begun, firmware, killedBefore } from './begun.ts';
import { someBytes } from './fixture.ts';

const point = (vm: string, id = 'p1') => ({ vm, point: id });
const held = async (repository: Parameters<typeof pinned>[0]) =>
  (await pinned(repository)).map(({ holder, vm, point: id }) => `${holder} ${vm} ${id}`);

test('each holder has its own pins, none twice; lifting takes those of one', async () => {
  const repository = await openTest(memoryStore());
  expect(await pinned(repository)).toEqual([]);
  await pin(repository, 'web/1', [point('a'), point('b')], 5);
  await pin(repository, 'web/1', [point('b'), point('c')], 6);
  await pin(repository, 'db/1', [point('a')], 7);
  const records = await repository.records.numbers('pins', 'pins');
  await pin(repository, 'db/1', [point('a')], 8);
  expect(await repository.records.numbers('pins', 'pins')).toEqual(records);
  expect(await held(repository)).toEqual(['web/1 a p1', 'web/1 b p1', 'web/1 c p1', 'db/1 a p1']);
  await lift(repository, 'web/1');
  expect(await held(repository)).toEqual(['db/1 a p1']);
});

test('of many who pin at once none is lost', async () => {
  const repository = await openTest(memoryStore());
  const holders = Array.from({ length: 8 }, (_, n) => `web/${n}`);
  await Promise.all(holders.map(holder => pin(repository, holder, [point('a')], 0)));
  expect((await pinned(repository)).map(({ holder }) => holder).sort()).toEqual(holders);
});

test('a run’s points are pinned from before its record until it is cleaned up', async () => {
  const world = await begun();
  const { repository, point: of } = world;
  expect(await pinned(repository)).toEqual([]);
  await rehearse(await world.at());
  expect(await pinned(repository)).toMatchObject([{ holder: 'web/1', vm: of.vm.uuid, point: of.id }]);
  // Two more points: without the pin keeping one would retire the first one's snapshot.
  for (const seed of ['two', 'three']) {
    await commitImage(world.vm, someBytes(seed, 700_000), { point: { machine: firmware } });
    await world.build({ keep: 1 });
  }
  expect(await world.store.list({ ids: world.disks.map(({ snapshot }) => snapshot) })).toHaveLength(1);
  await cleanUp(await world.at());
  expect(await pinned(repository)).toEqual([]);
  const { retired } = await world.build({ keep: 1 });
  expect(retired).toEqual(world.disks.map(({ snapshot }) => snapshot));
});

test('a clean-up that dies before it proved that nothing is left leaves the pins', async () => {
  const world = await begun();
  await rehearse(await world.at());
  await expect(cleanUp(await world.at(killedBefore('unschedule')))).rejects.toThrow('killed');
  expect(await pinned(world.repository)).toHaveLength(1);
});

/** What a run of nothing is begun with. */
async function beginning(plan = 'empty') {
  const world = await begun();
  const { repository, point: of } = world;
  const rest = { account: '', subnet: '', group: '', limit: 1, groups: [], probes: {} };
  const start = (step: (name: string) => Promise<void> = async () => {}, make = async () => rest) =>
    beginRun({ repository, plan, after: 0, points: [of], began: 1, make, step });
  return { repository, start, rest };
}

test.for([
  ['pin', 0],
  ['begin', 1],
] as const)('killed before %s, the next one begins the same run', async ([step, pins]) => {
  const { repository, start } = await beginning();
  await expect(start(killedBefore(step))).rejects.toThrow('killed');
  expect(await pinned(repository)).toHaveLength(pins);
  expect((await start()).start.number).toBe(1);
  expect(await held(repository)).toHaveLength(1);
});

test('of two operators on two machines one begins; the other one is told so and launches nothing', async () => {
  const { start, rest } = await beginning();
  let arrived = 0;
  let go = () => {};
  const both = new Promise<void>(resolve => {
    go = resolve;
  });
  // Each sees no run, and comes to the record after the other one saw none either.
  const meet = async () => {
    if (++arrived === 2) go();
    await both;
    return rest;
  };
  const results = await Promise.allSettled([start(undefined, meet), start(undefined, meet)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { reason } = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(reason).toMatchObject({ diagnostics: [{ code: 'failover-begun', category: 'blocked' }] });
});

test('whoever looked before another run was over begins none', async () => {
  const { repository, start, rest } = await beginning();
  await start();
  await lift(repository, 'empty/1');
  const made: string[] = [];
  const late = start(undefined, async () => {
    made.push('replica');
    return rest;
  });
  await expect(late).rejects.toMatchObject({ diagnostics: [{ code: 'failover-begun' }] });
  // Neither pins nor anything to launch from.
  expect([await held(repository), made]).toEqual([[], []]);
});
