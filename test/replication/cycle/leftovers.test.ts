import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { findLeftovers, removeLeftovers } from '../../../src/replication/cycle/cycle-leftovers.ts';
import { leaseTtl } from '../../../src/replication/cycle/lease.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { world } from '../../support/made-up.ts';

const block = 64 * KiB;

const left = async (cycles: CycleWorld) => {
  const { repository, holders } = await cycles.process();
  const found = await findLeftovers(await cycles.machine.inspect(), repository, {
    clock: cycles.clock,
    holders,
  });
  return found.map(({ name }) => name);
};

/** Two cycles, the second killed right before it removes its snapshot. */
async function killed(): Promise<CycleWorld> {
  const cycles = new CycleWorld(block);
  await cycles.run();
  const steps = await cycles.killedAt(Number.POSITIVE_INFINITY, 'error');
  await cycles.killedAt(steps.indexOf('remove-snapshot'), 'gone');
  expect(cycles.machine.snapshotNames).toHaveLength(1);
  return cycles;
}

test('what a killed cycle left is found, and removed without another point', async () => {
  const cycles = await killed();
  const points = await cycles.points();
  const { snapshotNames } = cycles.machine;
  expect(await left(cycles)).toEqual(snapshotNames);
  expect(await removeLeftovers(await cycles.process())).toEqual(snapshotNames);
  expect(cycles.machine.snapshotNames).toEqual([]);
  expect(await left(cycles)).toEqual([]);
  expect(await cycles.points()).toEqual(points);
  expect(await removeLeftovers(await cycles.process())).toEqual([]);
  expect((await cycles.run()).disks).toMatchObject([{ mode: 'incremental' }]);
});

test("the snapshot of a cycle that runs is not a leftover, and nobody else's is ever one", async () => {
  const cycles = new CycleWorld(block);
  await cycles.run();
  const options = await cycles.process();
  let seen: string[] | undefined;
  const step = async (name: string) => {
    if (name !== 'head') return;
    expect(cycles.machine.snapshotNames).toHaveLength(1);
    seen = await left(cycles);
    await expect(removeLeftovers(await cycles.process())).rejects.toMatchObject({
      diagnostics: [{ code: 'lease-held', category: 'blocked' }],
    });
  };
  await runCycle({ ...options, step });
  expect(seen).toEqual([]);

  const repository = options.repository.id.slice(0, 8);
  for (const name of [
    'before the upgrade',
    `converge-5031b9c2-ffffffff-1-00000000`,
    `converge-ffffffff-${repository}-1-00000000`,
  ])
    cycles.machine.addForeignSnapshot(name);
  expect(await left(cycles)).toEqual([]);
  expect(await removeLeftovers(await cycles.process())).toEqual([]);
  expect(cycles.machine.snapshotNames).toHaveLength(3);
});

test('what a cycle of another machine left is a leftover when its lease is over', async () => {
  const cycles = await killed();
  cycles.dead.clear();
  expect(await left(cycles)).toEqual([]);
  await cycles.clock.advance(leaseTtl);
  expect(await left(cycles)).toEqual(cycles.machine.snapshotNames);
});

test('a removal that is refused says so, and what is left is found again', async () => {
  const cycles = await killed();
  cycles.machine.faults.set('removeSnapshot', new Failure(world('no-permission', 'may not remove')));
  await expect(removeLeftovers(await cycles.process())).rejects.toThrow('may not remove');
  expect(await left(cycles)).toHaveLength(1);
});

describe("snapshots that aren't ours", () => {
  test('end a cycle before it makes one, by name, with their age', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    cycles.machine.readsDeltas = false;
    cycles.machine.addForeignSnapshot('before the upgrade');
    await cycles.clock.advance(2 * 3_600_000);
    cycles.machine.calls.length = 0;
    await expect(cycles.run()).rejects.toMatchObject({
      diagnostics: [
        {
          code: 'snapshot-in-the-way',
          message: expect.stringMatching(
            /dc02 has the snapshot "before the upgrade" \(2 h 1 min old\).*Hard disk 1/,
          ),
          hint: expect.stringContaining('never removes a snapshot that it did not make'),
        },
      ],
    });
    expect(cycles.machine.calls.filter(call => call.startsWith('createSnapshot'))).toEqual([]);
    expect(cycles.machine.snapshotNames).toEqual(['before the upgrade']);
  });

  test('of another repository are said to be that, with the way out', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.readsDeltas = false;
    cycles.machine.addForeignSnapshot('converge-5031b9c2-abcdef01-3-00000000');
    await expect(cycles.run()).rejects.toMatchObject({
      diagnostics: [
        {
          message: expect.stringContaining('made by converge for the repository abcdef01…'),
          hint: expect.stringContaining('converge points --repository URL'),
        },
      ],
    });
  });

  test('a leftover of our own is in nobody’s way: it is removed first', async () => {
    const cycles = await killed();
    cycles.machine.readsDeltas = false;
    expect((await cycles.run()).warnings).toMatchObject([{ code: 'orphan-removed' }]);
  });

  test('a disk that is left out may be below one', async () => {
    const cycles = new CycleWorld(block, block);
    cycles.machine.readsDeltas = false;
    cycles.machine.inspect = async () => {
      const vm = await Object.getPrototypeOf(cycles.machine).inspect.call(cycles.machine);
      return {
        ...vm,
        disks: vm.disks.map((disk: object, n: number) => (n === 1 ? { ...disk, onDelta: true } : disk)),
      };
    };
    await expect(cycles.run()).rejects.toMatchObject({ diagnostics: [{ code: 'disk-on-delta' }] });
    expect((await cycles.run({ exclude: [1] })).point.disks).toHaveLength(1);
  });
});

test("a server's clock that is ahead is said, and a small difference isn't", async () => {
  const cycles = new CycleWorld(block);
  cycles.machine.clockAhead = 20 * 60_000;
  expect((await cycles.run()).warnings).toMatchObject([
    { code: 'clock-skew', message: expect.stringContaining("20 min 0 s ahead of this machine's") },
  ]);
  cycles.machine.clockAhead = -20 * 60_000;
  expect((await cycles.run()).warnings).toMatchObject([{ message: expect.stringContaining('behind') }]);
  cycles.machine.clockAhead = 30_000;
  expect((await cycles.run()).warnings).toEqual([]);
});
