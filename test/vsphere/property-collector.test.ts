import { expect, it } from 'vitest';
import { moref } from '../../src/vsphere/soap/moref.ts';
import { readAll, readObject } from '../../src/vsphere/soap/property-collector.ts';
import { connected, fault, object, val } from './scripted-server.ts';

const vm = (n: number) => object('VirtualMachine', `vm-${n}`, { name: val('xsd:string', `vm${n}`) });
const page = (objects: string, token?: string) =>
  `<returnval>${token ? `<token>${token}</token>` : ''}${objects}</returnval>`;
const root = moref('Folder', 'group-d1');
const names = [{ type: 'VirtualMachine', paths: ['name'] }];

it('goes through all pages, and has one view for as long as the session lasts', async () => {
  const { server, session } = await connected({
    RetrievePropertiesEx: () => page(vm(1) + vm(2), '1'),
    ContinueRetrievePropertiesEx: ({ body }) =>
      body.includes('<token>1</token>') ? page(vm(3), '2') : page(vm(4)),
  });
  const all = await readAll(session, root, names);
  expect(all.map(o => o.properties.get('name')?.text)).toEqual(['vm1', 'vm2', 'vm3', 'vm4']);
  expect(server.received.slice(-4).map(r => r.method)).toEqual([
    'CreateContainerView',
    'RetrievePropertiesEx',
    'ContinueRetrievePropertiesEx',
    'ContinueRetrievePropertiesEx',
  ]);
  await readAll(session, root, names);
  expect(server.count('CreateContainerView')).toBe(1);
  await session.renew(session.generation);
  await readAll(session, root, names);
  expect(server.count('CreateContainerView')).toBe(2);
});

it('starts over when the session ends between two pages: a token lives in its session', async () => {
  const { server, session } = await connected({
    RetrievePropertiesEx: () => page(vm(1), 't'),
    ContinueRetrievePropertiesEx: ({ nth }) => (nth === 0 ? fault('NotAuthenticated') : page(vm(2))),
  });
  const all = await readAll(session, root, names);
  expect(all.map(o => o.obj.value)).toEqual(['vm-1', 'vm-2']);
  expect([
    server.count('Login'),
    server.count('CreateContainerView'),
    server.count('RetrievePropertiesEx'),
  ]).toEqual([2, 2, 2]);
});

it('takes an empty inventory', async () => {
  const { session } = await connected({ RetrievePropertiesEx: () => '' });
  expect(await readAll(session, root, names)).toEqual([]);
});

it('leaves unset properties out, and keeps references apart from their xsi:type', async () => {
  const parent = '<val type="Folder" xsi:type="ManagedObjectReference">group-v3</val>';
  const { session } = await connected({
    RetrievePropertiesEx: () => page(object('VirtualMachine', 'vm-1', { parent })),
  });
  const read = await readObject(session, moref('VirtualMachine', 'vm-1'), ['parent', 'snapshot']);
  expect([...read.keys()]).toEqual(['parent']);
  expect(read.get('parent')!.attributes.get('type')).toBe('Folder');
});

const denied = `<missingSet><path>config</path><fault><fault xsi:type="NoPermission"><object type="VirtualMachine">vm-1</object><privilegeId>System.Read</privilegeId></fault><localizedMessage>no</localizedMessage></fault></missingSet>`;
const deniedVm = `<objects><obj type="VirtualMachine">vm-1</obj>${denied}</objects>`;

it('takes a property that may not be read for a fault when the object was asked for', async () => {
  const { session } = await connected({ RetrievePropertiesEx: () => page(deniedVm) });
  const read = readObject(session, moref('VirtualMachine', 'vm-1'), ['config']);
  await expect(read).rejects.toMatchObject({ type: 'NoPermission' });
});

it('goes on past it in a list', async () => {
  const { session } = await connected({ RetrievePropertiesEx: () => page(deniedVm + vm(2)) });
  expect((await readAll(session, root, names)).map(o => o.obj.value)).toEqual(['vm-1', 'vm-2']);
});
