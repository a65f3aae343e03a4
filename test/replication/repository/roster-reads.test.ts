import { expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { commitImage, openTest } from '../../support/repository.ts';

test('a roster is read side by side, in order', async () => {
  const store = memoryStore();
  const made = await openTest(store);
  const uuids = Array.from({ length: 40 }, (_, n) => `u-${n}`);
  for (const uuid of uuids)
    await commitImage(made.vm(uuid), Buffer.alloc(65_536, 1), { point: { vm: { name: uuid, uuid } } });
  let [running, most] = [0, 0];
  const slow: ObjectStore = {
    ...store,
    async get(...args) {
      running++;
      most = Math.max(most, running);
      // Whoever waits for one answer before the next question never has two.
      for (let n = 0; n < 50; n++) await Promise.resolve();
      running--;
      return store.get(...args);
    },
  };
  const found = await (await openTest(slow)).enrolled();
  expect(found.toSorted()).toEqual(uuids.toSorted());
  expect(most).toBeGreaterThan(16);
});
