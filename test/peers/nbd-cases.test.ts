import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openSite, type Site } from '../replication/cases/site.ts';
import { nbdkitPresent, vddkStandIn } from './nbdkit.ts';

// Cases of the specification in which others' snapshots are there while disks are read: the real nbdkit
// reads below them.
describe.skipIf(!nbdkitPresent)('read through nbdkit', () => {
  let site: Site;
  let folder: string;
  const { processes, clock } = nodeHost();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'converge-test-'));
    site = await openSite({ processes, clock, nbdkit: { program: await vddkStandIn(folder) } });
  });
  afterEach(() => site.clear());
  afterAll(async () => {
    await site.close();
    await rm(folder, { recursive: true });
  });
  const snapshotsOf = (name: string) => site.world.vms().find(one => one.name === name)!.snapshots;

  test('case 10: below a snapshot of somebody points go on by their changes; it is in them, and stays', async () => {
    const vm = await site.vm([8, 3]);
    await vm.proves();
    await site.world.addSnapshot(vm.name, 'before the upgrade');
    await vm.change(1, 6);
    const below = await vm.proves();
    expect(below).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 2 } });
    expect(below.disks[0]!.transport).toEqual({ name: 'nbd', why: 'the target declares nbdkit' });
    expect(below.point.snapshots).toMatchObject([{ name: 'before the upgrade' }]);
    await site.clock.advance(73 * 3_600_000);
    await vm.change(2);
    expect((await vm.proves()).codes).toContain('snapshot-old');
    expect(snapshotsOf(vm.name)).toEqual(['before the upgrade']);
    await site.world.removeSnapshot(vm.name, 'before the upgrade');
    expect(await vm.proves()).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 0 } });
  });

  test('case 10: where tracking can not begin, every point is a comparison, and says why', async () => {
    const vm = await site.vm([4]);
    await site.world.addSnapshot(vm.name, 'mine');
    const first = await vm.proves();
    expect(first.reason).toBe('first-cycle');
    expect(first.codes).toContain('tracking-off');
    await vm.change(3);
    const second = await vm.proves();
    expect(second).toMatchObject({ mode: 'rescan', reason: 'tracking-off', numbers: { blocks_stored: 1 } });
    expect((await vm.machine.inspect()).changeTracking).toBe(false);
  });

  test('case 17: a revert to a snapshot that stays is compared, and the tree of snapshots is in the point', async () => {
    const vm = await site.vm([6]);
    await vm.proves();
    await site.world.addSnapshot(vm.name, 'one');
    await vm.change(1);
    await site.world.addSnapshot(vm.name, 'two');
    const kept = await vm.content();
    await vm.change(2, 3);
    const ahead = await vm.proves();
    await site.world.revert(vm.name);
    const { mode, reason, point } = await vm.proves();
    expect([mode, reason]).toEqual(['rescan', 'change-id-epoch']);
    await vm.same(point, 0, kept);
    expect(point.snapshots).toMatchObject([{ name: 'one' }, { name: 'two', below: ['one'] }]);
    expect(snapshotsOf(vm.name)).toEqual(['one', 'two']);
    // What was lost by the revert can be had from the point before it.
    expect(ahead.point.generation).toBe(point.generation - 1);
  });

  test("case 30: another product's snapshot that is there while disks are read costs nothing, and stays its own", async () => {
    const vm = await site.vm([8]);
    await vm.proves();
    await vm.change(1);
    let made = false;
    const cycle = await vm.proves({}, async step => {
      // It begins in the middle of our cycle, above our snapshot, and goes on after it.
      if (step !== 'copy-disk-0' || made) return;
      made = true;
      await site.world.addSnapshot(vm.name, 'other-backup');
    });
    expect(cycle).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 1 } });
    expect(snapshotsOf(vm.name)).toEqual(['other-backup']);
    await vm.change(2);
    const beside = await vm.proves();
    expect(beside).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 1 } });
    expect(beside.point.snapshots).toMatchObject([{ name: 'other-backup' }]);
    // And it is gone by the time of the next one.
    await vm.change(3);
    await site.world.removeSnapshot(vm.name, 'other-backup');
    expect(await vm.proves()).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 1 } });
    expect(snapshotsOf(vm.name)).toEqual([]);
  });
});
