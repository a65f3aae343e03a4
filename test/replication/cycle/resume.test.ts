import { createCipheriv, hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { CycleWorld } from '../../support/cycles.ts';
import { world } from '../../support/made-up.ts';
import { readImage } from '../../support/repository.ts';

const MiB = 2 ** 20;

/** What can't be compressed, the same for each seed. */
const noise = (seed: string, bytes: number): Buffer =>
  createCipheriv('aes-256-ctr', hash('sha256', seed, 'buffer'), Buffer.alloc(16)).update(Buffer.alloc(bytes));

/** A VM whose disk is full of what can't be compressed. */
const aWorld = (bytes: number): CycleWorld => {
  const it = new CycleWorld(bytes);
  it.disk.write(0, noise('content', bytes));
  return it;
};

/** Bytes of packs that were PUT since `from`. */
const packed = ({ store }: CycleWorld, from: number): number =>
  store.calls
    .slice(from)
    .filter(({ name, key }) => name === 'put' && key.includes('/packs/'))
    .reduce((sum, { bytes }) => sum + bytes, 0);

/** Runs a cycle whose process is gone as it is about to write its pack number `n`, counted from 1. */
async function killedAtPack(it: CycleWorld, n: number): Promise<void> {
  await it.clock.advance(60_000);
  const options = await it.process();
  let packs = 0;
  const step = async (name: string) => {
    if (name === 'pack' && ++packs >= n) {
      it.machine.dead = true;
      options.life.dead = true;
    }
    if (options.life.dead) throw new Error('killed');
  };
  await expect(runCycle({ ...options, step })).rejects.toThrow();
  it.dead.add(options.pid);
  it.machine.dead = false;
}

const expectRestored = async (it: CycleWorld): Promise<void> => {
  const vm = (await it.repository()).vm(it.machine.uuid);
  const point = (await vm.newest())!;
  expect((await readImage(vm, point)).equals(it.disk.content)).toBe(true);
};

test('A7: a first sync that was killed at half uploads the rest alone', async () => {
  const it = aWorld(96 * MiB);
  await killedAtPack(it, 4);
  const before = packed(it, 0);
  expect(before).toBeGreaterThan(32 * MiB);
  const from = it.store.calls.length;
  const { numbers } = await it.run();
  expect(packed(it, from)).toBeLessThan(96 * MiB - before + MiB);
  expect(numbers.bytes_read).toBe(96 * MiB);
  expect(numbers.bytes_reused + numbers.bytes_stored).toBe(96 * MiB);
  expect(numbers.bytes_reused).toBeGreaterThan(before - MiB);
  await expectRestored(it);
});

test('A7: killed five times it ends right, and each block was uploaded about once', async () => {
  const it = aWorld(96 * MiB);
  for (let n = 0; n < 5; n++) {
    await killedAtPack(it, 2);
    // The VM goes on meanwhile.
    it.disk.write(n * 9 * MiB, noise(`change ${n}`, 300_000));
  }
  await it.run();
  await expectRestored(it);
  expect(packed(it, 0)).toBeLessThan(96 * MiB + 8 * MiB);
});

test('A7: the lease claims by id what the cycle may refer to, and no more once it is given up', async () => {
  const it = aWorld(48 * MiB);
  await killedAtPack(it, 2);
  const left = [...it.store.objects.keys()].filter(key => key.includes('/packs/'));
  const options = await it.process();
  const vm = (await it.repository()).vm(it.machine.uuid);
  let claims: string[] | undefined;
  await it.clock.advance(60_000);
  const step = async (name: string) => {
    if (name === 'head') claims = (await vm.lease.read())?.value.claims;
  };
  await runCycle({ ...options, step });
  expect(claims?.map(id => left.some(key => key.endsWith(id)))).toEqual([true]);
  const { value } = (await vm.lease.read())!;
  expect([value.claims, value.unfinished]).toEqual([undefined, undefined]);
});

test('A7: a claimed pack that goes before the head moves makes no point, and the next cycle stores it', async () => {
  const it = aWorld(48 * MiB);
  await killedAtPack(it, 2);
  const left = [...it.store.objects.keys()].find(key => key.includes('/packs/'))!;
  await it.clock.advance(60_000);
  const step = async (name: string) => {
    if (name === 'index') it.store.objects.delete(left);
  };
  await expect(runCycle({ ...(await it.process()), step })).rejects.toThrow(`${left} is missing`);
  expect(await it.points()).toEqual([]);
  await it.run();
  await expectRestored(it);
});

test('A7: a rescan that failed goes on as well, and a cycle after a whole one looks for nothing', async () => {
  const it = aWorld(48 * MiB);
  await it.run();
  it.disk.write(0, noise('new', 40 * MiB));
  await it.clock.advance(60_000);
  let packs = 0;
  it.store.before = call => {
    if (call.name === 'put' && call.key.includes('/packs/') && ++packs > 1)
      throw new Failure(world('disk-full', 'the disk is full'));
  };
  await expect(runCycle(await it.process({ rescan: true }))).rejects.toThrow('the disk is full');
  it.store.before = undefined;
  const { numbers } = await it.run({ rescan: true });
  expect(numbers.bytes_reused).toBeGreaterThan(15 * MiB);
  expect(numbers.bytes_reused + numbers.bytes_stored).toBe(40 * MiB);
  await expectRestored(it);
  const from = it.store.calls.length;
  await it.run();
  expect(it.store.calls.slice(from).filter(({ key }) => key.endsWith('/packs/'))).toEqual([]);
});

test('A7: --full believes nothing of what a dead cycle stored', async () => {
  const it = aWorld(48 * MiB);
  await killedAtPack(it, 2);
  const { numbers } = await it.run({ full: true });
  expect([numbers.bytes_reused, numbers.bytes_stored]).toEqual([0, 48 * MiB]);
});
