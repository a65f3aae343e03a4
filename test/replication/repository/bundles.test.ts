import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { openRepository } from '../../../src/replication/repository/open-repository.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { aKey, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const image = (n: number) => Buffer.alloc(65_536, n + 1);
const bundlesIn = ({ objects }: MemoryStore) => [...objects.keys()].filter(key => key.includes('/bundles/'));
const reopened = (store: MemoryStore, key?: ReturnType<typeof aKey>) =>
  openRepository(store, { key, random: new SeededRandom('again') });
const problemsOf = async (store: MemoryStore, key?: ReturnType<typeof aKey>) =>
  (await verify(await reopened(store, key))).problems.map(({ kind, breaks }) => [kind, breaks]);

test.for<[string, ReturnType<typeof aKey> | undefined]>([
  ['plain', undefined],
  ['encrypted', aKey()],
])(
  'each point has the bundle that it was made with, and an unchanged one is stored once: %s',
  async ([, key]) => {
    const contents = fc.array(
      fc.oneof(
        fc.constantFrom('none' as const, 'as-before' as const, Buffer.from('a'), Buffer.from('b'), undefined),
        fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(contents, async steps => {
        const store = memoryStore();
        const vm = (await openTest(store, key)).vm(VM.uuid);
        let before: Buffer | null | undefined;
        const wanted: (Buffer | null | undefined)[] = [];
        let stored = 0;
        for (const [n, bundle] of steps.entries()) {
          await commitImage(vm, image(n), { ...(bundle !== undefined && { bundle }) });
          const now = bundle === 'none' ? null : bundle === 'as-before' ? before : bundle;
          if (Buffer.isBuffer(bundle) && !before?.equals(bundle)) stored++;
          before = now;
          wanted.push(now);
        }
        const again = (await reopened(store, key)).vm(VM.uuid);
        const found = [];
        for (const { bundle } of await again.points())
          found.push(bundle ? await again.bundle(bundle) : bundle);
        expect(found).toEqual(wanted);
        expect(bundlesIn(store)).toHaveLength(stored);
        expect(await problemsOf(store, key)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  },
);

test.for(['bundle', 'head'])(
  'killed before %s, the repository is whole and the next point has it',
  async at => {
    const store = memoryStore();
    const vm = (await openTest(store)).vm(VM.uuid);
    await commitImage(vm, image(0), { bundle: Buffer.from('old') });
    const step = async (name: string) => {
      if (name === at) throw new Error('killed');
    };
    await expect(commitImage(vm, image(1), { bundle: Buffer.from('new'), step })).rejects.toThrow('killed');
    expect(await problemsOf(store)).toEqual([]);
    const newest = await vm.newest();
    expect((await vm.bundle(newest!.bundle!)).toString()).toBe('old');
    await commitImage(vm, image(1), { bundle: Buffer.from('new') });
    expect((await vm.bundle((await vm.newest())!.bundle!)).toString()).toBe('new');
    expect(await problemsOf(store)).toEqual([]);
  },
);

/** A repository with a bundle, and its object's key. */
async function bundled() {
  const store = memoryStore();
  const vm = (await openTest(store)).vm(VM.uuid);
  await commitImage(vm, image(0), { bundle: Buffer.from('kept') });
  return { store, vm, key: bundlesIn(store)[0]!, ref: (await vm.newest())!.bundle! };
}

test.for<[string, 'damaged' | 'missing' | 'inconsistent', (store: MemoryStore, key: string) => void]>([
  [
    'with a flipped bit',
    'damaged',
    (store, key) => {
      const object = store.objects.get(key)!;
      const bytes = Buffer.from(object.bytes);
      bytes[40]! ^= 1;
      store.objects.set(key, { ...object, bytes });
    },
  ],
  [
    'cut off',
    'damaged',
    (store, key) => {
      const object = store.objects.get(key)!;
      store.objects.set(key, { ...object, bytes: object.bytes.subarray(0, -1) });
    },
  ],
  ['gone', 'missing', (store, key) => void store.objects.delete(key)],
])('a bundle %s is refused, found by verify, breaks no point, and heals', async ([, kind, harm]) => {
  const { store, vm, key, ref } = await bundled();
  harm(store, key);
  await expect(vm.bundle(ref)).rejects.toThrow(Failure);
  expect(await problemsOf(store)).toEqual([[kind, []]]);
  await commitImage(vm, image(1), { bundle: Buffer.from('kept') });
  const newest = (await vm.newest())!.bundle!;
  expect(newest.id).not.toBe(ref.id);
  expect((await vm.bundle(newest)).toString()).toBe('kept');
});

test('a bundle that is whole and another than the point names is refused', async () => {
  const { store, vm, ref } = await bundled();
  await commitImage(vm, image(1), { bundle: Buffer.from('other') });
  const newest = (await vm.newest())!.bundle!;
  await expect(vm.bundle({ ...newest, digest: ref.digest })).rejects.toThrow(/another bundle than its point/);
  expect(await problemsOf(store)).toEqual([]);
});

test('no more is unpacked than a bundle may have, whatever an object claims', async () => {
  const { vm } = await bundled();
  const huge = Buffer.alloc(17 * 2 ** 20);
  await commitImage(vm, image(1), { bundle: huge });
  const newest = (await vm.newest())!.bundle!;
  expect(newest.bytes).toBeLessThan(10_000);
  await expect(vm.bundle(newest)).rejects.toThrow(/can't be decompressed/);
});

test('records of plans and recoveries are objects that verify knows and reads', async () => {
  const store = memoryStore();
  const repository = await openTest(store, aKey());
  await repository.records.add('web', 'run-1', 1, { ok: true });
  const { problems, checked } = await verify(await reopened(store, aKey()));
  expect([problems, checked.objects]).toEqual([[], 1]);
  const [key, object] = [...store.objects].find(([name]) => name.startsWith('recovery/'))!;
  store.objects.set(`${key.slice(0, -1)}9`, object);
  store.objects.set('recovery/else', object);
  expect((await verify(await reopened(store, aKey()))).problems.map(({ kind }) => kind).sort()).toEqual([
    'damaged',
    'unexplained',
  ]);
});
