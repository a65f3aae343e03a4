import { expect, test } from 'vitest';
import { credentials, loginArgs, pick, property, SoapFault, startClient } from './client.ts';

const ME = 'SessionManager:SessionManager';

test('the service describes itself to anybody, in versions that old clients know', async () => {
  const client = await startClient();
  const versions = await client.get('/sdk/vimServiceVersions.xml');
  expect(versions.status).toBe(200);
  expect(versions.body.toString()).toContain('<version>6.7.1</version>');
  expect((await client.get('/sdk/vimService.wsdl')).body.toString()).toContain('namespace="urn:vim25"');
  const content = await client.call('RetrieveServiceContent', 'ServiceInstance:ServiceInstance');
  expect(pick(content, 'returnval', 'about', 'apiType')!.text).toBe('VirtualCenter');
  expect(pick(content, 'returnval', 'rootFolder')).toMatchObject({ type: 'Folder', text: 'group-d1' });
});

test('without a session everything else is NotAuthenticated, over HTTP 500', async () => {
  const client = await startClient();
  await client.lab.world.addVm({ name: 'a', disks: [] });
  const calls = [
    client.call('Logout', ME),
    client.call('FindByUuid', 'SearchIndex:SearchIndex', '<uuid>x</uuid><vmSearch>true</vmSearch>'),
    client.call('CreateSnapshot_Task', 'VirtualMachine:vm-100', '<name>x</name>'),
    client.call('NoSuchMethod', ME),
    property(client, 'VirtualMachine:vm-100', 'name'),
  ];
  for (const call of calls)
    await expect(call).rejects.toMatchObject({ message: 'NotAuthenticated', status: 500 });
  expect(await property(client, ME, 'currentSession')).toBeUndefined();
});

test('a wrong password is InvalidLogin, and so is a second login on a living session', async () => {
  const client = await startClient();
  const wrong = loginArgs({ ...credentials, password: 'no' });
  await expect(client.call('Login', ME, wrong)).rejects.toMatchObject({ message: 'InvalidLogin' });
  expect(client.cookie).toBeUndefined();
  await client.login();
  await expect(client.login()).rejects.toMatchObject({ message: 'InvalidLogin' });
  expect(pick((await property(client, ME, 'currentSession'))!, 'userName')!.text).toBe('root');
});

test('the cookie is recognised quoted, bare, and with the attributes of Set-Cookie', async () => {
  const client = await startClient();
  await client.login();
  const value = /="(\w+)"/.exec(client.cookie!)![1]!;
  for (const cookie of [
    client.cookie!,
    `vmware_soap_session=${value}`,
    `a=b; vmware_soap_session="${value}"`,
  ]) {
    client.cookie = cookie;
    expect((await property(client, 'Folder:group-d1', 'name'))!.text).toBe('Datacenters');
  }
  client.cookie = `vmware_soap_session="${value}0"`;
  await expect(property(client, 'Folder:group-d1', 'name')).rejects.toThrow('NotAuthenticated');
});

test('a session ends by logout, after half an hour of silence, and when the world says so', async () => {
  const client = await startClient();
  const alive = () =>
    client.call(
      'CreateContainerView',
      'ViewManager:ViewManager',
      '<container type="Folder">group-d1</container><recursive>true</recursive>',
    );
  await client.login();
  await client.clock.advance(29 * 60_000);
  await alive();
  await client.clock.advance(29 * 60_000);
  await alive();
  await client.clock.advance(31 * 60_000);
  await expect(alive()).rejects.toThrow('NotAuthenticated');
  await client.login();
  client.lab.world.fault({ kind: 'expire-sessions' });
  await expect(alive()).rejects.toThrow('NotAuthenticated');
  await client.login();
  await client.call('Logout', ME);
  await expect(alive()).rejects.toThrow('NotAuthenticated');
});

test('privileges are granted but for those that the world withholds', async () => {
  const client = await startClient();
  const vm = await client.lab.world.addVm({ name: 'a', disks: [] });
  await client.login();
  client.lab.world.fault({ kind: 'missing-privilege', privilege: 'VirtualMachine.State.CreateSnapshot' });
  const session = pick((await property(client, ME, 'currentSession'))!, 'key')!.text;
  const answer = await client.call(
    'HasPrivilegeOnEntities',
    'AuthorizationManager:AuthorizationManager',
    `<entities type="VirtualMachine">${vm.moref}</entities><sessionId>${session}</sessionId><privId>VirtualMachine.State.CreateSnapshot</privId><privId>Datastore.Browse</privId>`,
  );
  const granted = pick(answer, 'returnval')!
    .children.filter(child => child.name === 'privAvailability')
    .map(one => pick(one, 'isGranted')!.text);
  expect(granted).toEqual(['false', 'true']);
  const denied = await client
    .call('CreateSnapshot_Task', `VirtualMachine:${vm.moref}`, '<name>x</name>')
    .catch(fault => fault);
  expect(denied).toBeInstanceOf(SoapFault);
  expect(denied.message).toBe('NoPermission');
  expect(pick(denied.detail, 'privilegeId')!.text).toBe('VirtualMachine.State.CreateSnapshot');
});

test('what is no SOAP, names no object, or is not there is a typed fault', async () => {
  const client = await startClient();
  await client.login();
  const broken = await client.get('/sdk', {}, 'POST');
  expect(broken.status).toBe(500);
  expect(broken.body.toString()).toContain('xsi:type="InvalidRequest"');
  await expect(client.call('NoSuchMethod', ME)).rejects.toThrow('MethodNotFound');
  await expect(property(client, 'VirtualMachine:vm-9', 'name')).rejects.toThrow('ManagedObjectNotFound');
  await expect(client.call('CurrentTime', 'ServiceInstance:other')).rejects.toThrow('ManagedObjectNotFound');
  client.lab.world.fault({ kind: 'unavailable' });
  expect((await client.get('/sdk/vimServiceVersions.xml')).status).toBe(503);
  expect((await client.get('/sdk/vimServiceVersions.xml')).status).toBe(200);
});
