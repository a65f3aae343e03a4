import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { block, openSite, type Site } from './site.ts';

// Cases 10 to 17 and 29 to 31: which disks a point holds, and what others do to the machine.
let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterEach(() => site.clear());
afterAll(() => site.close());

test("case 10: somebody's snapshot below is named with its age, ends the cycle before it begins, and stays", async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  await site.world.addSnapshot(vm.name, 'before the upgrade');
  expect(await vm.fails()).toEqual(['snapshot-in-the-way']);
  await expect(vm.run()).rejects.toThrow('the snapshot "before the upgrade"');
  expect(site.world.vms().find(one => one.name === vm.name)!.snapshots).toEqual(['before the upgrade']);
  await site.world.removeSnapshot(vm.name, 'before the upgrade');
  expect((await vm.proves()).mode).toBe('incremental');
});

test('case 10: tracking is not switched on while the VM has snapshots', async () => {
  const vm = await site.vm([4]);
  await site.world.addSnapshot(vm.name, 'mine');
  expect(await vm.fails()).toEqual(['snapshot-in-the-way']);
  expect((await vm.machine.inspect()).changeTracking).toBe(false);
});

test('case 11: a disk that grew is compared as a whole; the point has its new size, older ones the old', async () => {
  const vm = await site.vm([4]);
  const before = await vm.content();
  const first = await vm.proves();
  await site.world.grow(vm.name, 0, 7 * block);
  await vm.change(6);
  const { mode, reason, point } = await vm.proves();
  expect([mode, reason, point.disks[0]!.bytes]).toEqual(['rescan', 'capacity-changed', 7 * block]);
  await vm.same(first.point, 0, before);
});

test('case 12: another disk in the place of one is copied in full, whatever its key', async () => {
  const vm = await site.vm([4]);
  const before = await vm.content();
  const first = await vm.proves();
  await site.world.removeDisk(vm.name, 0);
  await site.world.addDisk(vm.name, { bytes: 2 * block });
  await vm.change(1);
  const { mode, reason, point } = await vm.proves();
  expect([mode, reason]).toEqual(['full', 'disk-replaced']);
  expect(point.disks[0]!.key).toBe(first.point.disks[0]!.key);
  expect(point.left_out.map(({ why }) => why)).toEqual(['no longer attached to the VM']);
  await vm.same(first.point, 0, before);
});

test('case 13: a disk that was added is in the next point, in full, beside the changes of the others', async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  await site.world.addDisk(vm.name, { bytes: 3 * block });
  await vm.write(1, 0, Buffer.alloc(block, 5));
  await vm.change(1);
  const { disks } = await vm.proves();
  expect(disks.map(({ mode, reason }) => [mode, reason])).toEqual([
    ['incremental', 'changed-areas'],
    ['full', 'new-disk'],
  ]);
});

test('case 14: a disk that was removed is named in the points after, and restorable from those before', async () => {
  const vm = await site.vm([2, 3]);
  const second = await vm.content(1);
  const first = await vm.proves();
  await site.world.removeDisk(vm.name, 1);
  const { point } = await vm.proves();
  expect(point.disks).toHaveLength(1);
  expect(point.left_out).toMatchObject([{ label: 'Hard disk 2', why: 'no longer attached to the VM' }]);
  await vm.same(first.point, 1, second);
});

test('case 15: a disk that no snapshot holds fails the cycle by name, unless it is left out, which the point says', async () => {
  const vm = await site.vm([2, 2], { independent: 1 });
  expect(await vm.fails()).toEqual(['unprotectable-disk']);
  await expect(vm.run()).rejects.toThrow(/Hard disk 2 \(disk 1\).*independent/);
  const { point } = await vm.proves({ exclude: ['hard disk 2'] });
  expect(point.left_out[0]).toMatchObject({ label: 'Hard disk 2' });
  expect(point.left_out[0]!.why).toContain('independent');
});

test('case 16: storage vMotion between cycles changes names alone; with a new epoch the disk is compared', async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  await vm.change(1);
  await site.world.relocate(vm.name);
  expect(await vm.proves()).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 1 } });
  await vm.change(2);
  await site.world.relocate(vm.name, { epoch: true });
  expect(await vm.proves()).toMatchObject({ mode: 'rescan', reason: 'change-id-epoch' });
});

test('case 16: files that move while they are read end the cycle without a point; the next one makes it', async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  await vm.change(1);
  const { open } = vm.machine;
  vm.machine.open = async (...of) => {
    const source = await open(...of);
    await site.world.relocate(vm.name);
    vm.machine.open = open;
    return source;
  };
  const codes = await vm.fails();
  expect(codes).toHaveLength(1);
  expect(await vm.points()).toHaveLength(1);
  expect((await vm.proves()).mode).toBe('incremental');
});

test('case 17: a revert is seen by the epoch, the disk compared, and the point says what it stood on', async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  const old = await vm.content();
  await site.world.addSnapshot(vm.name, 'golden');
  await vm.change(1, 2);
  await site.world.revert(vm.name);
  await site.world.removeSnapshot(vm.name, 'golden');
  const { mode, reason, point } = await vm.proves();
  expect([mode, reason]).toEqual(['rescan', 'change-id-epoch']);
  await vm.same(point, 0, old);
  expect(point.snapshots).toEqual([]);
});

test('case 17: the tree of snapshots is in the point, each with those below it', async () => {
  const vm = await site.vm([2]);
  await vm.proves();
  await site.world.addSnapshot(vm.name, 'one');
  await site.world.addSnapshot(vm.name, 'two');
  const { snapshots } = await vm.machine.inspect();
  expect(snapshots.map(({ name, below }) => [name, below])).toEqual([
    ['one', undefined],
    ['two', ['one']],
  ]);
  // Over the datastore nothing is read below a snapshot: a machine that reads it any other way.
  const { inspect, frozen } = vm.machine;
  const flat = <T extends object>({ disks, ...more }: T & { disks: { onDelta?: true }[] }) => ({
    ...more,
    disks: disks.map(({ onDelta: _, ...disk }) => disk),
  });
  vm.machine.inspect = async signal => flat(await inspect(signal)) as never;
  vm.machine.frozen = async (...of) => flat(await frozen(...of)) as never;
  vm.machine.open = async (_, { capacity }) => ({
    size: capacity,
    readInto: async (target, offset) =>
      void (await site.world.read(vm.name, 0, offset, target.length)).copy(target),
    close: async () => {},
  });
  const { point } = await vm.proves();
  expect(point.snapshots!.map(({ name, below }) => [name, below])).toEqual([
    ['one', undefined],
    ['two', ['one']],
  ]);
});

test('case 29: one snapshot is one point of all disks; when one of them fails there is no point', async () => {
  const vm = await site.vm([2, 2]);
  await vm.proves();
  await vm.change(1);
  await vm.write(1, 0, Buffer.alloc(block, 9));
  const failing = await vm.fails({}, step => {
    if (step === 'copy-disk-1') vm.fault({ kind: 'fail-query', fault: 'GenericVmConfigFault' });
    if (step === 'copy-disk-1')
      throw Object.assign(new Error('gone'), { diagnostics: [{ code: 'made-up' }] });
  });
  expect(failing).toEqual(['made-up']);
  site.clear();
  expect(await vm.points()).toHaveLength(1);
  // What is written while the point is made is in none of its disks.
  const before = [await vm.content(0), await vm.content(1)];
  const { point } = await vm.run({}, async step => {
    if (step !== 'copy-disk-0') return;
    await vm.change(0);
    await vm.write(1, block, Buffer.alloc(block, 8));
  });
  await vm.same(point, 0, before[0]);
  await vm.same(point, 1, before[1]);
});

test("case 30: another product's snapshot that comes and goes between two cycles costs nothing", async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  await vm.change(1);
  await site.world.addSnapshot(vm.name, 'other-backup');
  await vm.change(2);
  await site.world.removeSnapshot(vm.name, 'other-backup');
  expect(await vm.proves()).toMatchObject({ mode: 'incremental', numbers: { blocks_read: 2 } });
});

test('case 31: off and suspended machines are replicated, and never called quiesced; a template is refused', async () => {
  const vm = await site.vm([2]);
  await site.world.setPower(vm.name, 'poweredOff');
  expect((await vm.proves({ quiesce: 'prefer' })).point.consistency).toBe('crash');
  await site.world.setPower(vm.name, 'suspended');
  await vm.change(1);
  expect((await vm.proves({ quiesce: 'prefer' })).point.consistency).toBe('crash');
  await site.world.setTemplate(vm.name, true);
  expect(await vm.fails()).toEqual(['vm-is-template']);
});

test('case 31: what a machine is beside its disks is in the point: a virtual TPM, secure boot', async () => {
  const vm = await site.vm([1], { hardware: { vtpm: true, firmware: 'efi', secureBoot: true } });
  const { machine } = (await vm.proves()).point;
  expect(machine).toMatchObject({ vtpm: true, firmware: 'efi', secure_boot: true, encrypted: false });
});
