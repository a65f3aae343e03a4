import { expect, test } from 'vitest';
import { lookAt } from '../../../src/operation/look.ts';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { vmContext } from '../../../src/replication/repository/vm.ts';
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
      for (let n = 0; n < 500; n++) await Promise.resolve();
      running--;
      return store.get(...args);
    },
  };
  const found = await (await openTest(slow)).enrolled();
  expect(found.toSorted()).toEqual(uuids.toSorted());
  expect(most).toBeGreaterThan(16);
});

/** A repository of five VMs, and what is read of it. */
async function counting() {
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
  return { store, add, gets, repository: await openTest(counted) };
}

test('a look costs a request for each VM, and none for one that is known', async () => {
  const { add, gets, repository } = await counting();
  const damaged = (failure: Error) => {
    throw failure;
  };
  const looked = (known: ReadonlyMap<string, unknown>) => lookAt(repository, damaged, () => false, known);
  gets.length = 0;
  const known = new Map((await looked(new Map())).map(one => [one.uuid, one]));
  expect(known.size).toBe(5);
  expect(gets).toHaveLength(5);
  gets.length = 0;
  expect(await looked(known)).toEqual([]);
  expect(gets).toEqual([]);
  await add('u-new');
  expect(await looked(known)).toMatchObject([{ uuid: 'u-new', newest: { generation: 1 } }]);
});

test('a VM whose head is damaged or gone is found by the roster, with its newest point', async () => {
  const { store, repository } = await counting();
  const head = (uuid: string) => vmContext(repository.context, uuid).names.head;
  store.objects.get(head('u-1'))!.bytes = Buffer.from('nonsense');
  store.objects.delete(head('u-2'));
  const told = new Set<string>();
  const look = await lookAt(
    repository,
    ({ diagnostics: [damage] }) => told.add(`${damage!.code} ${damage!.message}`),
    () => false,
  );
  expect(look.map(({ uuid, newest }) => [uuid, newest?.generation]).toSorted()).toEqual(
    Array.from({ length: 5 }, (_, n) => [`u-${n}`, 1]),
  );
  expect(
    look
      .filter(({ damaged }) => damaged)
      .map(({ uuid }) => uuid)
      .toSorted(),
  ).toEqual(['u-1', 'u-2']);
  expect([...told].toSorted()).toEqual([
    expect.stringMatching(/^damaged-object .*head/),
    expect.stringMatching(/^newest-missing .*its head isn't there, and it may have named a newer point/),
  ]);
});

test('a VM that the roster lost, or whose entry is damaged, is looked at like any other', async () => {
  const { store, repository } = await counting();
  const names = (uuid: string) => vmContext(repository.context, uuid).names;
  store.objects.delete(names('u-1').roster);
  store.objects.delete(names('u-2').roster);
  store.objects.delete(names('u-2').head);
  store.objects.get(names('u-3').roster)!.bytes = Buffer.alloc(0);
  const all = Array.from({ length: 5 }, (_, n) => `u-${n}`);
  const look = await lookAt(
    repository,
    () => {},
    () => false,
  );
  expect(look.map(({ uuid, newest }) => [uuid, newest?.generation]).toSorted()).toEqual(
    all.map(uuid => [uuid, 1]),
  );
  expect((await repository.enrolled(() => {})).toSorted()).toEqual(all);
  expect((await repository.vms(() => {})).map(({ uuid }) => uuid)).toEqual(all);
});
