import { expect, test } from 'vitest';
import { withCheapWork } from './cheap-work.ts';
import { history, STEPS } from './histories.ts';

const FIRST = Number(process.env.INTERLEAVED_SEED ?? 1);

/** Two movers, a pruner and a repairer, in as many orders of their steps; by night `INTERLEAVED=100000`. */
export function testInterleaved(usual: number): void {
  const histories = Number(process.env.INTERLEAVED ?? usual);
  test(`two movers, a pruner and a repairer, ${histories} histories of ${STEPS} steps from seed ${FIRST}`, async () => {
    let calls = 0;
    const states = new Set<string>();
    const seen: Record<string, number> = {};
    const { user, system } = process.cpuUsage();
    await withCheapWork(async () => {
      for (let seed = FIRST; seed < FIRST + histories; seed++) {
        const one = await history(seed, states);
        calls += one.calls;
        for (const [what, times] of Object.entries(one.seen)) seen[what] = (seen[what] ?? 0) + times;
      }
    });
    const spent = process.cpuUsage({ user, system });
    process.stdout.write(
      `interleaved: seeds ${FIRST} to ${FIRST + histories - 1}, ${states.size} states, ${calls} calls, ${Math.round((spent.user + spent.system) / 1e6)} s of CPU\n${JSON.stringify(seen)}\n`,
    );
    expect(calls).toBeGreaterThan(histories * 20);
    // What is never met is not checked: each of these has to happen where there are histories enough.
    const met = ['mover done', 'pruner done', 'repairer done', 'compacted', 'mover lease-held'];
    for (const what of histories >= 1000 ? met : []) expect(seen[what], what).toBeGreaterThan(10);
  }, 3_600_000);
}
