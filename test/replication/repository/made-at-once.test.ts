import { expect, test } from 'vitest';
import { CONFIG } from '../../../src/replication/format/names.ts';
import { createRepository, openRepository } from '../../../src/replication/repository/open-repository.ts';
import { type Call, memoryStore } from '../../support/memory-store.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

/** A store in which another one makes the repository just before the `nth` call of that name. */
function contested(name: Call['name'], nth: number) {
  const store = memoryStore();
  let calls = 0;
  store.before = async call => {
    if (call.name !== name || ++calls !== nth) return;
    store.before = undefined;
    await createRepository(store, { random: new SeededRandom('the other') });
  };
  return store;
}

test.each([
  ['list', 1],
  ['list', 2],
  ['put', 1],
] as const)('a repository that another makes before the %s number %i is opened', async (name, nth) => {
  const store = contested(name, nth);
  const { id } = await createRepository(store, { random: new SeededRandom('one') });
  expect(id).toBe((await openRepository(store, { random: new SeededRandom('reader') })).id);
  expect([...store.objects.keys()]).toEqual([CONFIG]);
});

test.each([1, 2])('a reader takes what is made before its list number %i for the repository', async nth => {
  const store = contested('list', nth);
  expect(await openRepository(store, { random: new SeededRandom('reader') })).toMatchObject({
    encrypted: false,
  });
});

test('what is not a repository is none after the second look either', async () => {
  const store = memoryStore();
  await store.put('holiday.jpg', Buffer.from('x'), { when: { ifNoneMatch: '*' } });
  for (const open of [openRepository, createRepository])
    await expect(open(store, { random: new SeededRandom('one') })).rejects.toMatchObject({
      diagnostics: [{ code: 'not-a-repository' }],
    });
});
