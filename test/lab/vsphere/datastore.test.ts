import { expect, test } from 'vitest';
import { type Client, credentials, runTask, startClient, takeSnapshot } from './client.ts';

const BYTES = 3 * 65536 + 512;
const path = (file: string, query = 'dcPath=home&dsName=datastore1') => `/folder/a/${file}?${query}`;
const range = (from: number | string, to: number | string) => ({ range: `bytes=${from}-${to}` });
const content = Buffer.from(Array.from({ length: BYTES }, (_, at) => (at * 31) % 251));

async function withFrozenDisk(): Promise<{ client: Client; snapshot: string; vm: string }> {
  const client = await startClient();
  const vm = await client.lab.world.addVm({ name: 'a', disks: [{ bytes: BYTES }] });
  await client.lab.world.write('a', 0, 0, content);
  await client.login();
  const { id } = await takeSnapshot(client, vm.moref);
  return { client, snapshot: id, vm: vm.moref };
}

test('a range of the flat file is exactly the frozen bytes, whatever the guest writes meanwhile', async () => {
  const { client } = await withFrozenDisk();
  await client.lab.world.write('a', 0, 65000, Buffer.alloc(2000, 255));
  const answer = await client.get(path('a-flat.vmdk'), range(64_999, 70_000));
  expect(answer.status).toBe(206);
  expect(answer.headers['content-range']).toBe(`bytes 64999-70000/${BYTES}`);
  expect(answer.body.equals(content.subarray(64_999, 70_001))).toBe(true);
  expect((await client.get(path('a-flat.vmdk'))).body.equals(content)).toBe(true);
  expect((await client.get(path('a-flat.vmdk'), range('', 5))).body.equals(content.subarray(-5))).toBe(true);
  expect((await client.get(path('a-flat.vmdk'), range(BYTES - 3, BYTES + 99))).body).toHaveLength(3);
  const head = await client.get(path('a-flat.vmdk'), {}, 'HEAD');
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(BYTES), 0]);
  const beyond = await client.get(path('a-flat.vmdk'), range(BYTES, BYTES + 1));
  expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${BYTES}`]);
});

test('reading takes a session or the password, and the right datacenter, datastore and file', async () => {
  const { client } = await withFrozenDisk();
  const status = async (where: string, headers = {}) => (await client.get(where, headers)).status;
  for (const wrong of [
    path('b-flat.vmdk'),
    path('a-flat.vmdk', 'dcPath=else&dsName=datastore1'),
    path('a-flat.vmdk', 'dcPath=home&dsName=x'),
    '/folder/../world.json?dcPath=home&dsName=datastore1',
  ]) {
    expect(await status(wrong)).toBe(404);
  }
  client.cookie = undefined;
  expect(await status(path('a-flat.vmdk'))).toBe(401);
  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`${credentials.username}:${password}`).toString('base64')}`,
  });
  expect(await status(path('a-flat.vmdk'), basic('wrong'))).toBe(401);
  expect(await status(path('a-flat.vmdk'), basic(credentials.password))).toBe(200);
  client.lab.world.fault({ kind: 'missing-privilege', privilege: 'Datastore.Browse' });
  expect(await status(path('a-flat.vmdk'), basic(credentials.password))).toBe(403);
});

test('the file that a running VM writes to is locked; a delta is not a flat file', async () => {
  const { client, snapshot, vm } = await withFrozenDisk();
  await client.lab.world.write('a', 0, 0, Buffer.from('new'));
  const status = async (file: string) => (await client.get(path(file))).status;
  expect(await status('a-000001-flat.vmdk')).toBe(404);
  expect(await status('a-000001-delta.vmdk')).toBe(500);
  await runTask(client, 'RemoveSnapshot_Task', `VirtualMachineSnapshot:${snapshot}`);
  expect(await status('a-flat.vmdk')).toBe(500);
  await runTask(client, 'PowerOffVM_Task', `VirtualMachine:${vm}`);
  const off = await client.get(path('a-flat.vmdk'), range(0, 3));
  expect(off.body.equals(Buffer.concat([Buffer.from('new'), content.subarray(3, 4)]))).toBe(true);
});

test('descriptors name the extent and the parent', async () => {
  const { client } = await withFrozenDisk();
  const base = (await client.get(path('a.vmdk'))).body.toString();
  expect(base).toContain(`RW ${BYTES / 512} VMFS "a-flat.vmdk"`);
  expect(base).toContain('parentCID=ffffffff');
  const delta = (await client.get(path('a-000001.vmdk'))).body.toString();
  expect(delta).toContain('parentFileNameHint="a.vmdk"');
  expect(/^CID=(\w+)$/m.exec(base)![1]).toBe(/^parentCID=(\w+)$/m.exec(delta)![1]);
});

test('reads go wrong in every way that they do', async () => {
  const { client } = await withFrozenDisk();
  const wanted = content.subarray(0, 4096);
  const broken = (how: 'truncated' | 'garbled' | 'short' | 'whole' | 'error') => {
    client.lab.world.fault({ kind: 'read', how });
    return client.get(path('a-flat.vmdk'), range(0, 4095));
  };
  const truncated = await broken('truncated');
  expect([truncated.status, truncated.cut, truncated.headers['content-length']]).toEqual([206, true, '4096']);
  expect(truncated.body.length).toBeLessThan(4096);
  const garbled = await broken('garbled');
  expect([garbled.body.length, garbled.body.equals(wanted)]).toEqual([4096, false]);
  const short = await broken('short');
  expect([short.body.length, short.headers['content-range']]).toEqual([2048, `bytes 0-2047/${BYTES}`]);
  const whole = await broken('whole');
  expect([whole.status, whole.body.length]).toEqual([200, BYTES]);
  expect((await broken('error')).status).toBe(500);
  expect((await client.get(path('a-flat.vmdk'), range(0, 4095))).body.equals(wanted)).toBe(true);
});
