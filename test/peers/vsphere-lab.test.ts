import { type ChildProcessWithoutNullStreams, execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { labCertificates } from '../../src/lab/tls.ts';
import { startVsphere, type VsphereLab } from '../../src/lab/vsphere/server.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { endAll, start } from '../support/start.ts';

const run = promisify(execFile);
const GRANULE = 65_536;
const clock = {
  now: () => Date.now(),
  sleep: () => Promise.reject(new Error('no foreign client makes the lab wait')),
};
const password = 'a&b "c';

const govc = await run('govc', ['version']).then(
  () => true,
  () => false,
);
const python = '/usr/bin/python3';
const pyvmomi =
  existsSync(python) &&
  (await run(python, ['-c', 'import pyVim.connect']).then(
    () => true,
    () => false,
  ));
if (!govc)
  console.warn(
    'SKIPPED: govc is not installed, so nobody foreign judges the lab’s vSphere (.ci/peers.d/vsphere.sh)',
  );
if (!pyvmomi)
  console.warn(
    'SKIPPED: python3-pyvmomi is not installed, so it does not judge the lab’s vSphere (.ci/peers.d/vsphere.sh)',
  );

let dir: string;
let lab: VsphereLab;
let ca: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'converge-peer-'));
  const random = new SeededRandom(dir);
  const made = await labCertificates(join(dir, 'tls'), clock, random);
  ca = join(dir, 'ca.pem');
  await writeFile(ca, made.caPem);
  lab = await startVsphere({
    dir: join(dir, 'world'),
    credentials: { username: 'root', password },
    tls: { key: made.keyPem, cert: made.certPem },
    clock,
    random,
  });
  await lab.world.addVm({
    name: 'dc02',
    disks: [{ bytes: 20 * GRANULE + 512 }, { bytes: GRANULE }],
    folder: 'apps',
  });
  await lab.world.write('dc02', 0, 70_000, Buffer.from('written by the guest'));
});

afterAll(async () => {
  await lab.close();
  await rm(dir, { recursive: true, force: true });
});

describe.skipIf(!govc)('govc', () => {
  const ask = async (...args: string[]) => {
    const env = {
      PATH: process.env.PATH,
      HOME: dir,
      GOVC_URL: `${lab.url}/sdk`,
      GOVC_USERNAME: 'root',
      GOVC_PASSWORD: password,
      GOVC_TLS_CA_CERTS: ca,
      GOVC_PERSIST_SESSION: 'false',
    };
    return (await run('govc', args, { env })).stdout;
  };

  test('knows the service and finds its way through the inventory', async () => {
    expect(JSON.parse(await ask('about', '-json')).about).toMatchObject({
      apiType: 'VirtualCenter',
      productLineId: 'vpx',
    });
    expect((await ask('ls')).split('\n')).toContain('/home/vm');
    expect((await ask('ls', 'vm/*')).trim()).toBe('/home/vm/apps/dc02');
    expect((await ask('find', '/', '-type', 'm')).trim()).toBe('/home/vm/apps/dc02');
    expect(await ask('datastore.info')).toContain('VMFS');
  });

  test('sees folders and tags', async context => {
    const able = await run('govc', ['tags.ls', '-h']).then(
      () => true,
      () => false,
    );
    if (!able)
      return context.skip('SKIPPED: this govc has no tags; .ci/peers.d/vsphere.sh builds one that has');
    await lab.world.addVm({ name: 'web01', disks: [], folder: 'apps/web', tags: ['tier/gold', 'blue'] });
    expect((await ask('find', '/home/vm/apps/web', '-type', 'm')).trim()).toBe('/home/vm/apps/web/web01');
    await lab.world.moveVm('web01', 'other');
    expect((await ask('ls', '/home/vm/other')).trim()).toBe('/home/vm/other/web01');
    const tags = JSON.parse(await ask('tags.ls', '-json')) as { name: string }[];
    expect(tags.map(({ name }) => name).sort()).toEqual(['blue', 'gold']);
    expect(await ask('tags.info', '-c', 'tier', 'gold')).toMatch(/Name: +gold[\s\S]*Category: +tier/);
    const { moref } = lab.world.vms().find(({ name }) => name === 'web01')!;
    expect((await ask('tags.attached.ls', 'gold')).trim()).toBe(`VirtualMachine:${moref}`);
    await lab.world.untag('web01', 'tier/gold');
    expect((await ask('tags.attached.ls', 'gold')).trim()).toBe('');
    await lab.world.removeVm('web01');
  });

  test('refuses a certificate that its CA did not sign', async () => {
    const other = join(dir, 'other.pem');
    const made = await labCertificates(join(dir, 'other'), clock, new SeededRandom('other'));
    await writeFile(other, made.caPem);
    await expect(ask('about', `-tls-ca-certs=${other}`)).rejects.toThrow(/certificate/);
  });

  test('reads the machine and its devices', async () => {
    const [vm] = JSON.parse(await ask('vm.info', '-json', 'dc02')).virtualMachines;
    expect(vm.config).toMatchObject({ version: 'vmx-19', instanceUuid: lab.world.vms()[0]!.uuid });
    expect(vm.capability.changeTrackingSupported).toBe(true);
    const { devices } = JSON.parse(await ask('device.info', '-json', '-vm', 'dc02', 'disk-*'));
    expect(
      devices.map((one: { key: number; capacityInBytes: number }) => [one.key, one.capacityInBytes]),
    ).toEqual([
      [2000, 20 * GRANULE + 512],
      [2001, GRANULE],
    ]);
    expect(devices[0].backing.fileName).toBe('[datastore1] dc02/dc02.vmdk');
  });

  test('takes a snapshot, reads the frozen disk, removes the snapshot', async () => {
    await ask('snapshot.create', '-vm', 'dc02', '-m=false', '-q=true', 'one');
    await ask('snapshot.create', '-vm', 'dc02', '-m=false', 'two');
    const tree = (await ask('snapshot.tree', '-vm', 'dc02', '-f')).split('\n').map(line => line.trim());
    expect(tree).toEqual(expect.arrayContaining(['one', 'one/two']));
    await lab.world.write('dc02', 0, 70_000, Buffer.from('WRITTEN LATER'));
    const copy = join(dir, 'copy.raw');
    await ask('datastore.download', 'dc02/dc02-flat.vmdk', copy);
    const bytes = await readFile(copy);
    expect(bytes).toHaveLength(20 * GRANULE + 512);
    expect(bytes.subarray(70_000, 70_020).toString()).toBe('written by the guest');
    await ask('snapshot.remove', '-vm', 'dc02', 'one');
    await ask('snapshot.remove', '-vm', 'dc02', '*');
    expect(lab.world.vms()[0]!.snapshots).toEqual([]);
  });

  test('turns the power and is told what is wrong', async () => {
    await ask('vm.power', '-off', 'dc02');
    expect(lab.world.vms()[0]!.powerState).toBe('poweredOff');
    await ask('vm.power', '-on', 'dc02');
    await expect(ask('vm.power', '-on', 'dc02')).rejects.toThrow(/current state/);
    await expect(ask('snapshot.remove', '-vm', 'dc02', 'none')).rejects.toThrow(/none/);
    lab.world.fault({ kind: 'quiesce-fails' });
    await expect(ask('snapshot.create', '-vm', 'dc02', '-m=false', '-q=true', 'x')).rejects.toThrow(
      /quiescing/,
    );
  });
});

test.skipIf(!pyvmomi)('pyvmomi follows the changes of a disk through two snapshots', async () => {
  await lab.world.addVm({ name: 'app01', disks: [{ bytes: 20 * GRANULE + 512 }] });
  await lab.world.write('app01', 0, 70_000, Buffer.from('written by the guest'));
  const child = start(python, [join(import.meta.dirname, 'vsphere-lab.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  }) as ChildProcessWithoutNullStreams;
  onTestFinished(() => endAll(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', chunk => {
    errors += chunk;
  });
  const next = async () => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(errors);
    return JSON.parse(value);
  };
  const say = (value: unknown) => child.stdin.write(`${JSON.stringify(value)}\n`);
  const { hostname, port } = new URL(lab.url);
  say({ host: hostname, port: Number(port), user: 'root', password, ca, vm: 'app01' });
  expect(await next()).toEqual({ ready: true });
  for (const granule of [2, 6, 10])
    await lab.world.write('app01', 0, granule * GRANULE + 9, Buffer.from('x'));
  lab.world.fault({ kind: 'page-limit', areas: 2 });
  say('go on');
  const saw = await next();
  lab.world.fault({ kind: 'clear' });
  expect(saw).toMatchObject({
    wrong_password: 'vim.fault.InvalidLogin',
    user: 'root',
    by_uuid: true,
    supported: true,
    enabled: true,
    power: 'poweredOn',
    summary: 'app01',
    guest: 'running',
    first: { file: '[datastore1] app01/app01.vmdk', parent: false },
    used: [[GRANULE, GRANULE]],
    live_parent: '[datastore1] app01/app01.vmdk',
    changed: [2, 6, 10].map(granule => [granule * GRANULE, GRANULE]),
    pages: 2,
    tree: ['second'],
    whole: [
      'ComputeResource',
      'Datacenter',
      'Datastore',
      'Folder',
      'HostSystem',
      'Network',
      'ResourcePool',
      'Snapshot',
      'Task',
      'TaskManager',
      'VirtualMachine',
    ],
    beyond: 'vmodl.fault.InvalidArgument',
    epoch: 'vim.fault.FileFault',
    gone: 'vmodl.fault.ManagedObjectNotFound',
    left: true,
  });
});
