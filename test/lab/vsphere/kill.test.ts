import { afterEach, expect, test, vi } from 'vitest';
import { type Machines, openMachines } from '../../../src/lab/vsphere/world/machines.ts';
import type { VmState } from '../../../src/lab/vsphere/world/state.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';
import { inFolder } from '../disks/folder.ts';
import { closeLeftOpen, inALifeOf } from '../disks/mortal-files.ts';

vi.mock('node:fs/promises', async original =>
  (await import('../disks/mortal-files.ts')).mortal(await original()),
);

afterEach(closeLeftOpen);

const BYTES = 2 * 65_536;
const ports = { clock: new SteppedClock(), random: new SeededRandom() };
const open = (dir: string) => openMachines(dir, ports, () => {});
const snapshot = (name: string) => ({ name, description: '', quiesce: false });

/** A tracked VM with two disks and the snapshots a and b. */
async function worldWithVm(dir: string): Promise<Machines> {
  const machines = await open(dir);
  const vm = await machines.addVm('dc02', [{ bytes: BYTES }, { bytes: BYTES }], {});
  await machines.configure(vm, { changeTracking: true });
  for (const name of ['a', 'b']) {
    await machines.createSnapshot(vm, snapshot(name));
    for (const disk of vm.disks) await machines.disk(disk.uuid).write(100, Buffer.from(`after ${name}`));
  }
  return machines;
}

/** Runs `work` again and again, killed one change of a file later each time, until it gets through. */
async function killedAtEachStep(
  work: (machines: Machines, vm: VmState) => Promise<unknown>,
  survives: (machines: Machines) => Promise<void>,
): Promise<number> {
  for (let steps = 0; ; steps++) {
    const through = await inFolder(async dir => {
      const machines = await worldWithVm(dir);
      const done = await inALifeOf(steps, () => work(machines, machines.state.vms[0]!));
      const again = await open(dir);
      try {
        await survives(again);
      } finally {
        await Promise.all([machines.close(), again.close()]);
      }
      return done;
    });
    if (through) return steps;
  }
}

/** The disks agree with the inventory: the same snapshots on each, no layer too many, the newest content. */
async function agrees(machines: Machines): Promise<void> {
  for (const vm of machines.state.vms) {
    const ids = vm.snapshots.map(one => one.id);
    for (const { uuid } of vm.disks) {
      const disk = machines.disk(uuid);
      expect(disk.snapshots()).toEqual(ids);
      expect(disk.needsConsolidation()).toBe(false);
      expect((await disk.read(100, 7)).toString()).toBe(vm.name === 'dc02' ? 'after b' : '\0'.repeat(7));
      for (const { id, name } of vm.snapshots) {
        const frozen = { a: '\0', b: 'after a', c: 'after b' }[name]!.padEnd(7, '\0');
        expect((await disk.readSnapshot(id, 100, 7)).toString()).toBe(frozen);
      }
    }
  }
}

test('a kill while a snapshot of two disks is taken leaves it on both or on none', async () => {
  const steps = await killedAtEachStep((machines, vm) => machines.createSnapshot(vm, snapshot('c')), agrees);
  expect(steps).toBeGreaterThan(10);
});

test('a kill while a snapshot is removed leaves it whole, or finishes the work at the next start', async () => {
  const steps = await killedAtEachStep(
    (machines, vm) => machines.removeSnapshots(vm, [vm.snapshots[0]!.id]),
    agrees,
  );
  expect(steps).toBeGreaterThan(10);
});

test('a kill while a VM is added leaves it there with its disks, or not at all', async () => {
  await killedAtEachStep(
    machines => machines.addVm('new', [{ bytes: BYTES }, { bytes: BYTES }], { folder: 'x' }),
    async machines => {
      await agrees(machines);
      const made = machines.state.vms.find(vm => vm.name === 'new');
      expect([undefined, 2]).toContain(made?.disks.length);
    },
  );
});

test('a kill while a VM is removed leaves it whole or gone', async () => {
  await killedAtEachStep((machines, vm) => machines.removeVm(vm), agrees);
});
