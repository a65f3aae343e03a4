import { expect, test } from 'vitest';
import { Failure, world } from '../../../src/diagnostics/diagnostic.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aKey, openTest } from '../../support/repository.ts';

test.for<[string, ReturnType<typeof aKey> | undefined]>([
  ['plain', undefined],
  ['encrypted', aKey()],
])('a document is written once, and read by subject, series and number: %s', async ([, key]) => {
  const store = memoryStore();
  const { records } = await openTest(store, key);
  expect(await records.numbers('web', 'plan')).toEqual([]);
  expect(await records.read('web', 'plan', 1)).toBeUndefined();
  expect(await records.add('web', 'plan', 1, { a: 1 })).toBe(true);
  expect(await records.add('web', 'plan', 1, { a: 2 })).toBe(false);
  expect(await records.add('web', 'plan', 12, { a: 3 })).toBe(true);
  expect(await records.add('other', 'plan', 7, {})).toBe(true);
  expect(await records.numbers('web', 'plan')).toEqual([1, 12]);
  expect(await records.read('web', 'plan', 1)).toEqual({ a: 1 });
  expect([...store.objects.keys()].some(name => name.includes('web'))).toBe(false);
});

test('one that was moved to another number, or changed, is damage', async () => {
  const store = memoryStore();
  const { records } = await openTest(store, aKey());
  await records.add('web', 'run', 1, { ok: true });
  const [name, object] = [...store.objects].find(([key]) => key.startsWith('recovery/'))!;
  store.objects.set(name.replace(/1$/, '2'), object);
  await expect(records.read('web', 'run', 2)).rejects.toThrow(Failure);
});

test('an answer that is lost counts by what is there', async () => {
  const store = memoryStore();
  const { records } = await openTest(store);
  store.loseAnswer = ({ key }) => key.startsWith('recovery/');
  expect(await records.add('web', 'run', 1, { mine: true })).toBe(true);
  store.loseAnswer = undefined;
  store.before = ({ name, key }) => {
    if (name !== 'put' || !key.startsWith('recovery/')) return;
    throw new Failure(world('answer-lost', 'no answer'));
  };
  expect(await records.add('web', 'run', 1, { mine: false })).toBe(false);
});
