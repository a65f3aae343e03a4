import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { ChangeIdRejected } from '../../../src/replication/model/source.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { FakeDisk } from '../../support/fake-machine.ts';
import { world } from '../../support/made-up.ts';
import { restored } from '../../support/restored.ts';

const block = 64 * KiB;
const filled = (length: number, byte: number) => Buffer.alloc(length, byte);

async function expectPoint(
  cycles: CycleWorld,
  result: Awaited<ReturnType<CycleWorld['run']>>,
  contents: Buffer[],
) {
  for (const [index, content] of contents.entries())
    expect((await restored(await cycles.repository(), result.point, index)).equals(content)).toBe(true);
}

describe('a cycle', () => {
  test('the first reads all, the next only what changed, and both points hold', async () => {
    const cycles = new CycleWorld(8 * block + 1536);
    cycles.disk.write(0, filled(block, 1));
    const first = await cycles.run();
    expect(first.disks).toMatchObject([
      { mode: 'full', reason: 'first-cycle', bytes_read: 8 * block + 1536 },
    ]);
    expect(first.numbers).toMatchObject({ blocks_read: 9, blocks_stored: 1, bytes_stored: block });
    const before = Buffer.from(cycles.disk.content);

    cycles.disk.write(3 * block - 10, filled(20, 7));
    const second = await cycles.run();
    expect(second.disks).toMatchObject([
      { mode: 'incremental', reason: 'changed-areas', bytes_read: 2 * block },
    ]);
    await expectPoint(cycles, first, [before]);
    await expectPoint(cycles, second, [cycles.disk.content]);
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('the point says when the snapshot was made, what it is and which cycle made it', async () => {
    const cycles = new CycleWorld(block);
    const { point } = await cycles.run();
    expect(point).toMatchObject({
      vm: { name: 'dc02', uuid: cycles.machine.uuid },
      generation: 1,
      epoch: 1,
      time: cycles.clock.now(),
      consistency: 'crash',
      left_out: [],
      disks: [
        { index: 0, key: 2000, identity: 'backing-2000', bytes: block, blockSize: block, mode: 'full' },
      ],
    });
  });

  test('nothing changed: a point, and not one byte read', async () => {
    const cycles = new CycleWorld(4 * block);
    await cycles.run();
    const { numbers, point } = await cycles.run();
    expect(numbers).toMatchObject({ bytes_read: 0, blocks_stored: 0 });
    expect(point.generation).toBe(2);
  });

  test('several disks are one point; zeros over data become zeros', async () => {
    const cycles = new CycleWorld(2 * block, 3 * block);
    for (const disk of cycles.machine.disks) disk.write(0, filled(2 * block, 3));
    await cycles.run();
    cycles.machine.disks[1]!.write(block, filled(block, 0));
    const second = await cycles.run();
    expect(second.disks.map(d => d.bytes_read)).toEqual([0, block]);
    await expectPoint(
      cycles,
      second,
      cycles.machine.disks.map(d => d.content),
    );
  });

  test('writes while the snapshot is held belong to the next point', async () => {
    const cycles = new CycleWorld(4 * block);
    cycles.disk.write(0, filled(block, 1));
    const frozen = Buffer.from(cycles.disk.content);
    const options = await cycles.process();
    const first = await runCycle({
      ...options,
      step: async name => {
        if (name === 'copy-disk-0') cycles.disk.write(block, filled(block, 9));
      },
    });
    await expectPoint(cycles, first, [frozen]);
    const second = await cycles.run();
    expect(second.numbers.bytes_read).toBe(block);
    await expectPoint(cycles, second, [cycles.disk.content]);
  });

  test('reads are aligned to blocks and never more than 1 MiB', async () => {
    const cycles = new CycleWorld(40 * block);
    await cycles.run();
    const reads = cycles.machine.calls.filter(call => call.startsWith('read'));
    expect(reads).toEqual(['read 0@0+1048576', 'read 0@1048576+1048576', 'read 0@2097152+524288']);
  });
});

describe('what is resynchronised, and why', () => {
  const rescans: [string, (cycles: CycleWorld) => void][] = [
    ['change-id-epoch', c => c.machine.resetTracking()],
    ['change-id-backwards', c => void Object.assign(c.disk, { sequence: 0 })],
    ['no-change-id', c => void Object.assign(c.disk, { epoch: undefined })],
    ['tracking-off', c => c.machine.switchTrackingOff()],
    [
      'change-id-rejected',
      c =>
        c.machine.faults.set(
          'changedAreas',
          new Failure(world('x', 'x'), { cause: new ChangeIdRejected('no') }),
        ),
    ],
    ['capacity-changed', c => c.disk.grow(20 * block)],
  ];
  test.each(rescans)('%s: everything is read, only what differs is stored', async (reason, event) => {
    const cycles = new CycleWorld(16 * block);
    cycles.disk.write(0, cycles.random.bytes(16 * block));
    const first = await cycles.run();
    const before = Buffer.from(cycles.disk.content);
    cycles.disk.write(5 * block, filled(100, 5));
    event(cycles);
    const second = await cycles.run();
    expect(second.disks).toMatchObject([{ mode: 'rescan', reason, bytes_read: cycles.disk.content.length }]);
    expect(second.numbers.blocks_stored).toBe(1);
    await expectPoint(cycles, first, [before]);
    await expectPoint(cycles, second, [cycles.disk.content]);
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('asked for by the user', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    expect((await cycles.run({ rescan: true })).disks).toMatchObject([
      { mode: 'rescan', reason: 'requested' },
    ]);
  });

  test('a replaced disk is read in full, a removed one is named, earlier points still hold it', async () => {
    const cycles = new CycleWorld(block, block);
    cycles.machine.disks[1]!.write(0, filled(block, 2));
    const first = await cycles.run();
    cycles.machine.disks[1] = new FakeDisk(2001, 2 * block, 'another');
    cycles.machine.disks[1].write(block, filled(10, 4));
    const second = await cycles.run();
    expect(second.disks[1]).toMatchObject({ mode: 'full', reason: 'disk-replaced' });
    expect(second.point.left_out).toEqual([
      { label: 'Hard disk 2', identity: 'backing-2001', why: 'no longer attached to the VM' },
    ]);
    await expectPoint(
      cycles,
      second,
      cycles.machine.disks.map(d => d.content),
    );
    await expectPoint(cycles, first, [filled(block, 0), filled(block, 2)]);
    expect((await cycles.run()).point.left_out).toEqual([]);
  });

  test('two disks that carry one identity are compared as a whole, each with its own', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.disks.push(new FakeDisk(2001, 2 * block, cycles.disk.identity));
    for (const disk of cycles.machine.disks) disk.write(0, cycles.random.bytes(disk.content.length));
    await cycles.run();
    cycles.machine.disks[1]!.write(block, filled(10, 1));
    const second = await cycles.run();
    expect(second.disks.map(d => d.reason)).toEqual(['ambiguous-identity', 'ambiguous-identity']);
    expect(second.numbers.blocks_stored).toBe(1);
    await expectPoint(
      cycles,
      second,
      cycles.machine.disks.map(d => d.content),
    );
  });

  test('a disk that was added is read in full while the other goes on incrementally', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    cycles.machine.disks.push(new FakeDisk(2001, block));
    const { disks } = await cycles.run();
    expect(disks).toMatchObject([{ mode: 'incremental' }, { mode: 'full', reason: 'new-disk' }]);
  });

  test('change tracking that reports the whole disk is believed, and shown', async () => {
    const cycles = new CycleWorld(2 * block);
    await cycles.run();
    cycles.disk.write(0, filled(2 * block, 1));
    expect((await cycles.run()).warnings).toMatchObject([{ code: 'all-changed', severity: 'warning' }]);
  });
});

describe('change tracking that is off', () => {
  test('is switched on; the baseline is the first snapshot that has a change id', async () => {
    const cycles = new CycleWorld(4 * block);
    cycles.machine.switchTrackingOff();
    expect((await cycles.run()).disks).toMatchObject([{ mode: 'full', reason: 'first-cycle' }]);
    expect(cycles.machine.changeTracking).toBe(true);
    cycles.disk.write(0, filled(10, 1));
    expect((await cycles.run()).disks).toMatchObject([{ mode: 'rescan', reason: 'no-change-id' }]);
    cycles.disk.write(block, filled(10, 1));
    const third = await cycles.run();
    expect(third.disks).toMatchObject([{ mode: 'incremental', bytes_read: block }]);
    await expectPoint(cycles, third, [cycles.disk.content]);
  });

  test("isn't switched on over somebody's snapshot: full comparisons, and a warning that names it", async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.switchTrackingOff();
    cycles.machine.addForeignSnapshot('before the upgrade');
    await cycles.run();
    const { disks, warnings } = await cycles.run();
    expect(disks).toMatchObject([{ mode: 'rescan', reason: 'tracking-off' }]);
    expect(warnings).toMatchObject([
      { code: 'tracking-off', message: expect.stringContaining('"before the upgrade"') },
    ]);
    expect(cycles.machine.snapshotNames).toEqual(['before the upgrade']);
    expect(cycles.machine.changeTracking).toBe(false);
  });

  test('and unsupported is said', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.switchTrackingOff();
    cycles.machine.changeTrackingSupported = false;
    expect((await cycles.run()).warnings).toMatchObject([{ code: 'tracking-off' }]);
  });
});

describe('disks that no snapshot contains', () => {
  const independent = () => {
    const cycles = new CycleWorld(block, block);
    cycles.machine.disks[1]!.unprotectable = 'its mode is independent_persistent';
    return cycles;
  };

  test('stop the cycle before a snapshot is made, by name', async () => {
    const cycles = independent();
    await expect(cycles.run()).rejects.toMatchObject({
      diagnostics: [
        { code: 'unprotectable-disk', message: expect.stringContaining('Hard disk 2 (disk 1) of dc02') },
      ],
    });
    expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
  });

  test.each([['hard DISK 2'], [1]])('are left out as %o, and the point says so', async name => {
    const cycles = independent();
    const { point } = await cycles.run({ exclude: [name] });
    expect(point.disks.map(d => d.index)).toEqual([0]);
    expect(point.left_out).toEqual([
      {
        label: 'Hard disk 2',
        identity: 'backing-2001',
        why: 'excluded by policy; its mode is independent_persistent',
      },
    ]);
  });

  test('an index never comes to mean a disk that the newest point holds: the order changed, the label tells', async () => {
    const cycles = new CycleWorld(2 * block, block);
    await cycles.run({ exclude: [1] });
    cycles.machine.disks.unshift(new FakeDisk(200, block, 'new on a first controller'));
    await expect(cycles.run({ exclude: [1] })).rejects.toMatchObject({
      diagnostics: [
        {
          code: 'exclusion-moved',
          message: expect.stringContaining('Hard disk 2 (disk 1)'),
          hint: expect.stringContaining('label'),
        },
      ],
    });
    expect(await cycles.points()).toHaveLength(1);
    const { point } = await cycles.run({ exclude: ['Hard disk 3'] });
    expect(point.disks.map(d => d.identity)).toEqual(['new on a first controller', 'backing-2000']);
  });

  test('an index slides too when the disk that it left out is removed', async () => {
    const cycles = new CycleWorld(block, block, block);
    await cycles.run({ exclude: [1] });
    cycles.machine.disks.splice(1, 1);
    await expect(cycles.run({ exclude: [1] })).rejects.toMatchObject({
      diagnostics: [{ code: 'exclusion-moved' }],
    });
    const { point } = await cycles.run({ exclude: ['Hard disk 2'] });
    expect(point.disks.map(d => d.identity)).toEqual(['backing-2000']);
  });

  test('an index that the owner added or changed is believed while the order is the same', async () => {
    const cycles = new CycleWorld(block, block);
    for (const exclude of [[], [1], [0], [1]]) {
      const { point } = await cycles.run({ exclude });
      expect(point.left_out.map(d => d.identity)).toEqual(exclude.map(n => `backing-200${n}`));
    }
  });

  test('an exclusion that means no disk is a warning, all disks excluded an error', async () => {
    const cycles = new CycleWorld(block);
    expect((await cycles.run({ exclude: ['Hard disk 9'] })).warnings).toMatchObject([
      { code: 'unknown-disk', severity: 'warning', hint: 'it has 0: Hard disk 1' },
    ]);
    await expect(cycles.run({ exclude: [0] })).rejects.toMatchObject({
      diagnostics: [{ code: 'no-disk-left' }],
    });
  });
});
