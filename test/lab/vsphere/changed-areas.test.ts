import { expect, test } from 'vitest';
import { GRANULE } from '../../../src/lab/disks/granule.ts';
import { type Client, property, query, runTask, startClient, takeSnapshot } from './client.ts';

const CHANGE_ID = /^([0-9a-f]{2} ){7}[0-9a-f]{2}-([0-9a-f]{2} ){7}[0-9a-f]{2}\/\d+$/;
const BYTES = 40 * GRANULE;

async function withVm(): Promise<{ client: Client; vm: string }> {
  const client = await startClient();
  const vm = await client.lab.world.addVm({
    name: 'a',
    disks: [{ bytes: BYTES }, { bytes: GRANULE, mode: 'independent_persistent' }],
  });
  await client.login();
  return { client, vm: vm.moref };
}

const enable = (client: Client, vm: string, on = true) =>
  runTask(
    client,
    'ReconfigVM_Task',
    `VirtualMachine:${vm}`,
    `<spec><changeTrackingEnabled>${on}</changeTrackingEnabled></spec>`,
  );
const remove = (client: Client, snapshot: string) =>
  runTask(
    client,
    'RemoveSnapshot_Task',
    `VirtualMachineSnapshot:${snapshot}`,
    '<removeChildren>false</removeChildren>',
  );
const fill = (client: Client, granule: number, count = 1) =>
  client.lab.world.write('a', 0, granule * GRANULE, Buffer.alloc(count * GRANULE, 1));

async function tracked() {
  const { client, vm } = await withVm();
  await enable(client, vm);
  const first = await takeSnapshot(client, vm);
  await remove(client, first.id);
  return { client, vm, since: first.changeId! };
}

test('tracking that was switched on begins at the next stun, and ends at one', async () => {
  const { client, vm } = await withVm();
  const before = await takeSnapshot(client, vm);
  expect(before.changeId).toBeUndefined();
  await remove(client, before.id);
  await enable(client, vm);
  expect((await property(client, `VirtualMachine:${vm}`, 'config.changeTrackingEnabled'))!.text).toBe('true');
  expect(client.lab.world.vms()[0]!.disks[0]!.changeId).toBeUndefined();
  const after = await takeSnapshot(client, vm);
  expect(after.changeId).toMatch(CHANGE_ID);
  await remove(client, after.id);
  await enable(client, vm, false);
  expect((await takeSnapshot(client, vm)).changeId).toBeUndefined();
});

test('tracking does not begin under a snapshot that is older', async () => {
  const { client, vm } = await withVm();
  await client.lab.world.addSnapshot('a', 'of somebody');
  await enable(client, vm);
  const ours = await takeSnapshot(client, vm);
  expect(ours).toMatchObject({ changeId: undefined, hasParent: true });
  await remove(client, ours.id);
  await client.lab.world.removeSnapshot('a', 'of somebody');
  expect((await takeSnapshot(client, vm)).changeId).toMatch(CHANGE_ID);
});

test('exactly what was written between two snapshots is reported, also while later writes go on', async () => {
  const { client, vm, since } = await tracked();
  await fill(client, 3, 2);
  await client.lab.world.write('a', 0, 20 * GRANULE + 17, Buffer.from('x'));
  const second = await takeSnapshot(client, vm);
  await fill(client, 30);
  expect(await query(client, vm, second.id, since)).toEqual({
    startOffset: 0,
    length: BYTES,
    areas: [
      [3 * GRANULE, 2 * GRANULE],
      [20 * GRANULE, GRANULE],
    ],
  });
  expect((await query(client, vm, second.id, since, 4 * GRANULE + 512)).areas[0]).toEqual([
    4 * GRANULE + 512,
    GRANULE - 512,
  ]);
  await remove(client, second.id);
  const third = await takeSnapshot(client, vm);
  expect((await query(client, vm, third.id, second.changeId!)).areas).toEqual([[30 * GRANULE, GRANULE]]);
});

test('answers are partial: a page ends with its last area, and may hold none', async () => {
  const { client, vm, since } = await tracked();
  for (const granule of [1, 5, 9]) await fill(client, granule);
  const { id } = await takeSnapshot(client, vm);
  client.lab.world.fault({ kind: 'page-limit', areas: 2 });
  expect(await query(client, vm, id, since)).toMatchObject({
    length: 6 * GRANULE,
    areas: [
      [GRANULE, GRANULE],
      [5 * GRANULE, GRANULE],
    ],
  });
  expect(await query(client, vm, id, since, 6 * GRANULE)).toMatchObject({
    length: 34 * GRANULE,
    areas: [[9 * GRANULE, GRANULE]],
  });
  client.lab.world.fault({ kind: 'page-span', bytes: 4 * GRANULE });
  expect(await query(client, vm, id, since, 12 * GRANULE)).toEqual({
    startOffset: 12 * GRANULE,
    length: 4 * GRANULE,
    areas: [],
  });
});

test('`*` gives the areas in use of the frozen disk', async () => {
  const { client, vm } = await withVm();
  await fill(client, 7);
  await enable(client, vm);
  const { id } = await takeSnapshot(client, vm);
  await fill(client, 8);
  expect((await query(client, vm, id, '*')).areas).toEqual([[7 * GRANULE, GRANULE]]);
});

test('a change id of another epoch, or from the future, is a FileFault', async () => {
  const { client, vm, since } = await tracked();
  const refused = async (changeId: string) => {
    const { id } = await takeSnapshot(client, vm);
    await expect(query(client, vm, id, changeId)).rejects.toThrow('FileFault');
    await remove(client, id);
  };
  await refused(since.replace(/\d+$/, '900'));
  await client.lab.world.resetCbt('a');
  await refused(since);
  const { changeId, id } = await takeSnapshot(client, vm);
  await remove(client, id);
  await client.lab.world.powerCut('a');
  await refused(changeId!);
  await enable(client, vm, false);
  await refused(changeId!);
});

test('arguments are checked: offset, device, snapshot, change id', async () => {
  const { client, vm, since } = await tracked();
  const { id } = await takeSnapshot(client, vm);
  await expect(query(client, vm, id, since, BYTES)).rejects.toThrow('InvalidArgument');
  await expect(query(client, vm, id, since, -1)).rejects.toThrow('InvalidArgument');
  await expect(query(client, vm, id, since, 0, 2009)).rejects.toThrow('InvalidArgument');
  await expect(query(client, vm, id, '*', 0, 2001)).rejects.toThrow('InvalidArgument');
  await expect(query(client, vm, id, 'rubbish')).rejects.toThrow('InvalidArgument');
  await expect(query(client, vm, 'snapshot-1', since)).rejects.toThrow('ManagedObjectNotFound');
  const other = await client.lab.world.addVm({ name: 'b', disks: [{ bytes: GRANULE }] });
  await expect(query(client, other.moref, id, '*')).rejects.toThrow('InvalidArgument');
});

test('without a snapshot only a powered-off VM answers', async () => {
  const { client, vm, since } = await tracked();
  await fill(client, 2);
  await expect(query(client, vm, undefined, since)).rejects.toThrow('InvalidPowerState');
  await runTask(client, 'PowerOffVM_Task', `VirtualMachine:${vm}`);
  expect((await query(client, vm, undefined, since)).areas).toEqual([[2 * GRANULE, GRANULE]]);
  const live = client.lab.world.vms()[0]!.disks[0]!.changeId!;
  await runTask(client, 'PowerOnVM_Task', `VirtualMachine:${vm}`);
  await fill(client, 4);
  const { id } = await takeSnapshot(client, vm);
  expect((await query(client, vm, id, live)).areas).toEqual([
    [2 * GRANULE, GRANULE],
    [4 * GRANULE, GRANULE],
  ]);
});

test('the world can make queries fail, and change tracking lie', async () => {
  const { client, vm, since } = await tracked();
  await fill(client, 1);
  await fill(client, 3);
  const { id } = await takeSnapshot(client, vm);
  client.lab.world.fault({ kind: 'fail-query', times: 2 });
  client.lab.world.fault({ kind: 'cbt-lies' });
  await expect(query(client, vm, id, since)).rejects.toThrow('FileFault');
  await expect(query(client, vm, id, since)).rejects.toThrow('FileFault');
  expect((await query(client, vm, id, since)).areas).toEqual([[3 * GRANULE, GRANULE]]);
  expect((await query(client, vm, id, since)).areas).toHaveLength(2);
});
