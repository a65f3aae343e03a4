import { beforeEach, expect, test } from 'vitest';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import { findVm, vmFinder } from '../../src/replication/model/find-vm.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { commitImage, openTest } from '../support/repository.ts';

const ALPHA = 'aaaa-uuid';
const BETA = 'bbbb-uuid';
let store: MemoryStore;
let repository: OpenRepository;
let damage: string[];
const onDamage = (failure: Failure) => void damage.push(failure.message);

beforeEach(async () => {
  store = memoryStore();
  repository = await openTest(store);
  damage = [];
  for (const [uuid, name] of [
    [ALPHA, 'alpha'],
    [BETA, 'beta'],
  ] as const)
    for (let n = 1; n <= 2; n++)
      await commitImage(repository.vm(uuid), Buffer.alloc(65536, n), { point: { vm: { uuid, name } } });
});

/** Flips a bit in the objects of a VM whose key has `part`; answers with their keys. */
function harm(uuid: string, part: string): string[] {
  const folder = repository.context.vault.vmKey(uuid);
  const keys = [...store.objects.keys()].filter(k => k.includes(folder) && k.includes(part));
  for (const key of keys) {
    const bytes = Buffer.from(store.objects.get(key)!.bytes);
    bytes[50]! ^= 1;
    store.objects.set(key, { bytes, modified: 0 });
  }
  expect(keys.length).toBeGreaterThan(0);
  return keys;
}
const uuidOf = async (name: string) => (await findVm(repository, name, onDamage))?.uuid;

test('a VM is found by its name in any case and by its UUID', async () => {
  expect(await uuidOf('ALPHA')).toBe(ALPHA);
  expect(await uuidOf(BETA.toUpperCase())).toBe(BETA);
  expect(await uuidOf('gamma')).toBeUndefined();
  expect(damage).toEqual([]);
});

test('one damaged head keeps nobody from any VM, and is told', async () => {
  const [head] = harm(BETA, '/head');
  expect(await uuidOf('alpha')).toBe(ALPHA);
  expect(damage).toEqual([expect.stringContaining(head!)]);
  expect(await uuidOf('beta')).toBe(BETA);
  const points = await repository.vm(BETA).points(onDamage);
  expect(points.map(p => p.generation)).toEqual([1, 2]);
});

test('a VM is found by UUID without a look at any other, however damaged', async () => {
  harm(BETA, '/points/');
  harm(BETA, '/head');
  const before = store.calls.length;
  expect(await uuidOf(ALPHA)).toBe(ALPHA);
  const other = repository.context.vault.vmKey(BETA);
  expect(store.calls.slice(before).filter(c => c.key.includes(other))).toEqual([]);
  expect(await uuidOf(BETA)).toBe(BETA);
});

test('a VM of which nothing can be read is left out by name, and told', async () => {
  const keys = [...harm(BETA, '/head'), ...harm(BETA, '/points/')];
  expect(await uuidOf('alpha')).toBe(ALPHA);
  for (const key of keys) expect(damage.join('\n')).toContain(key);
  expect(await uuidOf('beta')).toBeUndefined();
});

test('a roster entry that cannot be read hides its own VM alone', async () => {
  const [entry] = harm(BETA, 'roster/');
  expect(await uuidOf('alpha')).toBe(ALPHA);
  expect(damage).toEqual([expect.stringContaining(entry!)]);
});

test('where nobody listens, damage matters when the VM may be behind it', async () => {
  harm(BETA, '/head');
  harm(BETA, '/points/');
  expect((await findVm(repository, 'alpha'))?.uuid).toBe(ALPHA);
  await expect(findVm(repository, 'beta')).rejects.toThrow(/is damaged/);
});

test('many VMs are found by one listing, each newest point of it read once', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `vm${n}`);
  for (const name of names)
    await commitImage(repository.vm(`${name}-uuid`), Buffer.alloc(65536, 1), {
      point: { vm: { uuid: `${name}-uuid`, name } },
    });
  const before = store.calls.length;
  const find = vmFinder();
  const found = await Promise.all(names.map(name => find(repository, name.toUpperCase())));
  expect(found.map(vm => vm?.uuid)).toEqual(names.map(name => `${name}-uuid`));
  expect((await find(repository, ALPHA))?.uuid).toBe(ALPHA);
  // The roster, the folders beside it, then of each VM its entry, its head and the names of its points.
  expect(store.calls.length - before).toBe(2 + 3 * 32);
  expect(await find(repository, 'gamma')).toBeUndefined();
});

test('of many VMs, too, two of one name are refused, and damage matters to those that may be behind it', async () => {
  harm(BETA, '/head');
  harm(BETA, '/points/');
  const same = { uuid: 'cccc-uuid', name: 'Alpha' };
  const find = vmFinder();
  expect((await find(repository, 'alpha'))?.uuid).toBe(ALPHA);
  await expect(find(repository, 'gamma')).rejects.toThrow(/is damaged/);
  expect((await find(repository, BETA))?.uuid).toBe(BETA);
  await commitImage(repository.vm(same.uuid), Buffer.alloc(65536, 3), { point: { vm: same } });
  await expect(vmFinder()(repository, 'alpha')).rejects.toThrow(/2 VMs called alpha/);
});
