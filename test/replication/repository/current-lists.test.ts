import { expect, test } from 'vitest';
import type { CURRENT_LISTS } from '../../../src/replication/model/current-list.ts';
import {
  pause,
  pauses,
  pausesIn,
  pausesKnown,
  refuseFailedOver,
  resume,
  suspend,
} from '../../../src/replication/model/pauses.ts';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import type { OpenRepository } from '../../../src/replication/repository/open-repository.ts';
import {
  heldUntil,
  hold,
  holds,
  holdsIn,
  holdsKnown,
  holdsOf,
  release,
} from '../../../src/replication/retention/holds.ts';
import { pin, pinned, pins, pinsKnown } from '../../../src/replication/retention/pins.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { commitImage, openTest } from '../../support/repository.ts';

const at = 1_700_000_000_000;

async function withVms() {
  const store = memoryStore('memory://lists', () => at);
  const repository = await openTest(store);
  for (const name of ['a', 'b'])
    await commitImage(repository.vm(name), Buffer.alloc(65536, 1), {
      point: { vm: { uuid: name, name }, time: at },
    });
  return { store, repository };
}

/** What keeps the newest record of a list from being read. */
async function damage(store: ObjectStore, list: (typeof CURRENT_LISTS)[number]): Promise<void> {
  let newest = '';
  for await (const { key } of store.list('recovery/'))
    if (key.includes(`/${list}/`) && key > newest) newest = key;
  await store.put(newest, Buffer.from('x'), { when: { ifMatch: (await store.get(newest))!.etag } });
}

const heard = () => {
  const messages: string[] = [];
  return { messages, onDamage: ({ message }: Error) => void messages.push(message) };
};

test('a damaged list is shown as it was before, with one word of it, and whoever removes is refused', async () => {
  const { store, repository } = await withVms();
  await hold(repository, { vm: 'a', until: at + 1, at });
  await hold(repository, { vm: 'b', until: at + 1, at });
  await damage(store, 'holds');
  const { messages, onDamage } = heard();
  expect((await holdsKnown(repository, onDamage)).map(({ vm }) => vm)).toEqual(['a']);
  expect(messages).toEqual([expect.stringMatching(/holds\/000000000002 is damaged/)]);
  await expect(holdsIn(repository)).rejects.toThrow('is damaged');
});

test.each([
  ['a repair', (repository: OpenRepository) => holds.mend(repository)],
  ['the next hold', (repository: OpenRepository) => hold(repository, { vm: 'a', until: at + 5, at })],
])('%s writes damaged holds anew: every VM is held until somebody ends that', async (_, write) => {
  const { store, repository } = await withVms();
  await hold(repository, { vm: 'a', until: at + 1, at });
  await hold(repository, { vm: 'b', until: at + 1, at });
  await damage(store, 'holds');
  await write(repository);
  const long = async (vm: string) => heldUntil(await holdsIn(repository), vm, at + 10) !== undefined;
  expect([await long('a'), await long('b')]).toEqual([true, true]);
  await release(repository, holdsOf(await holdsIn(repository), 'b', at)[0]!);
  expect([await long('a'), await long('b')]).toEqual([true, false]);
  expect(await holds.mend(repository)).toBe(false);
});

test('of damaged pins those before are left, and every VM is held', async () => {
  const { store, repository } = await withVms();
  await pin(repository, 'web/1', [{ vm: 'a', point: 'one' }], at);
  await pin(repository, 'web/2', [{ vm: 'b', point: 'two' }], at);
  await damage(store, 'pins');
  expect((await pinsKnown(repository, () => {})).map(({ point }) => point)).toEqual(['one']);
  await expect(pinned(repository)).rejects.toThrow('is damaged');
  expect(await pins.mend(repository)).toBe(true);
  expect((await pinned(repository)).map(({ point }) => point)).toEqual(['one']);
  expect(new Set((await holdsIn(repository)).map(({ vm }) => vm))).toEqual(new Set(['a', 'b']));
});

test('a VM can be paused and resumed over a damaged list', async () => {
  const { store, repository } = await withVms();
  const one = { vm: 'a', why: 'paused', at } as const;
  await pause(repository, { ...one, until: at + 1 });
  await resume(repository, ['a']);
  await damage(store, 'pauses');
  expect(await pausesKnown(repository, () => {})).toMatchObject([one]);
  await resume(repository, ['a']);
  expect(await pausesIn(repository)).toEqual([]);
});

test('no point is made of a VM whose failover can not be read, until somebody resumes it', async () => {
  const { store, repository } = await withVms();
  await suspend(repository, 'web/1', [{ uuid: 'a', name: 'a' }], at);
  await repository.vm('a').fence();
  await damage(store, 'pauses');
  const refused = () => refuseFailedOver(repository, { uuid: 'a', name: 'a' });
  await expect(refused()).rejects.toThrow('is damaged');
  expect(await pauses.mend(repository)).toBe(true);
  expect((await pausesIn(repository)).map(({ vm }) => vm)).toEqual(['a']);
  await expect(refused()).rejects.toThrow('a may run in AWS');
  // A pause for a while doesn't end the doubt.
  await pause(repository, { vm: 'a', why: 'paused', at, until: at + 1 }, ['a']);
  await expect(refused()).rejects.toThrow('a may run in AWS');
  await resume(repository, ['a']);
  await expect(refused()).resolves.toBeUndefined();
});
