import { expect, test } from 'vitest';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { restored } from '../../support/restored.ts';

const block = 64 * KiB;

/** Three cycles of a disk that changes. */
async function three(): Promise<CycleWorld> {
  const cycles = new CycleWorld(8 * block);
  cycles.disk.write(0, cycles.random.bytes(8 * block));
  for (let n = 0; n < 3; n++) {
    cycles.disk.write(n * block, cycles.random.bytes(block));
    await cycles.run();
  }
  return cycles;
}

const removed = (cycles: CycleWorld, ...parts: string[]) => {
  for (const key of [...cycles.store.objects.keys()])
    if (parts.some(part => key.includes(part))) cycles.store.objects.delete(key);
};

test('an older head that was put back ends a cycle before its snapshot; once removed, the newest point is gone on from', async () => {
  const cycles = await three();
  const head = cycles.key('/head');
  const old = cycles.store.objects.get(head)!;
  await cycles.run();
  cycles.store.objects.set(head, old);
  cycles.machine.calls.length = 0;
  await expect(cycles.run()).rejects.toMatchObject({ diagnostics: [{ code: 'head-rolled-back' }] });
  expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
  cycles.store.objects.delete(head);
  cycles.disk.write(5 * block, cycles.random.bytes(10));
  const { point, disks } = await cycles.run();
  expect(point.generation).toBe(5);
  expect(disks).toMatchObject([{ mode: 'incremental', bytes_read: block }]);
  expect((await restored(await cycles.repository(), point, 0)).equals(cycles.disk.content)).toBe(true);
});

test.each([
  ['all points and the head', ['/points/', '/head'], 'there is none now'],
  ['the newest point and the head', ['/points/000000000003', '/head'], 'the newest there is now is 2'],
])('%s are gone: no cycle begins anew in silence', async (_what, parts, said) => {
  const cycles = await three();
  removed(cycles, ...parts);
  cycles.machine.calls.length = 0;
  await expect(cycles.run()).rejects.toMatchObject({
    diagnostics: [
      {
        code: 'points-lost',
        category: 'blocked',
        message: expect.stringMatching(new RegExp(`generation 3 of this VM, and ${said}`)),
        hint: expect.stringContaining('--allow'),
      },
    ],
  });
  expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
  // Knowingly; and from then on as usual, with generations that never were.
  const { point } = await cycles.run({ anew: true });
  expect(point.generation).toBe(4);
  expect((await restored(await cycles.repository(), point, 0)).equals(cycles.disk.content)).toBe(true);
  expect((await cycles.run()).point.generation).toBe(5);
});

test('cycles that died before their first point leave a VM that is new', async () => {
  const cycles = new CycleWorld(block);
  const steps = await new CycleWorld(block).killedAt(Number.POSITIVE_INFINITY, 'error');
  for (const at of steps.keys()) if (at < steps.indexOf('point')) await cycles.killedAt(at, 'gone');
  expect((await cycles.run()).point.generation).toBe(1);
});
