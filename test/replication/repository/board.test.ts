import { expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { openTest } from '../../support/repository.ts';

test('a note is not tried for as long as a copy: its writer would not notice that the store is away', async () => {
  const store = memoryStore();
  await openTest(store);
  const patience: unknown[] = [];
  const watched: ObjectStore = {
    ...store,
    put: (key, bytes, options) => {
      patience.push(options.patience);
      return store.put(key, bytes, options);
    },
  };
  const { board } = await openTest(watched);
  patience.length = 0;
  const etag = await board.write('movers/a', { n: 1 }, undefined);
  await board.write('movers/a', { n: 2 }, etag);
  expect(patience).toEqual(['quick', 'quick']);
  expect((await board.read('movers/a'))?.value).toEqual({ n: 2 });
});
