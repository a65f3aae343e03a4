import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { block, openSite, type Site } from './site.ts';

// Cases 1 to 9, 24 and 27 of the specification: what change tracking answers, and when it isn't believed.
let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterEach(() => site.clear());
afterAll(() => site.close());

test('case 01: an answer that holds some of the changes is gone on from until the capacity', async () => {
  const vm = await site.vm([40]);
  await vm.proves();
  await vm.change(1, 3, 5, 7, 9, 11, 39);
  vm.fault({ kind: 'page-limit', areas: 2 });
  const { mode, reason, numbers } = await vm.proves();
  expect([mode, reason, numbers.blocks_read]).toEqual(['incremental', 'changed-areas', 7]);
});

test('case 02: an answer without any area in the middle of a disk is not its end', async () => {
  const vm = await site.vm([40]);
  await vm.proves();
  await vm.change(0, 39);
  vm.fault({ kind: 'page-span', bytes: 3 * block });
  expect((await vm.proves()).numbers.blocks_read).toBe(2);
});

test('case 03: nobody asks at the capacity, which vSphere refuses', async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  const asked: number[] = [];
  const { changedAreas } = vm.machine;
  vm.machine.changedAreas = (snapshot, disk, startOffset, ...rest) => {
    asked.push(startOffset);
    return changedAreas(snapshot, disk, startOffset, ...rest);
  };
  await vm.change(3);
  vm.fault({ kind: 'page-span', bytes: 2 * block });
  await vm.proves();
  expect(asked).toEqual([0, 2 * block]);
});

test('case 04: areas that overlap and are coarser than blocks are each read once; a disk need not be whole blocks', async () => {
  const vm = await site.vm([9.5]);
  await vm.proves();
  await vm.change(2, 3);
  await vm.write(0, 9 * block + 512, Buffer.alloc(512, 7));
  vm.fault({ kind: 'coarse', bytes: 3 * 512 * 100 });
  const { numbers, disks } = await vm.proves();
  expect(numbers.blocks_read).toBeGreaterThanOrEqual(3);
  expect(numbers.blocks_read).toBeLessThanOrEqual(10);
  expect([numbers.blocks_stored, disks[0]!.bytes]).toEqual([3, 9.5 * block]);
});

test('case 05: after a cycle that failed the change id of the newest point is asked with', async () => {
  const vm = await site.vm([8]);
  await vm.proves();
  await vm.change(1);
  const failing = await vm.fails({}, step => {
    if (step === 'head') throw Object.assign(new Error('gone'), { diagnostics: [{ code: 'made-up' }] });
  });
  expect(failing).toEqual(['made-up']);
  await vm.change(2);
  const { mode, numbers } = await vm.proves();
  expect([mode, numbers.blocks_read]).toEqual(['incremental', 2]);
});

test('case 06: another epoch of change tracking is seen before anything is asked, and the disk compared', async () => {
  for (const [what, happens] of [
    ['a reset', (name: string) => site.world.resetCbt(name)],
    ['a power cut', (name: string) => site.world.powerCut(name)],
  ] as const) {
    const vm = await site.vm([8]);
    await vm.proves();
    await vm.change(1);
    await happens(vm.name);
    const { mode, reason, numbers, point } = await vm.proves();
    expect([what, mode, reason, numbers.blocks_stored]).toEqual([what, 'rescan', 'change-id-epoch', 1]);
    expect(point.disks[0]).toMatchObject({ mode: 'rescan', reason: 'change-id-epoch' });
  }
});

test('case 07: a change id that is refused turns into a comparison in the same cycle; any other fault fails it', async () => {
  const vm = await site.vm([8]);
  await vm.proves();
  await vm.change(1);
  vm.fault({ kind: 'fail-query', fault: 'FileFault' });
  const { mode, reason, numbers } = await vm.proves();
  expect([mode, reason, numbers.blocks_read, numbers.blocks_stored]).toEqual([
    'rescan',
    'change-id-rejected',
    8,
    1,
  ]);
  vm.fault({ kind: 'fail-query', fault: 'GenericVmConfigFault' });
  expect(await vm.fails()).toEqual(['vsphere-fault']);
  expect((await vm.proves()).mode).toBe('incremental');
});

test('case 08: where tracking was off it is switched on, and the disk is compared as a whole, visibly', async () => {
  const vm = await site.vm([8]);
  await vm.proves();
  await site.world.setTracking(vm.name, false);
  await vm.change(1);
  const { mode, reason, numbers } = await vm.proves();
  expect([mode, reason, numbers.blocks_stored]).toEqual(['rescan', 'tracking-off', 1]);
  expect((await vm.machine.inspect()).changeTracking).toBe(true);
  await vm.change(2);
  expect((await vm.proves()).mode).toBe('incremental');
});

test('case 09: tracking that is switched on while the VM runs counts from the first snapshot with a change id', async () => {
  const vm = await site.vm([8]);
  expect((await vm.machine.inspect()).changeTracking).toBe(false);
  const first = await vm.proves();
  expect([first.mode, first.reason]).toEqual(['full', 'first-cycle']);
  expect((await vm.machine.inspect()).changeTracking).toBe(true);
  await vm.change(4);
  const second = await vm.proves();
  const hadId = first.point.disks[0]!.changeId !== undefined;
  expect([second.mode, second.reason]).toEqual(
    hadId ? ['incremental', 'changed-areas'] : ['rescan', 'no-change-id'],
  );
  await vm.change(5);
  expect((await vm.proves()).numbers.blocks_read).toBe(1);
});

test('case 24: a full comparison finds what tracking left out, says so, and marks the points in between', async () => {
  const vm = await site.vm([8]);
  await vm.proves();
  await vm.change(1);
  vm.fault({ kind: 'cbt-lies' });
  const lied = await vm.run();
  expect(lied.numbers.blocks_read).toBe(0);
  await vm.change(2);
  const after = await vm.run();
  const { reason, codes, point, disks } = await vm.proves({ rescan: true });
  expect([reason, disks[0]!.untold]).toEqual(['tracking-lied', 1]);
  expect(codes).toEqual(['tracking-lied', 'points-suspect']);
  expect(point.disks[0]!.reason).toBe('tracking-lied');
  const record = (await (await vm.repository()).vm(vm.machine.uuid).damage.read())!.record!;
  expect(record.suspect!.map(({ id }) => id)).toEqual([lied.point.id, after.point.id]);
  // A tracking that tells all is not suspected.
  await vm.change(3);
  const honest = await vm.proves({ rescan: true });
  expect([honest.reason, honest.codes]).toEqual(['requested', []]);
});

test('case 24: on a build that is known to leave changes out, every cycle compares the whole disk', async () => {
  const vm = await site.vm([4]);
  await vm.proves();
  await vm.change(1);
  vm.fault({ kind: 'host-build', version: '6.0.0', build: '2494585' });
  const { mode, reason, codes } = await vm.proves();
  expect([mode, reason, codes]).toEqual(['rescan', 'tracking-known-bad', ['tracking-known-bad']]);
  site.clear();
  vm.fault({ kind: 'host-build', version: '6.0.0', build: '3247720' });
  expect((await vm.proves()).mode).toBe('incremental');
});

test('case 27: 100 % changed is believed, read, and said', async () => {
  const vm = await site.vm([8]);
  await vm.proves();
  await vm.change(0, 1, 2, 3, 4, 5, 6, 7);
  const { codes, numbers } = await vm.proves();
  expect([codes, numbers.blocks_stored]).toEqual([['all-changed'], 8]);
});
