import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import type { FaultRule } from '../../../src/lab/vsphere/server.ts';
import { startClient } from './client.ts';

const GRANULE = 65536;

/** The one diagnostic of the Failure that the work throws. */
async function mistake(work: () => unknown) {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      failure => failure,
    );
  expect(error).toBeInstanceOf(Failure);
  expect((error as Failure).diagnostics).toHaveLength(1);
  return (error as Failure).diagnostics[0]!;
}

test('the world is the same after the process: machines, snapshots, content, change ids', async () => {
  const client = await startClient();
  const { world } = client.lab;
  await world.addVm({
    name: 'a',
    uuid: '11111111-2222-3333-4444-555555555555',
    disks: [{ bytes: 2 * GRANULE }, { bytes: 512 }],
    folder: 'x',
  });
  await world.write('a', 0, 100, Buffer.from('before'));
  await world.addSnapshot('a', 'one');
  await world.write('a', 0, 100, Buffer.from('after!'));
  const before = world.vms();
  await client.restart();
  expect(client.lab.world.vms()).toEqual(before);
  expect((await client.lab.world.read('a', 0, 100, 6)).toString()).toBe('after!');
  await client.lab.world.removeSnapshot('a', 'one');
  expect((await client.lab.world.read('a', 0, 99, 8)).toString()).toBe('\0after!\0');
  await client.lab.world.removeVm('a');
  await client.lab.world.addVm({ name: 'b', disks: [{ bytes: 512 }] });
  await client.restart();
  expect(client.lab.world.vms().map(vm => vm.name)).toEqual(['b']);
});

test('two VMs of one name live side by side, and are told apart by UUID', async () => {
  const { world } = (await startClient()).lab;
  const first = await world.addVm({ name: 'a', disks: [{ bytes: 512 }] });
  const second = await world.addVm({ name: 'a', disks: [{ bytes: 1024 }] });
  expect([first.disks[0]!.file, second.disks[0]!.file]).toEqual([
    '[datastore1] a/a.vmdk',
    '[datastore1] a_1/a_1.vmdk',
  ]);
  const asked = await mistake(() => world.write('a', 0, 0, Buffer.from('x')));
  expect(asked.code).toBe('vm-ambiguous');
  expect(asked.hint).toContain(second.uuid);
  await world.write(second.uuid, 0, 1023, Buffer.from('x'));
  expect((await world.read(second.moref, 0, 1023, 1)).toString()).toBe('x');
});

test('a disk follows an image: it grows with it, and counts the blocks that differ', async () => {
  const client = await startClient();
  const { world } = client.lab;
  const image = join(client.dir, 'image.raw');
  const bytes = Buffer.alloc(3 * GRANULE + 512);
  bytes.write('one', 70_000);
  await writeFile(image, bytes);
  await world.addVm({ name: 'a', disks: [{ image }] });
  expect(await world.setDisk('a', 0, image)).toEqual({ changedBytes: 0 });
  bytes.write('two', 3 * GRANULE + 5);
  await writeFile(image, Buffer.concat([bytes, Buffer.alloc(512)]));
  expect(await world.setDisk('a', 0, image)).toEqual({ changedBytes: 1024 });
  expect(world.vms()[0]!.disks[0]!.bytes).toBe(3 * GRANULE + 1024);
  await writeFile(image, bytes);
  expect((await mistake(() => world.setDisk('a', 0, image))).code).toBe('image-smaller');
  await writeFile(image, Buffer.alloc(1000));
  expect((await mistake(() => world.setDisk('a', 0, image))).code).toBe('disk-size');
});

test('a disk under a snapshot does not grow', async () => {
  const { world } = (await startClient()).lab;
  await world.addVm({ name: 'a', disks: [{ bytes: 512 }] });
  await world.addSnapshot('a', 'one');
  const refused = await mistake(() => world.grow('a', 0, 1024));
  expect([refused.code, refused.hint]).toEqual(['disk-has-snapshots', 'remove the snapshot one first']);
  await world.removeSnapshot('a', 'one');
  await world.grow('a', 0, 1024);
  expect(world.vms()[0]!.disks[0]!.bytes).toBe(1024);
});

test('disks come and go, though not under a snapshot; a key is free again when its disk is gone', async () => {
  const { world } = (await startClient()).lab;
  await world.addVm({ name: 'a', disks: Array.from({ length: 16 }, () => ({ bytes: 512 })) });
  const keys = world.vms()[0]!.disks.map(disk => disk.key);
  expect([keys[6], keys[7], keys[14], keys[15]]).toEqual([2006, 2008, 2015, 2016]);
  await world.addSnapshot('a', 'one');
  expect((await mistake(() => world.removeDisk('a', 3))).code).toBe('disk-has-snapshots');
  await world.removeSnapshot('a', 'one');
  await world.removeDisk('a', 3);
  expect(world.vms()[0]!.disks.map(disk => disk.key)).not.toContain(2003);
  const again = await world.addDisk('a', { bytes: 1024 });
  expect(again.disks[3]).toMatchObject({ key: 2003, bytes: 1024 });
});

test('what is not there is named, with the nearest thing that is', async () => {
  const { world } = (await startClient()).lab;
  await world.addVm({ name: 'dc02', disks: [{ bytes: 512 }] });
  await world.addSnapshot('dc02', 'nightly');
  expect((await mistake(() => world.powerCut('dc20'))).hint).toBe('did you mean `dc02`?');
  expect((await mistake(() => world.removeSnapshot('dc02', 'nigthly'))).hint).toBe('did you mean `nightly`?');
  expect((await mistake(() => world.write('dc02', 1, 0, Buffer.alloc(1)))).message).toBe(
    'dc02 has no disk 1: it has disks 0 to 0',
  );
  expect((await mistake(() => world.addVm({ name: 'x', disks: [{ image: '/nowhere/x.raw' }] }))).code).toBe(
    'image-missing',
  );
  expect((await mistake(() => world.addVm({ name: 'x', disks: [{ bytes: 100 }] }))).code).toBe('disk-size');
  expect((await mistake(() => world.addVm({ name: 'x', uuid: 'x', disks: [] }))).code).toBe('vm-uuid');
  expect(world.vms().map(vm => vm.name)).toEqual(['dc02']);
});

test('a fault rule that nobody knows is refused with the nearest one', async () => {
  const { world } = (await startClient()).lab;
  const unknown = await mistake(() => world.fault({ kind: 'quiesce-fail' } as unknown as FaultRule));
  expect(unknown.hint).toBe('did you mean `quiesce-fails`?');
  const half = await mistake(() => world.fault({ kind: 'slow-task' } as unknown as FaultRule));
  expect(half.message).toContain('needs ms');
});
