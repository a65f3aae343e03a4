import { expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { passingProxyFailures } from '../../../src/network/failures.ts';
import { leaseTtl } from '../../../src/replication/cycle/lease.ts';
import { outageTime } from '../../../src/replication/cycle/outlast.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { world } from '../../support/made-up.ts';
import type { Call } from '../../support/memory-store.ts';
import { restored } from '../../support/restored.ts';

// A8: what happens to a cycle whose repository goes away in the middle of it.
const block = 64 * KiB;
const minutes = 60_000;

/** A cycle that has come to `at`, in front of which the repository goes away. */
async function cutAt(at: string, fault: (call: Call) => Promise<void> | void) {
  const cycles = new CycleWorld(4 * block);
  await cycles.run();
  cycles.disk.write(0, cycles.random.bytes(2 * block));
  const frozen = Buffer.from(cycles.disk.content);
  await cycles.clock.advance(minutes);
  const options = await cycles.process();
  const arrived = Promise.withResolvers<void>();
  const done = runCycle({
    ...options,
    step: async name => {
      if (name !== at) return;
      cycles.store.before = fault;
      arrived.resolve();
    },
  });
  done.catch(() => {});
  await arrived.promise;
  return { cycles, done, frozen, options };
}

const unreachable = () => {
  throw new Failure(world('aws-unreachable', 'the repository is away'));
};

/** Puts of the lease and of the head since `from`, in order. */
const fenced = (cycles: CycleWorld, from: number) =>
  cycles.store.calls
    .slice(from)
    .filter(({ name, key }) => name === 'put' && /\/(lease|head)$/.test(key))
    .map(({ key }) => key.split('/').at(-1));

test.for(['copy-disk-0', 'pack', 'pages', 'index', 'head'])(
  'A8: forty minutes without the repository before %s: the lease is renewed first, then the point is made',
  async at => {
    const { cycles, done, frozen } = await cutAt(at, unreachable);
    await cycles.clock.advance(40 * minutes);
    cycles.store.before = undefined;
    const from = cycles.store.calls.length;
    await cycles.clock.advance(2 * minutes);
    const { point } = await done;
    expect(point.generation).toBe(2);
    const puts = fenced(cycles, from);
    expect(puts.indexOf('lease')).toBe(0);
    expect(puts).toContain('head');
    // Nor is anything else written before.
    const [first] = cycles.store.calls.slice(from).filter(({ name }) => name === 'put');
    expect(first!.key).toMatch(/\/lease$/);
    expect(await restored(await cycles.repository(), point, 0)).toEqual(frozen);
    expect(cycles.machine.snapshotNames).toEqual([]);
    expect(cycles.clock.sleeping).toBe(0);
  },
);

test.for(['pack', 'head'])(
  'A8: credentials that expire before %s, and are renewed by somebody half an hour later',
  async at => {
    const expired = ({ name }: Call) => {
      if (name === 'put')
        throw new Failure(world('aws-credentials-expired', 'the session token has expired'));
    };
    const { cycles, done } = await cutAt(at, expired);
    await cycles.clock.advance(31 * minutes);
    cycles.store.before = undefined;
    await cycles.clock.advance(2 * minutes);
    expect((await done).point.generation).toBe(2);
  },
);

test.for(passingProxyFailures)('A8: a proxy that has %s for half an hour, before the head', async code => {
  const { cycles, done } = await cutAt('head', () => {
    throw new Failure(world(code, 'the proxy answers 503'));
  });
  await cycles.clock.advance(31 * minutes);
  cycles.store.before = undefined;
  await cycles.clock.advance(2 * minutes);
  expect((await done).point.generation).toBe(2);
});

test('A8: a PUT whose answers are lost, and that was done, is not doubled and not taken for a refusal', async () => {
  const { cycles, done } = await cutAt('head', () => {});
  let lost = 0;
  cycles.store.loseAnswer = ({ key }) => key.endsWith('/head') && ++lost > 0;
  cycles.store.before = ({ name, key }) => {
    if (lost > 0 && name === 'get' && key.endsWith('/head')) unreachable();
  };
  await cycles.clock.advance(35 * minutes);
  cycles.store.before = undefined;
  await cycles.clock.advance(2 * minutes);
  expect((await done).point.generation).toBe(2);
  expect(await cycles.points()).toHaveLength(2);
});

test.for(['pack', 'index', 'head'])(
  'A8: who comes back before %s, and was replaced meanwhile, stops with lease-lost and commits nothing',
  async at => {
    let away = true;
    const { cycles, done, options } = await cutAt(at, () => {
      if (away) unreachable();
    });
    await cycles.clock.advance(20 * minutes);
    // The standby reaches the repository, and sees a lease whose time is up.
    away = false;
    cycles.dead.add(options.pid);
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const standby = await cycles.process();
    const taken = runCycle({
      ...standby,
      step: async name => {
        if (name !== 'copy-disk-0') return;
        arrived.resolve();
        await go.promise;
      },
    });
    await arrived.promise;
    await cycles.clock.advance(2 * minutes);
    await expect(done).rejects.toMatchObject({
      diagnostics: [
        { code: 'lease-lost', category: 'blocked', message: expect.stringContaining('taken it over') },
      ],
    });
    expect(await cycles.points()).toHaveLength(1);
    go.resolve();
    expect((await taken).point.generation).toBe(2);
    expect((await cycles.run()).point.generation).toBe(3);
  },
);

test('A8: an outage without end ends the cycle, and the next one makes it good', async () => {
  const { cycles, done } = await cutAt('copy-disk-0', unreachable);
  await cycles.clock.advance(outageTime + 3 * leaseTtl);
  await expect(done).rejects.toMatchObject({ diagnostics: [{ code: 'aws-unreachable' }] });
  expect(cycles.machine.snapshotNames).toEqual([]);
  expect(cycles.clock.sleeping).toBe(0);
  cycles.store.before = undefined;
  expect((await cycles.run()).point.generation).toBe(2);
});

test('A8: once the point is complete nothing is waited for', async () => {
  const { cycles, done } = await cutAt('point', unreachable);
  const { point, warnings } = await done;
  expect(point.generation).toBe(2);
  expect(warnings.map(({ code }) => code)).toContain('aws-unreachable');
  cycles.store.before = undefined;
  await cycles.clock.advance(10 * minutes);
  expect((await cycles.run()).point.generation).toBe(3);
});
