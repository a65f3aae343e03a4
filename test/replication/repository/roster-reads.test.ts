import { expect, test } from 'vitest';
import { lookAt } from '../../../src/operation/look.ts';
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

test('a look at what is known lists the repository and reads nothing, and sees what is new', async () => {
  const store = memoryStore();
  const made = await openTest(store);
  const add = (uuid: string) =>
    commitImage(made.vm(uuid), Buffer.alloc(65_536, 1), { point: { vm: { name: uuid, uuid } } });
  for (let n = 0; n < 5; n++) await add(`u-${n}`);
  const gets: string[] = [];
  const counted: ObjectStore = {
    ...store,
    get: (...args) => {
      gets.push(args[0]);
      return store.get(...args);
    },
  };
  const repository = await openTest(counted);
  const damaged = (failure: Error) => {
    throw failure;
  };
  const looked = (known: ReadonlyMap<string, unknown>) => lookAt(repository, damaged, () => false, known);
  const known = new Map((await looked(new Map())).map(one => [one.uuid, one]));
  expect(known.size).toBe(5);
  gets.length = 0;
  expect(await looked(known)).toEqual([]);
  expect(gets).toEqual([]);
  await add('u-new');
  expect(await looked(known)).toMatchObject([{ uuid: 'u-new', newest: { generation: 1 } }]);
});
