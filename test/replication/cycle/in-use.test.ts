import { expect, test } from 'vitest';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { restored } from '../../support/restored.ts';

const block = 64 * KiB;
const size = 200 * block;
const all = { bytes_read: size };

/**
 * A VM on VMFS, 200 blocks of which the second and the last hold something, in areas that aren't
 * whole blocks. vSphere tells areas in use there for the change id `*`, of a VM that had no snapshot when its
 * tracking began: VMware KB 1020128.
 */
function onVmfs(): CycleWorld {
  const cycles = new CycleWorld(size);
  const { machine, disk } = cycles;
  disk.write(block + 512, Buffer.alloc(1024, 1));
  disk.write(199 * block, Buffer.alloc(block, 2));
  machine.around = { ...machine.around, datastores: [{ ...machine.around.datastores[0]!, kind: 'VMFS' }] };
  machine.datastore = 'ds1';
  machine.inUse = [
    { start: 199 * block, length: block },
    { start: block + 512, length: 1024 },
  ];
  return cycles;
}

async function first(cycles: CycleWorld) {
  const result = await cycles.run();
  const back = await restored(await cycles.repository(), result.point, 0);
  expect(back.equals(cycles.disk.content)).toBe(true);
  return { disk: result.disks[0]!, warned: result.warnings.map(({ code }) => code) };
}

test('a first copy reads what is in use, and samples of what is not', async () => {
  const { disk, warned } = await first(onVmfs());
  expect(disk).toMatchObject({ mode: 'full', bytes_read: 2 * block });
  expect(warned).toEqual([]);
});

test('where a sample of what is not in use holds something, all is read, and said', async () => {
  const cycles = onVmfs();
  cycles.machine.inUse!.shift();
  const { disk, warned } = await first(cycles);
  expect(disk).toMatchObject(all);
  expect(warned).toEqual(['not-zeros']);
});

test('what is in use can’t be told: all is read, and said', async () => {
  const cycles = onVmfs();
  cycles.machine.inUse = undefined;
  const { disk, warned } = await first(cycles);
  expect(disk).toMatchObject(all);
  expect(warned).toEqual(['in-use-unknown']);
});

test.each<[string, (cycles: CycleWorld) => void]>([
  ['on NFS', ({ machine }) => (machine.around.datastores[0]!.kind = 'NFS')],
  ['on a datastore of which nothing is known', ({ machine }) => (machine.around.datastores = [])],
  ['below somebody’s snapshot', ({ machine }) => machine.addForeignSnapshot('before the upgrade')],
  ['without a change id', ({ machine }) => machine.switchTrackingOff()],
  [
    'on a host whose tracking is known to be wrong',
    ({ machine }) => (machine.around.host = { name: 'esx', version: '5.5.0', build: '1' }),
  ],
])('%s nobody is asked, and all is read', async (_, change) => {
  const cycles = onVmfs();
  change(cycles);
  const { disk } = await first(cycles);
  expect(disk).toMatchObject(all);
  expect(cycles.machine.calls.filter(call => call.startsWith('changedAreas'))).toEqual([]);
});
