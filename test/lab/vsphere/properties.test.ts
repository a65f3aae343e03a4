import { expect, test } from 'vitest';
import { type Client, pick, pickAll, property, specOf, startClient, takeSnapshot } from './client.ts';

const COLLECTOR = 'PropertyCollector:propertyCollector';
const WALK =
  '<selectSet xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="TraversalSpec"><name>down</name><type>Folder</type><path>childEntity</path><skip>false</skip><selectSet><name>down</name></selectSet><selectSet><name>vms</name></selectSet></selectSet>' +
  '<selectSet xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="TraversalSpec"><name>vms</name><type>Datacenter</type><path>vmFolder</path><selectSet><name>down</name></selectSet></selectSet>';

async function withVms(...names: string[]) {
  const client = await startClient();
  for (const name of names)
    await client.lab.world.addVm({ name, disks: [{ bytes: 65536 + 512 }], folder: 'apps/web' });
  await client.login();
  return client;
}

const walk = (client: Client, type: string, paths: string[], options = '') =>
  client.call(
    'RetrievePropertiesEx',
    COLLECTOR,
    `<specSet><propSet><type>${type}</type>${paths.map(path => `<pathSet>${path}</pathSet>`).join('')}</propSet><objectSet><obj type="Folder">group-d1</obj><skip>true</skip>${WALK}</objectSet></specSet><options>${options}</options>`,
  );

const namesIn = (answer: Awaited<ReturnType<typeof walk>>) =>
  pickAll(pick(answer, 'returnval'), 'objects').map(one => pick(one, 'propSet', 'val')!.text);

test('a traversal that names itself walks the whole tree, by type and its parents', async () => {
  const client = await withVms('a', 'b');
  expect(namesIn(await walk(client, 'VirtualMachine', ['name']))).toEqual(['a', 'b']);
  expect(namesIn(await walk(client, 'ManagedEntity', ['name']))).toEqual([
    'home',
    'vm',
    'apps',
    'web',
    'a',
    'b',
  ]);
});

test('a traversal that goes round in circles ends', async () => {
  const client = await withVms('a');
  const step = (name: string, type: string, path: string) =>
    `<selectSet xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="TraversalSpec"><name>${name}</name><type>${type}</type><path>${path}</path><selectSet><name>up</name></selectSet><selectSet><name>down</name></selectSet></selectSet>`;
  const answer = await client.call(
    'RetrieveProperties',
    COLLECTOR,
    `<specSet><propSet><type>Folder</type><pathSet>name</pathSet></propSet><objectSet><obj type="VirtualMachine">${client.lab.world.vms()[0]!.moref}</obj>${step('up', 'ManagedEntity', 'parent')}${step('down', 'Folder', 'childEntity')}</objectSet></specSet>`,
  );
  const names = pickAll(answer, 'returnval').map(one => pick(one, 'propSet', 'val')!.text);
  expect(names.sort()).toEqual(['Datacenters', 'apps', 'vm', 'web']);
});

test('a long answer comes in pages, each token good for once', async () => {
  const client = await withVms('a', 'b', 'c');
  const first = await walk(client, 'VirtualMachine', ['name'], '<maxObjects>2</maxObjects>');
  expect(namesIn(first)).toEqual(['a', 'b']);
  const token = `<token>${pick(first, 'returnval', 'token')!.text}</token>`;
  const rest = await client.call('ContinueRetrievePropertiesEx', COLLECTOR, token);
  expect(namesIn(rest)).toEqual(['c']);
  expect(pick(rest, 'returnval', 'token')).toBeUndefined();
  await expect(client.call('ContinueRetrievePropertiesEx', COLLECTOR, token)).rejects.toThrow(
    'InvalidArgument',
  );
});

test('an unset property is left out, an unknown one is a fault', async () => {
  const client = await withVms('a');
  const vm = `VirtualMachine:${client.lab.world.vms()[0]!.moref}`;
  const answer = await client.call(
    'RetrieveProperties',
    COLLECTOR,
    specOf(vm, 'snapshot', 'layoutEx', 'name'),
  );
  expect(pickAll(pick(answer, 'returnval'), 'propSet').map(one => pick(one, 'name')!.text)).toEqual(['name']);
  const fault = await property(client, vm, 'nane').catch(error => error);
  expect([fault.message, pick(fault.detail, 'name')!.text]).toEqual(['InvalidProperty', 'nane']);
});

test('a disk says where it is, how large, and what it is built on', async () => {
  const client = await withVms('a');
  const vm = client.lab.world.vms()[0]!;
  await takeSnapshot(client, vm.moref);
  const disk = (await property(client, `VirtualMachine:${vm.moref}`, 'config.hardware.device[2000]'))!;
  expect(disk.xsiType).toBe('VirtualDisk');
  expect(pick(disk, 'capacityInBytes')!.text).toBe('66048');
  expect(pick(disk, 'capacityInKB')!.text).toBe('64');
  expect([pick(disk, 'controllerKey')!.text, pick(disk, 'unitNumber')!.text]).toEqual(['1000', '0']);
  const backing = pick(disk, 'backing')!;
  expect(backing.xsiType).toBe('VirtualDiskFlatVer2BackingInfo');
  expect(pick(backing, 'fileName')!.text).toBe('[datastore1] a/a-000001.vmdk');
  expect(pick(backing, 'parent', 'fileName')!.text).toBe('[datastore1] a/a.vmdk');
});

test('machines are found by either UUID, by path and by view', async () => {
  const client = await withVms('a', 'b');
  const [a, b] = client.lab.world.vms();
  const find = async (method: string, args: string) =>
    pick(await client.call(method, 'SearchIndex:SearchIndex', args), 'returnval')?.text;
  const byUuid = (uuid: string, instance: boolean) =>
    find(
      'FindByUuid',
      `<uuid>${uuid}</uuid><vmSearch>true</vmSearch><instanceUuid>${instance}</instanceUuid>`,
    );
  expect(await byUuid(b!.uuid.toUpperCase(), true)).toBe(b!.moref);
  expect(await byUuid(b!.uuid, false)).toBeUndefined();
  const bios = (await property(client, `VirtualMachine:${a!.moref}`, 'config.uuid'))!.text;
  expect(await byUuid(bios, false)).toBe(a!.moref);
  expect(await find('FindByInventoryPath', '<inventoryPath>home/vm/apps/web/a</inventoryPath>')).toBe(
    a!.moref,
  );
  expect(await find('FindByInventoryPath', '<inventoryPath>home/vm/none/a</inventoryPath>')).toBeUndefined();
  expect(await find('FindChild', '<entity type="Folder">group-v3</entity><name>apps</name>')).toMatch(
    /^group-v/,
  );
  const view = pick(
    await client.call(
      'CreateContainerView',
      'ViewManager:ViewManager',
      '<container type="Folder">group-d1</container><type>VirtualMachine</type><recursive>true</recursive>',
    ),
    'returnval',
  )!.text;
  const seen = (await property(client, `ContainerView:${view}`, 'view'))!.children.map(one => one.text);
  expect(seen).toEqual([a!.moref, b!.moref]);
  await client.call('DestroyView', `ContainerView:${view}`);
  await expect(property(client, `ContainerView:${view}`, 'view')).rejects.toThrow('ManagedObjectNotFound');
});

test('a name is told as it is written, whatever it holds', async () => {
  const name = `<a & "b"> ü \u0001'`;
  const client = await withVms(name);
  const vm = `VirtualMachine:${client.lab.world.vms()[0]!.moref}`;
  expect((await property(client, vm, 'name'))!.text).toBe(name.replace('\u0001', '?'));
});
