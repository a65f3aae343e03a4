import { expect, test } from 'vitest';
import type { Recovering } from '../../src/app/recovery/open/with-declared.ts';
import { putToRest } from '../../src/app/recovery/real/planned.ts';
import { memoryStore } from '../support/memory-store.ts';
import { commitImage, openTest, VM } from '../support/repository.ts';
import { CHANGE_ID, type Resting, resting } from './resting.ts';

const image = Buffer.alloc(65_536, 1);

/** Its time passes as it is waited for. */
function passing() {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
}

/** One machine at home that runs, and what is told and done of it, in order. */
async function site(meanwhile: (home: Resting) => void = () => {}) {
  const repository = await openTest(memoryStore());
  const home = resting(image);
  home.is.poweredOn = true;
  const recovering = {
    resting: async () => home,
    async replicate() {
      home.asked.push(`replicate, ${home.is.poweredOn ? 'on' : 'off'}`);
      await commitImage(repository.vm(VM.uuid), image, { disk: { changeId: CHANGE_ID } });
      meanwhile(home);
    },
  } as unknown as Recovering;
  const rest = () =>
    putToRest(recovering, [{ vm: 'web01', uuid: VM.uuid }], {
      repository,
      clock: passing(),
      within: 60_000,
      say: () => {},
      signal: new AbortController().signal,
    });
  return { home, rest };
}

test('it is off before its last point is made', async () => {
  const { home, rest } = await site();
  await rest();
  expect(home.asked).toEqual(['shut-down', 'replicate, off']);
  await rest();
  expect(home.asked.slice(2)).toEqual(['replicate, off']);
});

test('a guest that never shuts down: no point is made, and nothing goes on', async () => {
  const { home, rest } = await site();
  home.shutDown = async () => {};
  await expect(rest()).rejects.toThrow("web01 didn't shut down in 60 seconds; nothing was switched over");
  expect(home.asked).toEqual([]);
});

test.for<[string, (home: Resting) => void, string]>([
  ['started again', home => Object.assign(home.is, { poweredOn: true }), 'it runs at home'],
  ['written by somebody', home => home.write(7, Buffer.from('x')), 'it has written since its last point'],
  ['reset', home => Object.assign(home, { changed: 'reset' }), 'its change tracking was reset'],
])('%s after its last point: it is not switched over', async ([, meanwhile, why]) => {
  const { rest } = await site(meanwhile);
  await expect(rest()).rejects.toThrow(`web01 isn't at rest at home: ${why}`);
});
