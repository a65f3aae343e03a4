import { expect, test } from 'vitest';
import { watch } from '../../src/operation/watchdog.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

const minute = 60_000;

/** Of a loop whose turns the test makes. */
function watched() {
  const clock = new SteppedClock();
  const ending = new AbortController();
  const loop = { turns: 0 };
  let ended: unknown;
  watch(clock, () => loop.turns, ending.signal).catch((error: unknown) => {
    ended = error;
  });
  return { clock, ending, loop, ended: () => ended };
}

test('a loop that stands still ends the agent, and one that goes on in between does not', async () => {
  const { clock, loop, ended } = watched();
  await clock.advance(4 * minute);
  loop.turns++;
  await clock.advance(5 * minute);
  expect(ended()).toBeUndefined();
  await clock.advance(minute);
  expect(ended()).toMatchObject({ diagnostics: [{ code: 'agent-stuck' }] });
});

test.each([
  ['put forward again and again', (clock: SteppedClock) => clock.put(3 * minute)],
  ['put back', (clock: SteppedClock) => clock.put(-3 * minute)],
  ['that leaps as everybody sleeps', (clock: SteppedClock) => clock.jump(10 * minute)],
])('a clock %s says nothing of the loop', async (_, step) => {
  const { clock, loop, ended } = watched();
  for (let n = 0; n < 10; n++) {
    await step(clock);
    await clock.advance(minute);
    if (n % 2 === 1) loop.turns++;
  }
  expect(ended()).toBeUndefined();
});

test('with its signal it ends without a word', async () => {
  const { clock, ending, ended } = watched();
  ending.abort();
  await clock.advance(10 * minute);
  expect(ended()).toBeUndefined();
  expect(clock.sleeping).toBe(0);
});
