import { type ChildProcess, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { connect } from 'node:tls';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import type { NewMachine } from '../../src/replication/model/source.ts';
import { connectVsphere, type VsphereClient } from '../../src/vsphere/client/connect.ts';
import { createCookieJar } from '../../src/vsphere/http/cookies.ts';
import { createHttp } from '../../src/vsphere/http/http.ts';
import { createMaker } from '../../src/vsphere/import/maker.ts';
import { readDisks } from '../../src/vsphere/inventory/devices.ts';
import { openDatastoreDisk } from '../../src/vsphere/snapshots/datastore.ts';
import { moref } from '../../src/vsphere/soap/moref.ts';
import { readObject } from '../../src/vsphere/soap/property-collector.ts';
import { openSession } from '../../src/vsphere/soap/soap-session.ts';
import { parseXml, textAt, type XmlElement } from '../../src/vsphere/soap/xml.ts';
import { el } from '../../src/vsphere/soap/xml-writer.ts';
import { scratch } from '../support/cli.ts';
import { freePort } from '../support/free-port.ts';
import { readFrom } from '../support/read-from.ts';
import { aMachine } from '../support/repository.ts';
import { endAll, start } from '../support/start.ts';
import { failureOf } from '../vsphere/scripted-server.ts';
import { devices, disk } from '../vsphere/wire.ts';

// govmomi's simulator judges our client: foreign code on the other end of the wire. It simulates
// neither change tracking nor consolidation; those are in test/vsphere and against the lab.
const present = spawnSync('vcsim', ['-h']).error === undefined;
if (!present)
  console.warn('SKIPPED: vsphere-client against vcsim: no vcsim in PATH (see test/peers/PEERS.md)');

const tagging = present && spawnSync('govc', ['tags.ls', '-h']).status === 0;
if (present && !tagging)
  console.warn('SKIPPED: tags against vcsim: no govc with tags in PATH (.ci/peers.d/vsphere.sh)');

const qemuImg = spawnSync('qemu-img', ['--version']).error === undefined;
if (!qemuImg) console.warn('SKIPPED: ImportVApp against vcsim: no qemu-img in PATH (.ci/peers.d/nbd.sh)');

const { clock } = nodeHost();
const USER = { username: 'svc-converge', password: async () => 'p<&>"w' };
let url: string;
let port: number;
let sha256: string;
let vcsim: ChildProcess;

/** The certificate's SHA-256 once the server answers. */
async function fingerprintAt(port: number): Promise<string> {
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const [event] = await Promise.race([
      once(socket, 'secureConnect').then(() => ['up']),
      new Promise<string[]>(done => socket.once('error', () => done(['down']))),
    ]);
    const { fingerprint256 } = socket.getPeerCertificate() ?? {};
    socket.destroy();
    if (event === 'up' && fingerprint256) return fingerprint256;
    if (vcsim.exitCode !== null) throw new Error(`vcsim ended with ${vcsim.exitCode}`);
  }
}

const open = async (more = {}): Promise<VsphereClient> => {
  const client = await connectVsphere({ url, ...USER, sha256, clock, ...more });
  onTestFinished(() => client.close());
  return client;
};

const session = async () => {
  const http = createHttp({ host: '127.0.0.1', port }, { sha256 }, createCookieJar());
  const opened = await openSession(http, { ...USER }, clock);
  onTestFinished(() => opened.close());
  return opened;
};

/** What govc answers. */
async function asked(...args: string[]): Promise<string> {
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, GOVC_PERSIST_SESSION: 'false' },
    ...{ GOVC_URL: `${url}/sdk`, GOVC_INSECURE: '1' },
    ...{ GOVC_USERNAME: USER.username, GOVC_PASSWORD: await USER.password() },
  };
  const { status, stderr, stdout } = spawnSync('govc', args, { env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Puts a file on the simulator's datastore. */
async function put(path: string, body: Buffer): Promise<void> {
  const options = { host: '127.0.0.1', port, path, method: 'PUT', rejectUnauthorized: false, agent: false };
  const sending = request(options);
  sending.end(body);
  const [response] = await once(sending, 'response');
  response.resume();
  expect(response.statusCode).toBe(200);
}

describe.skipIf(!present)('our vSphere client against vcsim', () => {
  beforeAll(async () => {
    port = await freePort();
    const args = ['-l', `127.0.0.1:${port}`, '-username', USER.username, '-password', await USER.password()];
    vcsim = start('vcsim', args, { stdio: 'ignore' });
    url = `https://127.0.0.1:${port}`;
    sha256 = await fingerprintAt(port);
  });
  afterAll(async () => {
    endAll(vcsim);
  });

  it('logs in and learns what the server is', async () => {
    expect((await open()).about).toMatchObject({
      apiType: 'VirtualCenter',
      apiVersion: expect.stringMatching(/^\d/),
    });
  });

  it('is told that the password is wrong', async () => {
    const failure = await failureOf(open({ password: async () => 'wrong-password' }));
    expect(failure.diagnostics[0]!.code).toBe('vsphere-login-refused');
    expect(failure.message).not.toContain('wrong-password');
  });

  it('refuses its self-signed certificate without a pin', async () => {
    const failure = await failureOf(connectVsphere({ url, ...USER, clock }));
    expect(failure.message).toContain(sha256);
  });

  it('lists the inventory and finds VMs by name and UUID', async () => {
    const client = await open();
    const vms = await client.vms();
    const vm = vms.find(v => v.name === 'DC0_H0_VM0')!;
    expect(vm.path).toBe('/DC0/vm/DC0_H0_VM0');
    const byUuid = await (await client.machine(vm.uuid)).inspect();
    expect(byUuid).toMatchObject({ moref: vm.moref, name: vm.name, uuid: vm.uuid, poweredOn: true });
    expect(byUuid.disks).toMatchObject([{ index: 0, capacity: 10 * 2 ** 30 }]);
    const failure = await failureOf(client.machine('DC0_H0_VMO'));
    expect(failure.diagnostics[0]!.hint).toContain('DC0_H0_VM');
  });

  it('enables change tracking', async () => {
    const machine = await (await open()).machine('DC0_H0_VM0');
    await machine.enableChangeTracking();
    expect((await machine.inspect()).changeTracking).toBe(true);
  });

  it('makes a snapshot, reads it and removes it, twice', async () => {
    const machine = await (await open()).machine('DC0_H0_VM1');
    const name = 'converge <1> & "2"';
    const made = await machine.createSnapshot({ name, description: 'é', quiesce: true });
    expect(made).toMatchObject({ name, quiesced: true });
    expect((await machine.inspect()).snapshots).toEqual([made]);
    expect((await machine.frozen(made)).disks).toHaveLength(1);
    await machine.removeSnapshot(made);
    await machine.removeSnapshot(made);
    expect((await machine.inspect()).snapshots).toEqual([]);
  });

  it('says that a frozen snapshot is gone', async () => {
    const machine = await (await open()).machine('DC0_H0_VM1');
    const made = await machine.createSnapshot({ name: 'short', description: '', quiesce: false });
    await machine.removeSnapshot(made);
    expect((await failureOf(machine.frozen(made))).message).toMatch(
      /'short' of VM DC0_H0_VM1.*ManagedObjectNotFound/,
    );
  });

  it('reads a file of the datastore in ranges', async () => {
    const bytes = randomBytes(3 * 2 ** 20 + 512);
    await put('/folder/peer%20disk/a-flat.vmdk?dcPath=DC0&dsName=LocalDS_0', bytes);
    const shape = { fileName: '[LocalDS_0] peer disk/a.vmdk', capacity: String(bytes.length) };
    const [frozen] = readDisks(parseXml(devices(disk(shape))));
    const vm = { name: 'peer', datacenter: 'DC0' };
    const source = await openDatastoreDisk(await session(), vm, frozen!, pLimit(4));
    const sha = (b: Buffer) => createHash('sha256').update(b).digest('hex');
    expect(sha(await readFrom(source, 0, bytes.length))).toBe(sha(bytes));
    expect((await readFrom(source, 1_000_001, 77)).equals(bytes.subarray(1_000_001, 1_000_078))).toBe(true);
  });

  it('refuses a file of another size than the disk', async () => {
    await put('/folder/short/a-flat.vmdk?dcPath=DC0&dsName=LocalDS_0', Buffer.alloc(512));
    const [frozen] = readDisks(
      parseXml(devices(disk({ fileName: '[LocalDS_0] short/a.vmdk', capacity: '1024' }))),
    );
    const vm = { name: 'peer', datacenter: 'DC0' };
    const failure = await failureOf(openDatastoreDisk(await session(), vm, frozen!, pLimit(4)));
    expect(failure.message).toContain('has 512 bytes, but the disk has 1024');
  });

  it('logs in again when its session was terminated, once', async () => {
    const [mine, other] = [await session(), await session()];
    const key = async (of: typeof mine) => {
      const list = await readObject(of, of.content.sessionManager, ['currentSession']);
      return list.get('currentSession')!.children.find(c => c.name === 'key')!.text;
    };
    const old = await key(mine);
    await other.query({
      method: 'TerminateSession',
      self: other.content.sessionManager,
      args: [el('sessionId', old)],
    });
    const view = { method: 'CreateContainerView', self: mine.content.viewManager };
    const root = el('container', mine.content.rootFolder.value, { type: mine.content.rootFolder.type });
    const [made] = await mine.query({ ...view, args: [root, el('recursive', true)] });
    expect(made!.attributes.get('type')).toBe('ContainerView');
    expect(mine.generation).toBe(2);
    expect(await key(mine)).not.toBe(old);
  });

  it.skipIf(!tagging)('finds VMs by the folder they are in and the tags they have', async () => {
    const govc = asked;
    await govc('folder.create', '/DC0/vm/Production', '/DC0/vm/Production/web');
    await govc('object.mv', '/DC0/vm/DC0_H0_VM1', '/DC0/vm/Production/web');
    for (const category of ['tier', 'team']) await govc('tags.category.create', category);
    await govc('tags.create', '-c', 'tier', 'gold');
    await govc('tags.create', '-c', 'team', 'blue é/&');
    await govc('tags.attach', '-c', 'tier', 'gold', '/DC0/vm/DC0_H0_VM0');
    await govc('tags.attach', '-c', 'tier', 'gold', '/DC0/vm/Production');
    await govc('tags.attach', '-c', 'team', 'blue é/&', '/DC0/vm/Production/web/DC0_H0_VM1');
    const client = await open();
    const vms = await client.vms();
    const named = (name: string) => vms.find(vm => vm.name === name)!;
    expect(named('DC0_H0_VM1').folder).toBe('/DC0/vm/Production/web');
    expect(named('DC0_H0_VM1').template).toBe(false);
    const [blue, gold, ...rest] = await client.tags();
    expect(rest).toEqual([]);
    expect([blue, gold]).toMatchObject([
      { name: 'blue é/&', category: 'team' },
      { name: 'gold', category: 'tier' },
    ]);
    expect(await client.tagged([gold!])).toEqual(new Set([named('DC0_H0_VM0').moref]));
    expect(await client.tagged([blue!, gold!])).toEqual(
      new Set([named('DC0_H0_VM0').moref, named('DC0_H0_VM1').moref]),
    );
  });

  it.skipIf(!tagging || !qemuImg)('makes a VM by ImportVApp, and its disks are taken whole', async () => {
    const dir = await scratch();
    const of = await session();
    let lease: XmlElement | undefined;
    const invoke: typeof of.invoke = async call => {
      const answer = await of.invoke(call);
      if (call.method === 'ImportVApp') [lease] = answer;
      return answer;
    };
    const server = { to: { host: '127.0.0.1', port }, trust: { sha256 } };
    const transports = { wanted: 'datastore' as const, reads: pLimit(4) };
    const maker = createMaker({ ...of, invoke }, server, undefined, transports);
    const machine: NewMachine = {
      name: 'back home é &',
      like: 'nobody',
      mark: 'ours/1',
      machine: {
        ...aMachine,
        firmware: 'efi',
        guest_id: 'debian12_64Guest',
        nics: [{ key: 4000, mac: '00:50:56:12:34:56', addresses: [] }],
        disks: [
          { key: 2000, controller: 'ParaVirtualSCSIController', bus: 0, unit: 0 },
          { key: 2016, controller: 'VirtualLsiLogicSASController', bus: 1, unit: 3 },
        ],
      },
      disks: [
        { key: 2000, bytes: 4 * 2 ** 20 },
        { key: 2016, bytes: 2 ** 20 },
      ],
    };
    const wanted = { pool: 'DC0_C0', datastore: 'LocalDS_0', networks: ['DC0_DVPG0'] };
    const nowhere = await failureOf(
      maker.place(machine, { pool: 'DC0_C1', datastore: 'LocalDS_9', networks: [] }),
    );
    expect(nowhere.diagnostics.map(({ message }) => message)).toEqual([
      'vSphere has no resource pool DC0_C1',
      'vSphere has no datastore LocalDS_9',
      'it is not known which network a new VM goes into',
    ]);
    expect(await maker.place(machine, wanted)).toBe(
      'datastore LocalDS_0, resource pool DC0_C0, folder /, network DC0_DVPG0',
    );
    expect(await maker.named(machine.name)).toBeUndefined();
    const going = await maker.begin(machine, wanted);
    const sent: Buffer[] = [];
    for (const { key, bytes } of machine.disks) {
      const [raw, vmdk] = [join(dir, `${key}.raw`), join(dir, `${key}.vmdk`)];
      await writeFile(raw, randomBytes(bytes));
      const to = ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, vmdk];
      expect(spawnSync('qemu-img', to).status).toBe(0);
      const content = await readFile(vmdk);
      sent.push(content);
      await going.upload(key, { length: content.length, bytes: Readable.from([content]) });
    }
    const self = moref('HttpNfcLease', lease!.text);
    const manifest = await of.query({ method: 'HttpNfcLeaseGetManifest', self });
    const sha1 = (b: Buffer) => createHash('sha1').update(b).digest('hex');
    const taken = manifest.map(one => textAt(one, 'sha1'));
    for (const content of sent) expect(taken).toContain(sha1(content));
    const uuid = await going.complete();
    await maker.finish(uuid, machine);
    expect(await maker.named(machine.name)).toEqual({
      uuid,
      poweredOn: false,
      mark: 'ours/1',
      finished: true,
    });
    const { virtualMachines } = JSON.parse(await asked('vm.info', '-json', `-vm.uuid=${uuid}`));
    expect(virtualMachines).toHaveLength(1);
    const { config } = virtualMachines[0];
    expect(config).toMatchObject({ firmware: 'efi', guestId: 'debian12_64Guest', hardware: { numCPU: 2 } });
    const devices = config.hardware.device as {
      [at: string]: unknown;
      capacityInBytes?: number;
      macAddress?: string;
    }[];
    const byKey = new Map(devices.map(one => [one.key, one]));
    const disks = devices.filter(one => one.capacityInBytes !== undefined);
    expect(
      disks.map(one => [one.capacityInBytes, one.unitNumber, byKey.get(one.controllerKey)?.busNumber]),
    ).toEqual([
      [4 * 2 ** 20, 0, 0],
      [2 ** 20, 3, 1],
    ]);
    expect(devices.find(one => one.macAddress)).toMatchObject({
      macAddress: '00:50:56:12:34:56',
      backing: { port: { portgroupKey: expect.any(String) } },
    });
    await maker.remove(uuid);
    await maker.remove(uuid);
    expect(await maker.named(machine.name)).toBeUndefined();
  });

  it.skipIf(!tagging)('is told that the password is wrong by the Automation API as well', async () => {
    let asked = 0;
    const password = async () => (asked++ === 0 ? USER.password() : 'wrong-password');
    const failure = await failureOf((await open({ password })).tags());
    expect(failure.diagnostics[0]!.code).toBe('vsphere-tags-refused');
  });

  it('says what the server does not know', async () => {
    const opened = await session();
    const call = opened.query({ method: 'QueryChangedDiskAreas', self: moref('VirtualMachine', 'vm-1') });
    await expect(call).rejects.toMatchObject({ type: expect.stringMatching(/NotFound$/) });
  });
});
