import { expect, test } from 'vitest';
import { heldUntil, hold, holdsIn, holdsOf, release } from '../../../src/replication/retention/holds.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { openTest } from '../../support/repository.ts';

test('a hold by hand and one of a signal end each by itself, and neither is shortened by the next', async () => {
  const repository = await openTest(memoryStore('memory://holds', () => 0));
  const one = { vm: 'a', at: 1 };
  await hold(repository, { ...one, until: 2999 });
  await hold(repository, { ...one, until: 4 });
  await hold(repository, { ...one, vm: 'b', until: 5 });
  const until = async (vm = 'a') => heldUntil(await holdsIn(repository), vm, 3);
  expect([await until(), await until('b')]).toEqual([2999, 5]);

  await hold(repository, { ...one, until: 9999, why: 'incompressible' });
  await hold(repository, { ...one, until: 10, at: 2 });
  expect(await until()).toBe(9999);
  const [signal, byHand] = holdsOf(await holdsIn(repository), 'a', 3);
  expect([signal?.why, byHand?.until]).toEqual(['incompressible', 2999]);

  await release(repository, signal!);
  expect(await until()).toBe(2999);
  // Held for longer since it was read: that isn't what somebody wanted to end.
  await hold(repository, { ...one, until: 3000 });
  await release(repository, byHand!);
  expect(await until()).toBe(3000);
  await release(repository, { ...byHand!, until: 3000 });
  expect([await until(), await until('b')]).toEqual([undefined, 5]);
});
