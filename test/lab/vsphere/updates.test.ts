import { expect, test } from 'vitest';
import type { Element } from '../../../src/lab/vsphere/soap/xml-reader.ts';
import {
  type Client,
  pick,
  pickAll,
  property,
  runTask,
  specOf,
  startClient,
  takeSnapshot,
  taskEnd,
} from './client.ts';

const COLLECTOR = 'PropertyCollector:propertyCollector';

async function withVm() {
  const client = await startClient();
  const vm = `VirtualMachine:${(await client.lab.world.addVm({ name: 'a', disks: [{ bytes: 65536 }] })).moref}`;
  await client.login();
  return { client, vm };
}

const filterOn = (client: Client, object: string, ...paths: string[]) =>
  client.call(
    'CreateFilter',
    COLLECTOR,
    `${specOf(object, ...paths).replaceAll('specSet', 'spec')}<partialUpdates>false</partialUpdates>`,
  );

const wait = async (client: Client, version: string, options = '') =>
  pick(
    await client.call(
      'WaitForUpdatesEx',
      COLLECTOR,
      `<version>${version}</version><options>${options}</options>`,
    ),
    'returnval',
  );

/** [kind, property, value] of each change. */
const changesOf = (update: Element | undefined) =>
  pickAll(update, 'filterSet')
    .flatMap(filter => pickAll(filter, 'objectSet'))
    .flatMap(object => {
      const changes = pickAll(object, 'changeSet').map(change => [
        pick(change, 'name')!.text,
        pick(change, 'val')?.text,
      ]);
      return changes.length > 0 ? changes : [[pick(object, 'kind')!.text]];
    });

const snapshotTask = async (client: Client, vm: string, name: string) =>
  pick(await client.call('CreateSnapshot_Task', vm, `<name>${name}</name>`), 'returnval')!.text;

test('a waiter learns the state first, then each change, and nothing twice', async () => {
  const { client, vm } = await withVm();
  await filterOn(client, vm, 'name', 'runtime.powerState', 'snapshot.currentSnapshot');
  const first = await wait(client, '');
  expect(changesOf(first)).toEqual([
    ['name', 'a'],
    ['runtime.powerState', 'poweredOn'],
  ]);
  const version = pick(first!, 'version')!.text;
  expect(await wait(client, version, '<maxWaitSeconds>0</maxWaitSeconds>')).toBeUndefined();
  const waiting = wait(client, version);
  await client.lab.world.setPower('a', 'poweredOff');
  const second = await waiting;
  expect(changesOf(second)).toEqual([['runtime.powerState', 'poweredOff']]);
  // The answer may have been lost: the version before the last one may be asked from again.
  expect(changesOf(await wait(client, version))).toEqual([['runtime.powerState', 'poweredOff']]);
  await expect(wait(client, '77')).rejects.toThrow('InvalidCollectorVersion');
});

test('a wait ends with nothing after its time, by cancellation, and with its collector', async () => {
  const { client, vm } = await withVm();
  await filterOn(client, vm, 'name');
  const version = pick((await wait(client, ''))!, 'version')!.text;
  const timed = wait(client, version, '<maxWaitSeconds>20</maxWaitSeconds>');
  while (client.clock.sleeping === 0) await new Promise(resolve => setImmediate(resolve));
  await client.clock.advance(20_000);
  expect(await timed).toBeUndefined();
  const cancelled = wait(client, version, '<maxWaitSeconds>20</maxWaitSeconds>');
  const refused = expect(cancelled).rejects.toThrow('RequestCanceled');
  while (client.clock.sleeping === 0) await new Promise(resolve => setImmediate(resolve));
  await client.call('CancelWaitForUpdates', COLLECTOR);
  await client.lab.world.setPower('a', 'poweredOff');
  await refused;
});

test('an answer holds no more objects than asked for, and says so', async () => {
  const { client } = await withVm();
  await client.lab.world.addVm({ name: 'b', disks: [] });
  await filterOn(client, 'VirtualMachine:vm-100', 'name');
  await filterOn(client, 'VirtualMachine:vm-101', 'name');
  const first = await wait(client, '', '<maxObjectUpdates>1</maxObjectUpdates>');
  expect(changesOf(first)).toEqual([['name', 'a']]);
  expect(pick(first!, 'truncated')!.text).toBe('true');
  const rest = await wait(client, pick(first!, 'version')!.text);
  expect(changesOf(rest)).toEqual([['name', 'b']]);
  expect(pick(rest!, 'truncated')).toBeUndefined();
});

test('a task goes from queued to success, seen by a waiter; its VM is busy meanwhile', async () => {
  const { client, vm } = await withVm();
  client.lab.world.fault({ kind: 'slow-task', ms: 60_000, method: 'CreateSnapshot_Task' });
  const id = await snapshotTask(client, vm, 'one');
  await filterOn(client, `Task:${id}`, 'info.state');
  const first = await wait(client, '');
  expect(changesOf(first)).toEqual([['info.state', 'running']]);
  const busy = await client.call('CreateSnapshot_Task', vm, '<name>two</name>').catch(fault => fault);
  expect(busy.message).toBe('TaskInProgress');
  expect(pick(busy.detail, 'task')!.text).toBe(id);
  const waiting = wait(client, pick(first!, 'version')!.text);
  await client.clock.advance(60_000);
  expect(changesOf(await waiting)).toEqual([['info.state', 'success']]);
  expect(client.lab.world.vms()[0]!.snapshots).toEqual(['one']);
});

test('a waiting task can be taken back; a finished one can not', async () => {
  const { client, vm } = await withVm();
  client.lab.world.fault({ kind: 'slow-task', ms: 60_000 });
  const id = await snapshotTask(client, vm, 'one');
  await client.call('CancelTask', `Task:${id}`);
  const info = await taskEnd(client, id);
  expect(pick(info, 'error', 'fault')!.xsiType).toBe('RequestCanceled');
  expect(client.lab.world.vms()[0]!.snapshots).toEqual([]);
  await expect(client.call('CancelTask', `Task:${id}`)).rejects.toThrow('InvalidState');
});

test('a task can fail, and can be lost though it did its work', async () => {
  const { client, vm } = await withVm();
  client.lab.world.fault({
    kind: 'fail-task',
    method: 'CreateSnapshot_Task',
    fault: 'InsufficientStorageSpace',
  });
  const failed = await runTask(client, 'CreateSnapshot_Task', vm, '<name>one</name>');
  expect(pick(failed, 'error', 'fault')!.xsiType).toBe('InsufficientStorageSpace');
  client.lab.world.fault({ kind: 'lost-task' });
  const id = await snapshotTask(client, vm, 'two');
  await expect(taskEnd(client, id)).rejects.toThrow('ManagedObjectNotFound');
  expect(client.lab.world.vms()[0]!.snapshots).toEqual(['two']);
});

test('a quiesced snapshot says so in the tree, and fails as a guest that can not freeze', async () => {
  const { client, vm } = await withVm();
  client.lab.world.fault({ kind: 'quiesce-fails' });
  const failed = await runTask(client, 'CreateSnapshot_Task', vm, '<name>one</name><quiesce>true</quiesce>');
  expect(pick(failed, 'error', 'fault')!.xsiType).toBe('ApplicationQuiesceFault');
  await takeSnapshot(client, vm.slice(15), 'plain');
  await takeSnapshot(client, vm.slice(15), 'quiet', true);
  const tree = (await property(client, vm, 'snapshot.rootSnapshotList'))!.children[0]!;
  expect([pick(tree, 'name')!.text, pick(tree, 'quiesced')!.text]).toEqual(['plain', 'false']);
  const child = pick(tree, 'childSnapshotList')!;
  expect([pick(child, 'name')!.text, pick(child, 'quiesced')!.text]).toEqual(['quiet', 'true']);
});

test('removal takes children when told to, else hands them on; all at once works too', async () => {
  const { client, vm } = await withVm();
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push((await takeSnapshot(client, vm.slice(15), name)).id);
  const names = () => client.lab.world.vms()[0]!.snapshots;
  await runTask(
    client,
    'RemoveSnapshot_Task',
    `VirtualMachineSnapshot:${ids[1]}`,
    '<removeChildren>false</removeChildren>',
  );
  expect(names()).toEqual(['a', 'c', 'd']);
  const tree = (await property(client, vm, 'snapshot'))!;
  expect(pick(tree, 'rootSnapshotList', 'childSnapshotList', 'name')!.text).toBe('c');
  await runTask(
    client,
    'RemoveSnapshot_Task',
    `VirtualMachineSnapshot:${ids[2]}`,
    '<removeChildren>true</removeChildren>',
  );
  expect(names()).toEqual(['a']);
  expect((await property(client, vm, 'snapshot.currentSnapshot'))!.text).toBe(ids[0]);
  await runTask(client, 'RemoveAllSnapshots_Task', vm);
  expect(await property(client, vm, 'snapshot')).toBeUndefined();
});

test('a removal can leave work for consolidation, which also a restart does not do by itself', async () => {
  const { client, vm } = await withVm();
  const { id } = await takeSnapshot(client, vm.slice(15));
  client.lab.world.fault({ kind: 'consolidation-needed' });
  await runTask(client, 'RemoveSnapshot_Task', `VirtualMachineSnapshot:${id}`);
  await client.restart();
  await client.login();
  expect((await property(client, vm, 'runtime.consolidationNeeded'))!.text).toBe('true');
  expect(client.lab.world.vms()[0]!.disks[0]!.file).toBe('[datastore1] a/a-000001.vmdk');
  await runTask(client, 'ConsolidateVMDisks_Task', vm);
  expect((await property(client, vm, 'runtime.consolidationNeeded'))!.text).toBe('false');
  expect(client.lab.world.vms()[0]!.disks[0]!.file).toBe('[datastore1] a/a.vmdk');
});
