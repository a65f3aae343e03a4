import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import type { Place } from '../../../src/io/handles/process-table.ts';
import type { Clock } from '../../../src/io/ports.ts';
import { makeHolders } from '../../../src/replication/cycle/holders.ts';
import { leaseTtl, takeLease } from '../../../src/replication/cycle/lease.ts';
import { outageTime } from '../../../src/replication/cycle/outlast.ts';
import { runCycle } from '../../../src/replication/cycle/run-cycle.ts';
import type { ObjectStore } from '../../../src/replication/model/store.ts';
import { aPlace, CycleWorld, KiB } from '../../support/cycles.ts';
import { world } from '../../support/made-up.ts';
import type { Call } from '../../support/memory-store.ts';

const block = 64 * KiB;

/** A cycle that has come to `at` and stays there until it is let go on. */
async function pausedAt(cycles: CycleWorld, at: string) {
  const options = await cycles.process();
  const arrived = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const done = runCycle({
    ...options,
    step: async name => {
      if (name !== at) return;
      arrived.resolve();
      await go.promise;
    },
  });
  done.catch(() => {});
  return { options, arrived: arrived.promise, go: go.resolve, done };
}

describe('the lease', () => {
  test('of a cycle that lives blocks others, naming holder and end', async () => {
    const cycles = new CycleWorld(block);
    const first = await pausedAt(cycles, 'copy-disk-0');
    await first.arrived;
    const until = new Date(cycles.clock.now() + leaseTtl).toISOString();
    await expect(runCycle(await cycles.process())).rejects.toMatchObject({
      diagnostics: [
        {
          code: 'lease-held',
          category: 'blocked',
          message: expect.stringMatching(new RegExp(`process 1 on mover .*converge-.*until ${until}`)),
        },
      ],
    });
    first.go();
    expect((await first.done).point.generation).toBe(1);
    expect((await cycles.run()).point.generation).toBe(2);
  });

  test('is renewed by the clock for as long as the cycle takes', async () => {
    const cycles = new CycleWorld(block);
    const first = await pausedAt(cycles, 'copy-disk-0');
    await first.arrived;
    await cycles.clock.advance(10 * leaseTtl);
    await expect(runCycle(await cycles.process())).rejects.toMatchObject({
      diagnostics: [{ code: 'lease-held' }],
    });
    first.go();
    expect((await first.done).point.generation).toBe(1);
  });

  test('ends with the cycle: no heartbeat goes on', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    expect(cycles.clock.sleeping).toBe(0);
    cycles.machine.faults.set('read', new Failure(world('x', 'x')));
    await cycles.run({ rescan: true }).catch(() => {});
    await cycles.killedAt(99, 'error');
    expect(cycles.clock.sleeping).toBe(0);
  });

  test('of a dead process on this host is taken over at once', async () => {
    const cycles = new CycleWorld(block);
    await cycles.killedAt(2, 'gone');
    expect((await cycles.run()).point.epoch).toBe(2);
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('of a holder that nobody can see is taken over when its time is up', async () => {
    const cycles = new CycleWorld(block);
    await cycles.killedAt(2, 'gone');
    const process = await cycles.process();
    const elsewhere = { ...process, holders: { ...process.holders, isAlive: async () => undefined } };
    await expect(runCycle(elsewhere)).rejects.toMatchObject({ diagnostics: [{ code: 'lease-held' }] });
    await cycles.clock.advance(leaseTtl);
    expect((await runCycle(elsewhere)).point.epoch).toBe(2);
  });

  test('that was lost keeps its owner from completing a point, and from touching the new lease', async () => {
    const cycles = new CycleWorld(block);
    const slow = await pausedAt(cycles, 'copy-disk-0');
    await slow.arrived;
    cycles.dead.add(slow.options.pid); // taken for dead, wrongly
    const fast = await cycles.run();
    slow.go();
    await expect(slow.done).rejects.toBeInstanceOf(Failure);
    const points = await cycles.points();
    expect(points.map(p => p.id)).toEqual([fast.point.id]);
    expect((await cycles.run()).point.epoch).toBe(3);
  });

  test('that was just taken over is missed before the commit, though nothing else shows it yet', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    const slow = await pausedAt(cycles, 'copy-disk-0');
    await slow.arrived;
    cycles.dead.add(slow.options.pid);
    const fast = await pausedAt(cycles, 'remove-orphan-snapshot');
    await fast.arrived;
    // Within a minute of its last write nobody else has it; the head decides all the same.
    await cycles.clock.advance(61_000);
    slow.go();
    await expect(slow.done).rejects.toMatchObject({ diagnostics: [{ code: 'lease-lost' }] });
    expect(await cycles.points()).toHaveLength(1);
    fast.go();
    expect((await fast.done).point.generation).toBe(2);
  });

  test('whose holder sees strange things after it was taken over is what is told, not the strange thing', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    const options = await cycles.process();
    const slow = runCycle({
      ...options,
      step: async name => {
        if (!name.startsWith('create-snapshot')) return;
        // It slept, another one came, and the snapshot that it waited for is gone.
        cycles.dead.add(options.pid);
        await cycles.run();
        throw new Failure(world('vsphere-malformed-answer', 'the answer holds no snapshot'));
      },
    });
    await expect(slow).rejects.toMatchObject({ diagnostics: [{ code: 'lease-lost', category: 'blocked' }] });
    expect(await cycles.points()).toHaveLength(2);
  });

  test('lost between the last look and the commit: the head decides, nothing is rebased', async () => {
    const cycles = new CycleWorld(block);
    const slow = await pausedAt(cycles, 'head');
    await slow.arrived;
    cycles.dead.add(slow.options.pid);
    const fast = await cycles.run();
    slow.go();
    await expect(slow.done).rejects.toMatchObject({
      diagnostics: [{ code: 'head-moved', category: 'blocked' }],
    });
    expect((await cycles.points()).at(-1)!.id).toBe(fast.point.id);
    expect((await cycles.run()).point.generation).toBe(2);
  });

  test('that another took while the answer was lost is told as held, and not as an outage', async () => {
    const cycles = new CycleWorld(block);
    let other: Awaited<ReturnType<typeof pausedAt>> | undefined;
    cycles.store.before = async ({ name, key }) => {
      if (name !== 'put' || !key.endsWith('lease')) return;
      cycles.store.before = undefined;
      other = await pausedAt(cycles, 'copy-disk-0');
      await other.arrived;
      throw new Failure(world('answer-lost', 'nobody answered'));
    };
    await expect(cycles.run()).rejects.toMatchObject({ diagnostics: [{ code: 'lease-held' }] });
    other!.go();
    expect((await other!.done).point.generation).toBe(1);
  });

  test('whose answer was lost was taken all the same', async () => {
    const cycles = new CycleWorld(block);
    cycles.store.loseAnswer = call => {
      if (!call.key.endsWith('lease')) return false;
      cycles.store.loseAnswer = undefined;
      return true;
    };
    expect((await cycles.run()).point.generation).toBe(1);
  });

  test('survives a store that is away for one heartbeat', async () => {
    const cycles = new CycleWorld(block);
    const first = await pausedAt(cycles, 'copy-disk-0');
    await first.arrived;
    let failed = false;
    cycles.store.before = call => {
      if (failed || call.name !== 'put' || !call.key.endsWith('lease')) return;
      failed = true;
      throw new Failure(world('unreachable', 'the store is down'));
    };
    await cycles.clock.advance(leaseTtl / 2);
    expect(failed).toBe(true);
    first.go();
    expect((await first.done).point.generation).toBe(1);
  });

  test('stays its owner’s when the answer of a renewal and the look after it were lost', async () => {
    const cycles = new CycleWorld(block);
    const first = await pausedAt(cycles, 'copy-disk-0');
    await first.arrived;
    let lost = 0;
    cycles.store.loseAnswer = call => call.name === 'put' && call.key.endsWith('lease') && lost++ === 0;
    cycles.store.before = call => {
      if (call.name !== 'get' || !call.key.endsWith('lease')) return;
      cycles.store.before = undefined;
      throw new Failure(world('unreachable', 'the store is down'));
    };
    await cycles.clock.advance(leaseTtl);
    expect(lost).toBeGreaterThan(1);
    first.go();
    expect((await first.done).point.generation).toBe(1);
  });

  test.each<[string, (call: Call) => Promise<void> | void]>([
    [
      'refuses its renewals',
      () => {
        throw new Failure(world('unreachable', 'the store is down'));
      },
    ],
    ["doesn't answer", () => new Promise<void>(() => {})],
  ])('is given up when the store %s for longer than a cycle outlasts', async (_what, before) => {
    const cycles = new CycleWorld(4 * block);
    const first = await pausedAt(cycles, 'copy-disk-0');
    await first.arrived;
    cycles.store.before = call => (call.key.endsWith('lease') ? before(call) : undefined);
    await cycles.clock.advance(outageTime + 3 * leaseTtl);
    first.go();
    await expect(first.done).rejects.toBeInstanceOf(Failure);
    cycles.store.before = undefined;
    expect(cycles.machine.snapshotNames).toEqual([]);
    expect(await cycles.points()).toEqual([]);
    expect(cycles.machine.calls.filter(call => call.startsWith('read'))).toEqual([]);
  });

  test.each([
    ['ahead of', 10 * 60_000],
    ['behind', -10 * 60_000],
  ])(
    "of a mover whose clock is ten minutes %s the store's is judged by the store's clock",
    async (_, off) => {
      const cycles = new CycleWorld(block);
      const strayed = async () => {
        const options = await cycles.process();
        const { clock } = options;
        const store: ObjectStore = { ...options.repository.store, clockAhead: () => -off };
        return {
          ...options,
          repository: { ...options.repository, store },
          clock: {
            now: () => clock.now() + off,
            sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
          },
        };
      };
      const arrived = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const paused = async (name: string) => {
        if (name !== 'copy-disk-0') return;
        arrived.resolve();
        await go.promise;
      };
      const first = runCycle({ ...(await strayed()), step: paused });
      await arrived.promise;
      // Others see it as held, and it is not lost.
      await expect(runCycle(await cycles.process())).rejects.toMatchObject({
        diagnostics: [{ code: 'lease-held' }],
      });
      go.resolve();
      await first;
      // And it sees those of others as held.
      const other = await pausedAt(cycles, 'copy-disk-0');
      await other.arrived;
      await expect(runCycle(await strayed())).rejects.toMatchObject({
        diagnostics: [{ code: 'lease-held' }],
      });
      other.go();
      expect((await other.done).point.generation).toBe(2);
    },
  );

  test('of a dead mover whose clock was years ahead is over by the time of the store', async () => {
    const cycles = new CycleWorld(block);
    const vm = (await cycles.repository()).vm(cycles.machine.uuid);
    const { clock, holders } = await cycles.process();
    const options = {
      holders: { ...holders, isAlive: async () => undefined },
      holder: { id: 'a', pid: 1, start: '', ...aPlace },
    };
    const ahead: Clock = {
      now: () => clock.now() + 10 * 365 * 86_400_000,
      sleep: () => new Promise(() => {}),
    };
    const intent = () => ({ cycle: 'c', snapshot: 's' });
    await takeLease(vm, { ...options, clock: ahead }, { epoch: 0, generation: 0 }, intent);
    await cycles.clock.advance(leaseTtl);
    await expect(
      takeLease(vm, { ...options, clock }, { epoch: 0, generation: 0 }, intent),
    ).rejects.toMatchObject({
      diagnostics: [
        { code: 'lease-held', message: expect.stringContaining('until 2026-01-01T00:06:00.000Z') },
      ],
    });
    await cycles.clock.advance(60_000);
    const next = await takeLease(vm, { ...options, clock }, { epoch: 0, generation: 0 }, intent);
    expect(next.epoch).toBe(2);
    await next.release(async () => {});
  });

  test('epochs only grow, over releases and over a lease object that is gone', async () => {
    const cycles = new CycleWorld(block);
    const epochs: number[] = [];
    for (let i = 0; i < 3; i++) {
      epochs.push((await cycles.run()).point.epoch);
      if (i === 1) cycles.store.objects.delete(cycles.key('/lease'));
    }
    expect(epochs).toEqual([1, 2, 3]);
  });
});

describe('holders of this machine', () => {
  const here: Place = { host: 'here', machine: 'm', boot: 'b', namespace: 'n' };
  const table = (starts: Record<number, string>) => ({
    pid: 7,
    place: async () => here,
    startOf: async (pid: number) => starts[pid],
  });
  const holder = { ...here, id: 'a', pid: 8, start: 'monday' };

  test.each([
    ['another host', { host: 'there' }, undefined],
    ['another container of this host name', { namespace: 'other' }, undefined],
    ['a process that runs', {}, true],
    ['a process that is gone', { pid: 9 }, false],
    ['a process number that was used again', { start: 'sunday' }, false],
    ["this process, a cycle that it doesn't run", { pid: 7, start: 'now' }, false],
  ])('%s', async (_what, change, alive) => {
    const holders = makeHolders(table({ 7: 'now', 8: 'monday' }));
    expect(await holders.isAlive({ ...holder, ...change })).toBe(alive);
  });

  test('a cycle of this process lives until it settles', async () => {
    const holders = makeHolders(table({ 7: 'now' }));
    const seen = await holders.run('cycle', async own => [own, await holders.isAlive(own)] as const);
    expect(seen).toEqual([{ ...here, id: 'cycle', pid: 7, start: 'now' }, true]);
    expect(await holders.isAlive(seen[0])).toBe(false);
  });
});
