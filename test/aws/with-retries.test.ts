import { expect, test } from 'vitest';
import { withRetries } from '../../src/aws/with-retries.ts';
import { bulkTime, quickTime } from '../../src/io/retry.ts';
import { realRandom } from '../lab/s3/fixture.ts';
import { quickClock } from '../vsphere/scripted-server.ts';

const silent = Object.assign(new Error('nothing moved'), { name: 'TimeoutError' });
const busy = { name: 'SlowDown', $metadata: { httpStatusCode: 503 } };

/** Milliseconds until a call is given up whose every attempt takes `each`, and how many there were. */
async function spent(patience: 'quick' | 'polite' | 'bulk', each: number, errors: (nth: number) => unknown) {
  const clock = quickClock();
  const began = clock.now();
  let attempts = 0;
  const run = async () => {
    await clock.sleep(each);
    throw errors(++attempts);
  };
  await expect(withRetries(run, { clock, random: realRandom }, { patience })).rejects.toBeDefined();
  return { ms: clock.now() - began, attempts };
}

test.each([
  ['quick', quickTime],
  ['polite', quickTime],
  ['bulk', bulkTime],
] as const)(
  'whoever is %s begins no attempt at what is silent once its time is over',
  async (patience, most) => {
    for (const each of [5_000, 25_000, 60_000]) {
      const { ms } = await spent(patience, each, () => silent);
      // One more may be about to begin, after a pause.
      expect(ms, `${each}`).toBeLessThanOrEqual(most + each + 30_000);
    }
  },
);

test('what only asks for fewer calls is there, and its silence counts anew', async () => {
  const { ms, attempts } = await spent('polite', 20_000, nth => (nth <= 6 ? busy : silent));
  expect(attempts).toBeGreaterThan(7);
  expect(ms).toBeGreaterThan(6 * 20_000);
});
