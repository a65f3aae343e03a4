import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { labCertificates } from '../../src/lab/tls.ts';
import { startVsphere, type VsphereWorld } from '../../src/lab/vsphere/server.ts';
import type { Network } from '../../src/network/network.ts';
import {
  ChangeIdRejected,
  type Extent,
  QuiesceFailed,
  type SourceMachine,
} from '../../src/replication/model/source.ts';
import { connectVsphere, type VsphereClient } from '../../src/vsphere/client/connect.ts';
import { readFrom } from '../support/read-from.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { failureOf, quickClock } from './scripted-server.ts';

// The lab is written from the API's documentation by its own hand: where client and lab agree,
// two readings of the documentation agree.
const MIB = 1 << 20;
const SIZE = 8 * MIB + 512;
const random = { bytes: (n: number) => randomBytes(n), uuid: () => randomUUID() };

let world: VsphereWorld;
let client: VsphereClient;
let vm: SourceMachine;
/** Connections to the lab so far. */
let connections: () => number;

/** A proxy that leads everywhere, and counts. */
async function relay(): Promise<{ network: Network; connections: () => number }> {
  let count = 0;
  const server = createServer().on('connect', (request, socket, head) => {
    count++;
    const [host, port] = request.url!.split(':');
    const on = connect({ host: host!, port: Number(port) }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      on.write(head);
      pipeline(socket, on, socket, () => {});
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const proxy = { secure: false, host: '127.0.0.1', port, where: 'relay', from: 'a test' };
  return {
    network: { proxyTo: () => proxy, authorities: async () => undefined },
    connections: () => count,
  };
}

beforeEach(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'converge-test-'));
  const clock = quickClock();
  const wall = { now: () => Date.now(), sleep: clock.sleep };
  const certificates = await labCertificates(dir, wall, random);
  const lab = await startVsphere({
    dir: join(dir, 'vsphere'),
    credentials: { username: 'svc', password: 'pw' },
    tls: { key: certificates.keyPem, cert: certificates.certPem },
    // Stands still: its tasks take no time, and a wait for updates ends when something happened.
    clock: new SteppedClock(),
    random,
  });
  world = lab.world;
  await world.addVm({
    name: 'dc02',
    disks: [{ bytes: SIZE }, { bytes: MIB, mode: 'independent_persistent' }],
    hardware: {
      guestId: 'debian12_64Guest',
      firmware: 'efi',
      secureBoot: true,
      vtpm: true,
      cpus: 4,
      memoryMib: 8192,
      bootOrder: [2001],
      nics: [{ mac: '00:50:56:AB:00:01', addresses: ['192.0.2.9', 'fe80::1'] }],
    },
  });
  await world.write('dc02', 0, 3 * MIB + 100, randomBytes(200_000));
  const between = await relay();
  connections = between.connections;
  client = await connectVsphere({
    network: between.network,
    url: lab.url,
    username: 'svc',
    password: async () => 'pw',
    ca: certificates.caPem,
    clock,
  });
  vm = await client.machine('dc02');
  onTestFinished(async () => {
    await client.close();
    await lab.close();
    await rm(dir, { recursive: true });
  });
});

const snapshot = (name: string, quiesce = false) => vm.createSnapshot({ name, description: '', quiesce });

/** All changed areas of disk 0, page by page to the capacity. */
async function changed(
  name: string,
  since: string,
): Promise<{ areas: Extent[]; pages: number; changeId: string }> {
  const made = await snapshot(name);
  const [disk] = (await vm.frozen(made)).disks;
  const areas: Extent[] = [];
  let pages = 0;
  for (let at = 0; at < disk!.capacity; pages++) {
    const page = await vm.changedAreas(made, disk!, at, since);
    areas.push(...page.areas);
    at = page.startOffset + page.length;
  }
  await vm.removeSnapshot(made);
  return { areas, pages, changeId: disk!.changeId! };
}

/** Turns change tracking on and gives the first change id. */
async function baseline(): Promise<string> {
  await vm.enableChangeTracking();
  return (await changed('base', '*')).changeId;
}

it('reads of however many disks together never ask the file service for more than eight at once', async () => {
  const made = await snapshot('s');
  const [disk] = (await vm.frozen(made)).disks;
  const sources = [await vm.open(made, disk!), await vm.open(made, disk!), await vm.open(made, disk!)];
  const before = connections();
  const reads = sources.flatMap(source =>
    Array.from({ length: 20 }, (_, n) => readFrom(source, n * 4096, SIZE / 2)),
  );
  expect(new Set((await Promise.all(reads)).map(({ length }) => length))).toEqual(new Set([SIZE / 2]));
  // A connection is made when all that there are have something to do. Some were there before.
  expect(connections() - before).toBeLessThanOrEqual(8);
  expect(connections() - before).toBeGreaterThanOrEqual(5);
  for (const source of sources) await source.close();
});

it('sees what the lab holds', async () => {
  const [listed] = await client.vms();
  expect(await vm.inspect()).toMatchObject({
    moref: listed!.moref,
    uuid: listed!.uuid,
    name: 'dc02',
    changeTracking: false,
    changeTrackingSupported: true,
    poweredOn: true,
    snapshots: [],
    disks: [
      { index: 0, capacity: SIZE },
      { index: 1, capacity: MIB, unprotectable: expect.stringContaining('independent') },
    ],
  });
  expect(await (await client.machine(listed!.uuid)).inspect()).toMatchObject({ name: 'dc02' });
});

it('records what the machine is, with the addresses that its tools tell', async () => {
  expect(await vm.record(await snapshot('frozen'))).toEqual({
    guest_id: 'debian12_64Guest',
    firmware: 'efi',
    secure_boot: true,
    vtpm: true,
    encrypted: false,
    boot_order: ['disk:2001'],
    cpus: 4,
    memory: 8192,
    nics: [{ key: 4000, mac: '00:50:56:ab:00:01', addresses: ['192.0.2.9', 'fe80::1'] }],
    disks: [
      { key: 2000, controller: 'ParaVirtualSCSIController', bus: 0, unit: 0 },
      { key: 2001, controller: 'ParaVirtualSCSIController', bus: 0, unit: 1 },
    ],
  });
  await world.setPower('dc02', 'poweredOff');
  expect((await vm.record(await snapshot('off'))).nics[0]).toMatchObject({ addresses: [] });
});

it('reads the frozen content while the guest goes on writing', async () => {
  const before = await world.read('dc02', 0, 0, SIZE);
  const made = await snapshot('frozen', true);
  expect(made.quiesced).toBe(true);
  await world.write('dc02', 0, 3 * MIB, randomBytes(MIB));
  const [disk] = (await vm.frozen(made)).disks;
  const source = await vm.open(made, disk!);
  expect((await readFrom(source, 0, SIZE)).equals(before)).toBe(true);
  expect((await readFrom(source, SIZE - 512, 512)).equals(before.subarray(SIZE - 512))).toBe(true);
  await source.close();
  await vm.removeSnapshot(made);
  await vm.removeSnapshot(made);
  expect((await vm.inspect()).snapshots).toEqual([]);
});

it('enables change tracking, which shows in the next snapshot, and finds what changed', async () => {
  const since = await baseline();
  await world.write('dc02', 0, 5 * MIB + 7, randomBytes(10));
  await world.write('dc02', 0, 64, randomBytes(10));
  const { areas } = await changed('next', since);
  for (const at of [5 * MIB + 7, 64]) {
    expect(areas.some(a => a.start <= at && at + 10 <= a.start + a.length)).toBe(true);
  }
  expect(areas.reduce((sum, a) => sum + a.length, 0)).toBeLessThan(MIB);
});

it.each([
  ['few areas', { kind: 'page-limit', areas: 1 } as const],
  ['few bytes, so that pages without areas come', { kind: 'page-span', bytes: MIB } as const],
])('goes through answers that hold %s', async (_, rule) => {
  const since = await baseline();
  for (const at of [0, 3 * MIB, 8 * MIB]) await world.write('dc02', 0, at, randomBytes(512));
  const whole = await changed('whole', since);
  world.fault(rule);
  const { areas, pages } = await changed('paged', since);
  expect(pages).toBeGreaterThan(whole.pages);
  const covered = (all: Extent[]) =>
    all.flatMap(a => Array.from({ length: a.length / 512 }, (_, i) => a.start / 512 + i));
  expect(covered(areas)).toEqual(covered(whole.areas));
});

it('tells a refused change id from a fault of the world', async () => {
  const since = await baseline();
  await world.resetCbt('dc02');
  expect((await failureOf(changed('after reset', since))).cause).toBeInstanceOf(ChangeIdRejected);
});

it('refuses to enable change tracking below a snapshot', async () => {
  await world.addSnapshot('dc02', 'before upgrade');
  expect((await failureOf(vm.enableChangeTracking())).message).toContain("'before upgrade'");
});

it('refuses to read a disk that another snapshot is below', async () => {
  await world.addSnapshot('dc02', 'before upgrade');
  const made = await snapshot('ours');
  const [disk] = (await vm.frozen(made)).disks;
  expect((await failureOf(vm.open(made, disk!))).message).toMatch(/delta on another file/);
});

describe('mishaps', () => {
  it('survives the end of its session between and within calls', async () => {
    const made = await snapshot('s');
    const [disk] = (await vm.frozen(made)).disks;
    const source = await vm.open(made, disk!);
    world.fault({ kind: 'expire-sessions' });
    expect(await readFrom(source, 0, 4 * MIB)).toHaveLength(4 * MIB);
    world.fault({ kind: 'expire-sessions' });
    await vm.removeSnapshot(made);
    world.fault({ kind: 'expire-sessions' });
    expect((await snapshot('t')).name).toBe('t');
  });

  it('says that the guest was not quiesced, and leaves no snapshot', async () => {
    world.fault({ kind: 'quiesce-fails' });
    await expect(snapshot('q', true)).rejects.toBeInstanceOf(QuiesceFailed);
    expect((await vm.inspect()).snapshots).toEqual([]);
  });

  it.each(['truncated', 'short', 'error'] as const)('reads again after a %s read', async how => {
    const before = await world.read('dc02', 0, 3 * MIB, MIB);
    const made = await snapshot('s');
    const [disk] = (await vm.frozen(made)).disks;
    const source = await vm.open(made, disk!);
    world.fault({ kind: 'read', how, times: 2 });
    expect((await readFrom(source, 3 * MIB, MIB)).equals(before)).toBe(true);
  });

  it('finds its snapshot, and sees it removed, when the tasks are lost', async () => {
    world.fault({ kind: 'lost-task', method: 'CreateSnapshot_Task' });
    const made = await snapshot('s');
    expect((await vm.inspect()).snapshots).toEqual([made]);
    world.fault({ kind: 'lost-task', method: 'RemoveSnapshot_Task' });
    await vm.removeSnapshot(made);
    expect((await vm.inspect()).snapshots).toEqual([]);
  });

  it('consolidates what a removal left', async () => {
    const made = await snapshot('s');
    world.fault({ kind: 'consolidation-needed' });
    await vm.removeSnapshot(made);
    expect((await vm.inspect()).consolidationNeeded).toBe(true);
    await vm.consolidate();
    expect((await vm.inspect()).consolidationNeeded).toBe(false);
  });

  it('waits through 503', async () => {
    world.fault({ kind: 'unavailable', times: 2 });
    expect((await vm.inspect()).name).toBe('dc02');
  });

  it('names a missing privilege', async () => {
    world.fault({ kind: 'missing-privilege', privilege: 'VirtualMachine.State.CreateSnapshot' });
    expect((await failureOf(snapshot('s'))).message).toMatch(
      /create a snapshot of VM dc02: privilege VirtualMachine\.State\.CreateSnapshot is missing on/,
    );
  });

  it('says what a failed task said', async () => {
    world.fault({ kind: 'fail-task', method: 'CreateSnapshot_Task', fault: 'InsufficientDisksFault' });
    expect((await failureOf(snapshot('s'))).message).toContain('InsufficientDisksFault');
  });
});
