import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeFiles } from '../../../src/io/node-files.ts';
import { createKey, parseKey, readKey } from '../../../src/replication/format/keys.ts';
import { createRepository, openRepository } from '../../../src/replication/repository/open-repository.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { aKey, aLease, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

test('a key reads back in any spelling, and one wrong character is noticed', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(55), fc.nat(30), (seed, at, by) => {
      const key = createKey(new SeededRandom(seed));
      expect(
        parseKey(
          ` ${key.text.toUpperCase().replaceAll('-', ' ').replace('CONVERGE KEY ', 'converge-key-')}\n`,
          'test',
        ),
      ).toEqual({
        id: key.id,
        secret: key.secret,
      });
      const digits = [...key.text.slice(13)].map((c, i) => ({ c, i })).filter(d => d.c !== '-');
      const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
      const { c, i } = digits[at]!;
      const other = alphabet[(alphabet.indexOf(c) + 1 + by) % 32]!;
      const typo = key.text.slice(0, 13 + i) + other + key.text.slice(13 + i + 1);
      expect(() => parseKey(typo, 'the test')).toThrow('check digits');
    }),
  );
});

test('a key is read from the environment or a file, and never shown', async () => {
  const { text, id } = createKey(new SeededRandom('k'));
  const host = (env: Record<string, string>, content?: string) => ({
    env,
    cwd: '/here',
    files: {
      ...nodeFiles,
      read: async (path: string) => (path === '/here/dr.key' && content ? Buffer.from(content) : undefined),
    },
  });
  expect((await readKey('env:K', host({ K: text }))).id).toBe(id);
  expect((await readKey('file:dr.key', host({}, `${text}\n`))).id).toBe(id);
  await expect(readKey('env:NONE', host({}))).rejects.toThrow("the environment variable NONE isn't set");
  await expect(readKey('file:none', host({}))).rejects.toThrow('there is no key file none');
  for (const wrong of [text, text.slice(0, 60)]) {
    const error = await readKey(wrong === text ? wrong : 'env:K', host({ K: wrong })).catch(e => e);
    expect(JSON.stringify([error.message, error.diagnostics])).not.toContain(text.slice(20, 40));
  }
});

test('the wrong key, no key and a key too many are told apart and name the key', async () => {
  const store = memoryStore();
  const key = aKey();
  const random = new SeededRandom('r');
  await createRepository(store, { key, random });
  await expect(openRepository(store, { random })).rejects.toThrow(`is encrypted and needs key ${key.id}`);
  const other = aKey('other');
  await expect(openRepository(store, { key: other, random })).rejects.toThrow(
    `needs key ${key.id}; the key given is ${other.id}`,
  );
  const forged = { id: key.id, secret: other.secret };
  await expect(openRepository(store, { key: forged, random })).rejects.toThrow("can't be unwrapped");
  const plain = memoryStore();
  await createRepository(plain, { random });
  await expect(openRepository(plain, { key, random })).rejects.toThrow(
    "isn't encrypted, but a key was given",
  );
});

test('a place that holds something else, or nothing, is not a repository', async () => {
  const random = new SeededRandom('r');
  const store = memoryStore();
  await expect(openRepository(store, { random })).rejects.toThrow('there is no repository at memory://test');
  store.objects.set('holiday.jpg', { bytes: Buffer.from('x'), modified: 0 });
  await expect(createRepository(store, { random })).rejects.toThrow('holds holiday.jpg and no converge.json');
  await expect(openRepository(store, { random })).rejects.toThrow('holds holiday.jpg');
});

test('of two that make a repository at once both open the same', async () => {
  const store = memoryStore();
  const made = await Promise.all(
    ['a', 'b'].map(seed => createRepository(store, { key: aKey(), random: new SeededRandom(seed) })),
  );
  expect(made[0]!.id).toBe(made[1]!.id);
  expect(made[0]!.context.vault.vmKey('x')).toBe(made[1]!.context.vault.vmKey('x'));
});

test('an encrypted repository shows neither names nor contents, ids nor equal blocks', async () => {
  const store = memoryStore();
  const key = aKey();
  const vm = (await openTest(store, key)).vm(VM.uuid);
  const block = Buffer.from('the payroll of 2026 '.repeat(4000)).subarray(0, 64 * 1024);
  const bare = memoryStore();
  await commitImage((await openTest(bare)).vm(VM.uuid), block);
  await commitImage(vm, block, { disk: { changeId: '52 de/77' } });
  await vm.lease.write(aLease(1, 'host-77'), undefined);
  const plainId = (await import('node:crypto')).hash('sha256', block, { outputEncoding: 'buffer' });
  const vmHash = (await openTest(bare)).context.vault.vmKey(VM.uuid);
  const everything = Buffer.concat([...store.objects].flatMap(([k, v]) => [Buffer.from(k), v.bytes]));
  const secrets = [
    VM.name,
    VM.uuid,
    'payroll',
    '52 de/77',
    'host-77',
    'Hard disk',
    'disk-a',
    plainId,
    plainId.toString('hex'),
    vmHash,
    key.secret,
  ];
  for (const secret of secrets) expect(everything.includes(secret)).toBe(false);
  // The same search does find them where nothing is encrypted.
  const open = Buffer.concat([...bare.objects].flatMap(([k, v]) => [Buffer.from(k), v.bytes]));
  for (const seen of [plainId, vmHash]) expect(open.includes(seen)).toBe(true);
});

test('an object moved under another name is refused', async () => {
  for (const key of [undefined, aKey()]) {
    const store = memoryStore();
    const repository = await openTest(store, key);
    await commitImage(repository.vm(VM.uuid), new SeededRandom('1').bytes(1000));
    await commitImage(repository.vm(VM.uuid), new SeededRandom('2').bytes(1000));
    const points = [...store.objects.keys()].filter(k => k.includes('/points/'));
    store.objects.set(points[0]!, store.objects.get(points[1]!)!);
    await expect((await openTest(store, key)).vm(VM.uuid).points()).rejects.toThrow(
      `${points[0]} is damaged`,
    );
  }
});
