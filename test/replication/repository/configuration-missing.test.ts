import { expect, test } from 'vitest';
import { CONFIG } from '../../../src/replication/format/names.ts';
import { createRepository, openRepository } from '../../../src/replication/repository/open-repository.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { commitImage, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

test('a repository whose configuration is gone is not taken for an empty place, nor begun anew', async () => {
  const store = memoryStore();
  const random = new SeededRandom('configuration');
  await commitImage((await createRepository(store, { random })).vm(VM.uuid), Buffer.alloc(65_536, 1));
  await store.remove(CONFIG);
  for (const open of [openRepository, createRepository]) {
    await expect(open(store, { random })).rejects.toMatchObject({
      diagnostics: [{ code: 'configuration-missing', hint: expect.stringContaining(CONFIG) }],
    });
  }
  expect(await store.head(CONFIG)).toBeUndefined();
});

test.each([
  ['made', false],
  ['made, with its first point', true],
])('a repository that somebody else has %s since it was looked for is opened', async (_, withPoint) => {
  const store = memoryStore();
  const other = new SeededRandom('other');
  let looked = false;
  const racing = {
    ...store,
    async get(...asked: Parameters<typeof store.get>) {
      if (looked || asked[0] !== CONFIG) return store.get(...asked);
      looked = true;
      const made = await createRepository(store, { random: other });
      if (withPoint) await commitImage(made.vm(VM.uuid), Buffer.alloc(65_536, 1));
      return undefined;
    },
  };
  const { id } = await createRepository(racing, { random: new SeededRandom('late') });
  expect(id).toBe((await openRepository(store, { random: other })).id);
});
