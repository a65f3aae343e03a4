import { expect, test } from 'vitest';
import { history, STEPS } from '../../support/histories.ts';

/** CI's budget; more by night: `INTERLEAVED=100000`. */
const HISTORIES = Number(process.env.INTERLEAVED ?? 250);
const FIRST = Number(process.env.INTERLEAVED_SEED ?? 1);

test(`two movers and a pruner, ${HISTORIES} histories of ${STEPS} steps from seed ${FIRST}`, async () => {
  let calls = 0;
  for (let seed = FIRST; seed < FIRST + HISTORIES; seed++) calls += (await history(seed)).calls;
  expect(calls).toBeGreaterThan(HISTORIES * 20);
  process.stdout.write(`interleaved: seeds ${FIRST} to ${FIRST + HISTORIES - 1}, ${calls} calls\n`);
}, 1_800_000);
