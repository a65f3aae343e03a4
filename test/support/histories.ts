import type { Retention } from '../../src/replication/retention/policy.ts';
import { BLOCK, choices, type Fate, Interleaver } from './interleaver.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Of one history, before everybody comes to an end. */
export const STEPS = 25;
/** Of the disk: enough that a pack of them can be less than half needed. */
const BLOCKS = 6;
const FOREIGN = 'before the update';

/** One history: steps by chance, then everybody ends, and a last cycle and a last pruner see to the rest. */
export async function history(seed: number, states?: Set<string>): Promise<Interleaver> {
  const by = choices(seed);
  const all = new Interleaver(BLOCKS, states);
  await all.begin();
  const { machine } = all.it;
  let foreign = 0;
  const steps: (() => Promise<void> | void)[] = [
    () => all.startMover(),
    () => all.startMover(),
    () => all.startPruner(by.of<Retention>({ all: HOUR, hourly: 2 * DAY }, { all: HOUR })),
    () => all.startRepairer(),
    () => all.write(by.below(BLOCKS), 1 + by.below(BLOCKS), by.below(40)),
    () => all.pass(by.of(HOUR / 60, (6 * HOUR) / 60, HOUR, 3 * HOUR, DAY)),
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
    const newest = (await all.it.points()).at(-1);
    if (newest?.disks[0]?.bytes !== BLOCKS * BLOCK) throw new Error('the last cycle made no point');
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
