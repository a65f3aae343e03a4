import { expect, test } from 'vitest';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import {
  failoverOf,
  pause,
  pausesIn,
  resume,
  suspend,
  unsuspend,
} from '../../../src/replication/model/pauses.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';

const by = 'web/1';

async function site() {
  const world = new CycleWorld(256 * KiB);
  await world.run();
  const repository = await world.repository();
  const { uuid } = world.machine;
  const { name } = await world.machine.inspect();
  const failOver = async () => {
    await suspend(repository, by, [{ uuid, name }], 1);
    await repository.vm(uuid).fence();
  };
  return { world, repository, uuid, name, failOver };
}

const refused = /runs in AWS since the failover web\/1: no point is made/;

test('nobody makes a point of a VM that is failed over, until that is lifted', async () => {
  const { world, repository, failOver } = await site();
  await failOver();
  await expect(world.run()).rejects.toThrow(refused);
  expect(await world.points()).toHaveLength(1);
  expect((await world.machine.inspect()).snapshots).toEqual([]);
  await unsuspend(repository, by);
  await world.run();
  expect(await world.points()).toHaveLength(2);
});

test.for(['take-lease', 'create-snapshot', 'pack', 'pages', 'index', 'head'])(
  'failed over while a cycle is before %s: it makes no point, and says why',
  async at => {
    const { world, failOver } = await site();
    const [disk] = world.machine.disks;
    disk!.write(0, Buffer.alloc(64 * KiB, 9));
    const seen: string[] = [];
    const options = await world.process();
    await world.clock.advance(60_000);
    const cycle = runCycle({
      ...options,
      step: async name => {
        seen.push(name);
        if (name === at) await failOver();
      },
    });
    await expect(cycle).rejects.toThrow(refused);
    expect(seen).toContain(at);
    expect(await world.points()).toHaveLength(1);
    expect((await world.machine.inspect()).snapshots).toEqual([]);
  },
);

test('without a head, a cycle that began before makes no point either', async () => {
  const { world, failOver } = await site();
  world.store.objects.delete(world.key('/head'));
  const options = await world.process();
  await world.clock.advance(60_000);
  const cycle = runCycle({
    ...options,
    step: async name => {
      if (name === 'head') await failOver();
    },
  });
  await expect(cycle).rejects.toThrow(refused);
  expect(await world.points()).toHaveLength(1);
});

test('a head that was lost, or mended, tells nothing of failovers: the pauses are looked at', async () => {
  for (const harm of ['lost', 'damaged']) {
    const { world, repository, uuid, name } = await site();
    await suspend(repository, by, [{ uuid, name }], 1);
    const key = world.key('/head');
    if (harm === 'lost') world.store.objects.delete(key);
    else world.store.objects.get(key)!.bytes[60]! ^= 1;
    await expect(world.run()).rejects.toThrow(refused);
    expect(await world.points()).toHaveLength(1);
  }
});

test('what the head told of a failover that was lifted is gone with the next point', async () => {
  const { world, repository, uuid, failOver } = await site();
  await failOver();
  await unsuspend(repository, by);
  const vm = repository.vm(uuid);
  await vm.newest();
  expect([vm.suspended, await failoverOf(repository, vm)]).toEqual([true, undefined]);
  await world.run();
  await vm.newest();
  expect(vm.suspended).toBe(false);
  const names = () => world.store.calls.filter(({ name }) => name === 'list').length;
  const before = names();
  await failoverOf(repository, vm);
  expect(names()).toBe(before);
});

test('a pause neither replaces nor lifts a failover; another run is told which one holds the VM', async () => {
  const { repository, uuid, name, failOver } = await site();
  await failOver();
  await pause(repository, { vm: uuid, why: 'paused', until: 9, at: 1 });
  await resume(repository, [uuid]);
  expect(await pausesIn(repository)).toEqual([{ vm: uuid, why: 'failed-over', at: 1, by }]);
  // One that was paused by its name, before it had a point, is paused once and resumed whole.
  await pause(repository, { vm: 'web', why: 'paused', until: 9, at: 1 });
  await pause(repository, { vm: 'u-9', why: 'paused', until: 9, at: 1 }, ['u-9', 'web']);
  expect((await pausesIn(repository)).map(({ vm }) => vm)).toEqual([uuid, 'u-9']);
  await resume(repository, ['u-9', 'web']);
  await suspend(repository, by, [{ uuid, name }], 2);
  expect(await pausesIn(repository)).toHaveLength(1);
  const other = suspend(
    repository,
    'all/1',
    [
      { uuid, name },
      { uuid: 'u-2', name: 'db01' },
    ],
    2,
  );
  await expect(other).rejects.toThrow(refused);
  expect(await pausesIn(repository)).toHaveLength(1);
});
