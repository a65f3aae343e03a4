import { expect, test } from 'vitest';
import { withCheapWork } from '../../support/cheap-work.ts';
import { history, STEPS } from '../../support/histories.ts';

/** CI's budget; more by night: `INTERLEAVED=100000`. */
const HISTORIES = Number(process.env.INTERLEAVED ?? 2000);
const FIRST = Number(process.env.INTERLEAVED_SEED ?? 1);

test(`two movers, a pruner and a repairer, ${HISTORIES} histories of ${STEPS} steps from seed ${FIRST}`, async () => {
  let calls = 0;
  const states = new Set<string>();
  const seen: Record<string, number> = {};
  const { user, system } = process.cpuUsage();
  await withCheapWork(async () => {
    for (let seed = FIRST; seed < FIRST + HISTORIES; seed++) {
      const one = await history(seed, states);
      calls += one.calls;
      for (const [what, times] of Object.entries(one.seen)) seen[what] = (seen[what] ?? 0) + times;
    }
  });
  const spent = process.cpuUsage({ user, system });
  process.stdout.write(
    `interleaved: seeds ${FIRST} to ${FIRST + HISTORIES - 1}, ${states.size} states, ${calls} calls, ${Math.round((spent.user + spent.system) / 1e6)} s of CPU\n${JSON.stringify(seen)}\n`,
  );
  expect(calls).toBeGreaterThan(HISTORIES * 20);
  // What is never met is not checked: each of these has to happen where there are histories enough.
  const met = ['mover done', 'pruner done', 'repairer done', 'compacted', 'mover lease-held'];
  for (const what of HISTORIES >= 1000 ? met : []) expect(seen[what], what).toBeGreaterThan(10);
}, 3_600_000);
