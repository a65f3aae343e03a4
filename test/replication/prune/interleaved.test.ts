import { expect, test } from 'vitest';
import { BLOCK, choices, type Fate, Interleaver } from '../../support/interleaver.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** CI's budget; more by night: `INTERLEAVED=100000`. */
const HISTORIES = Number(process.env.INTERLEAVED ?? 2_000);
const FIRST = Number(process.env.INTERLEAVED_SEED ?? 1);
const STEPS = 25;
const FOREIGN = 'before the update';

/** One history: 25 steps by chance, then everybody ends, and a last cycle and a last pruner see to the rest. */
async function history(seed: number): Promise<{ calls: number; trace: string[] }> {
  const by = choices(seed);
  const all = new Interleaver();
  await all.begin();
  const { machine } = all.it;
  let foreign = 0;
  const steps: (() => Promise<void> | void)[] = [
    () => all.startMover(),
    () => all.startMover(),
    () => all.startPruner(),
    () => all.write(by.below(3), by.below(6)),
    () => all.pass(by.of(HOUR / 60, (6 * HOUR) / 60, HOUR, DAY, 9 * DAY)),
    () => all.arrive(),
    () => {
      const one = by.of(...all.running);
      if (one && by.below(3) === 0) all.kill(one);
    },
    () => {
      // By an administrator, and removed by him alone.
      if (machine.snapshotNames.includes(FOREIGN)) {
        machine.snapshots = machine.snapshots.filter(one => one.snapshot.name !== FOREIGN);
        foreign--;
      } else if (by.below(3) === 0) {
        machine.addForeignSnapshot(FOREIGN);
        foreign++;
      }
    },
  ];
  const letOne = async () => {
    const one = by.of(...all.running);
    if (!one) return;
    const fate = by.below(4) === 0 ? by.of<Fate>('lost', 'late', 'doubled', 'refused') : 'done';
    await all.let(one, 1 + by.below(by.of(4, 12, 60)), fate);
  };
  try {
    for (let n = 0; n < STEPS; n++) {
      if (n === 0 || all.running.filter(({ kind }) => kind === 'mover').length === 0) all.startMover();
      await (by.below(5) < 3 ? letOne() : by.of(...steps)());
      await all.settle();
      if (n % 5 === 4) await all.demandTruth();
      if (machine.snapshotNames.filter(name => name === FOREIGN).length !== foreign)
        throw new Error('somebody touched a snapshot that is not ours');
    }
    for (const one of all.running) if (by.below(3) === 0) all.kill(one);
    await all.finish();
    await all.demandTruth();
    machine.snapshots = machine.snapshots.filter(one => one.snapshot.name !== FOREIGN);
    await all.pass(9 * DAY);
    for (const last of ['mover', 'pruner', 'pruner', 'mover'] as const) {
      if (last === 'mover') all.startMover();
      else all.startPruner();
      await all.settle();
      await all.finish();
      await all.demandTruth();
      await all.pass(9 * DAY);
    }
    if (machine.snapshotNames.length > 0) throw new Error(`left at the source: ${machine.snapshotNames}`);
    expect((await all.it.points()).at(-1)!.disks[0]!.bytes).toBe(3 * BLOCK);
    return all;
  } catch (error) {
    throw new Error(
      `INTERLEAVED_SEED=${seed} INTERLEAVED=1: ${(error as Error).message}\n${all.trace.join('\n')}`,
      {
        cause: error,
      },
    );
  }
}

test(`two movers and a pruner, ${HISTORIES} histories of ${STEPS} steps from seed ${FIRST}`, async () => {
  let calls = 0;
  for (let seed = FIRST; seed < FIRST + HISTORIES; seed++) calls += (await history(seed)).calls;
  expect(calls).toBeGreaterThan(HISTORIES * 20);
  process.stdout.write(`interleaved: seeds ${FIRST} to ${FIRST + HISTORIES - 1}, ${calls} calls\n`);
}, 1_800_000);
