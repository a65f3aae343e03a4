import { describe, expect, test } from 'vitest';
import { apart, Failure } from '../../../src/diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../src/engine/model/io.ts';
import type { Step } from '../../../src/engine/model/resource-type.ts';
import type { KnownRepositories } from '../../../src/replication/model/clients.ts';
import { settleThere, suspend, unsuspend } from '../../../src/replication/model/pauses.ts';
import type { DueJob } from '../../../src/replication/movers/due-jobs.ts';
import { type Movers, movingHere } from '../../../src/replication/movers/movers.ts';
import { repositoryRef } from '../../../src/resources/shared/repository-property.ts';
import { protectedVm } from '../../../src/resources/vsphere/protected_vm.ts';
import type { ProtectedVmProperties, ProtectedVmState } from '../../../src/resources/vsphere/protection.ts';
import { move, prepareJob } from '../../../src/resources/vsphere/replicate.ts';
import { CycleWorld, KiB } from '../../support/cycles.ts';
import { FakeDisk } from '../../support/fake-machine.ts';
import { memoryKnown } from '../../support/known.ts';
import { world } from '../../support/made-up.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { typeIo } from '../../support/type-io.ts';

const block = 64 * KiB;
const minute = 60_000;
const where = { platform: 'linux' as const, cwd: '/' };
const properties: ProtectedVmProperties = {
  repository: 's3://dr/vms',
  schedule: 'every 15 minutes',
  quiesce: 'off',
};
const asked = (more: Partial<ProtectedVmProperties> = {}) => ({
  id: 'dc02',
  title: 'DC02',
  properties: { ...properties, ...more },
});

async function observe(cycles: CycleWorld, more: Partial<ProtectedVmProperties> = {}) {
  return (await protectedVm.observe([asked(more)], typeIo(cycles).io)).get('dc02')!;
}

async function apply(
  cycles: CycleWorld,
  more: Partial<ProtectedVmProperties> = {},
  signal = new AbortController().signal,
  named: WriteIo['step'] = async () => {},
) {
  const step: Step<ProtectedVmProperties, ProtectedVmState> = {
    id: 'dc02',
    asked: asked(more),
    signal,
    kind: 'create',
    should: protectedVm.desired(asked(more).properties, 'dc02'),
  };
  return (await protectedVm.apply([step], typeIo(cycles, { signal, step: named }).io)).get('dc02')!;
}

/** The fields that a plan would show. */
async function pending(cycles: CycleWorld, more: Partial<ProtectedVmProperties> = {}) {
  const observation = await observe(cycles, more);
  if (observation.state !== 'present') return observation.state;
  return protectedVm.diff!(observation.value, protectedVm.desired(properties, 'dc02')).map(
    ({ path, before }) => [path, before],
  );
}

describe('what is declared', () => {
  test('one VM in two spellings is one', () => {
    expect(protectedVm.identity(properties, 'DC02', where)).toBe(
      protectedVm.identity(properties, 'dc02', where),
    );
  });

  test('a recovery point objective shorter than the interval is a mistake that names both', () => {
    expect(mistakesIn(protectedVm, 'dc02', { ...properties, rpo: '10m' })).toBe(
      "/rpo: `rpo: 10m` can't be kept with a point `every 15 minutes`",
    );
    expect(mistakesIn(protectedVm, 'dc02', { ...properties, rpo: '15m' })).toBe('');
    const night = { windows: [{ from: '22:00', to: '06:00' }] };
    expect(mistakesIn(protectedVm, 'dc02', { ...properties, ...night, rpo: '15h' })).toBe(
      "/rpo: `rpo: 15h` can't be kept while no window is open for 16 h",
    );
    expect(mistakesIn(protectedVm, 'dc02', { ...properties, ...night, rpo: '16h' })).toBe('');
  });

  test('provides its points, and needs the bucket of an s3 repository only', () => {
    expect(protectedVm.provides!({ ...properties, repository: 'S3://dr/vms/' }, 'dc02')).toEqual([
      'points:s3://dr/vms#dc02',
    ]);
    expect(protectedVm.needs!(properties, 'dc02')).toEqual([{ anyOf: ['s3-bucket:dr'] }]);
    expect(protectedVm.needs!({ ...properties, repository: { url: 'file:///backup' } }, 'dc02')).toEqual([]);
  });
});

describe('what is pending', () => {
  test('nothing is there, then nothing is due until the interval is over', async () => {
    const cycles = new CycleWorld(block);
    expect(await pending(cycles)).toBe('absent');
    expect(await apply(cycles)).toMatchObject({ ok: true });
    expect(await pending(cycles)).toEqual([]);
    // Half a minute early counts as in time, for a scheduler that fires every 15 minutes.
    await cycles.clock.advance(14.5 * minute - 1);
    expect(await pending(cycles)).toEqual([]);
    await cycles.clock.advance(1);
    expect(await pending(cycles)).toEqual([['/point', 'due']]);
  });

  test.each([
    ['twice the interval', {}, 30],
    ['what is declared', { rpo: '20m' }, 20],
  ])(
    'a newest point older than %s breaches the objective, and the next one keeps it',
    async (_what, more, limit) => {
      const cycles = new CycleWorld(block);
      await apply(cycles, more);
      await cycles.clock.advance(limit * minute);
      expect(await pending(cycles, more)).toEqual([['/point', 'due']]);
      await cycles.clock.advance(1);
      expect(await pending(cycles, more)).toEqual([
        ['/point', 'due'],
        ['/rpo', 'breached'],
      ]);
      await apply(cycles, more);
      expect(await pending(cycles, more)).toEqual([]);
    },
  );

  test.each<[string, (cycles: CycleWorld) => void]>([
    ['added', c => c.machine.disks.push(new FakeDisk(2001, block))],
    ['grown', c => c.disk.grow(2 * block)],
    ['replaced', c => c.machine.disks.splice(0, 1, new FakeDisk(2000, block, 'another'))],
  ])('a disk that was %s makes a point due', async (_what, event) => {
    const cycles = new CycleWorld(block);
    await apply(cycles);
    event(cycles);
    expect(await pending(cycles)).toEqual([['/point', 'due']]);
    await apply(cycles);
    expect(await pending(cycles)).toEqual([]);
  });

  test('an exclusion that was added or dropped makes a point due', async () => {
    const cycles = new CycleWorld(block, block);
    const without = { disks: { exclude: ['1'] } };
    await apply(cycles, without);
    expect(await pending(cycles, without)).toEqual([]);
    expect(await pending(cycles)).toEqual([['/point', 'due']]);
  });

  test('a point dated in the future is not an excuse', async () => {
    const cycles = new CycleWorld(block);
    await apply(cycles);
    await cycles.clock.advance(-60 * minute);
    expect(await pending(cycles)).toEqual([['/point', 'due']]);
  });

  test('change tracking that is off, unless it has to stay off', async () => {
    const cycles = new CycleWorld(block);
    await apply(cycles);
    cycles.machine.switchTrackingOff();
    expect(await pending(cycles)).toEqual([['/change_tracking', 'off']]);
    cycles.machine.addForeignSnapshot('before the upgrade');
    expect(await pending(cycles)).toEqual([]);
    expect(await observe(cycles)).toMatchObject({ value: { change_tracking: 'unavailable' } });
  });

  test('ages and point ids stay out of what is observed', async () => {
    const cycles = new CycleWorld(block);
    await apply(cycles);
    const before = await observe(cycles);
    await cycles.clock.advance(5 * minute);
    expect(await observe(cycles)).toEqual(before);
    await apply(cycles);
    expect(await observe(cycles)).toEqual(before);
  });

  test("a disk that can't be protected fails by name; so does a VM that can't be looked at", async () => {
    const cycles = new CycleWorld(block, block);
    for (const disk of cycles.machine.disks) disk.unprotectable = 'it is independent';
    expect(await observe(cycles)).toMatchObject({
      state: 'failed',
      diagnostic: {
        code: 'unprotectable-disk',
        message: expect.stringContaining('Hard disk 1'),
        also: [{ code: 'unprotectable-disk', message: expect.stringContaining('Hard disk 2') }],
      },
    });
    cycles.machine.faults.set('inspect', new Failure(world('vm-gone', 'gone')));
    expect(await observe(cycles)).toMatchObject({ state: 'failed', diagnostic: { code: 'vm-gone' } });
  });
});

describe('a VM that is failed over', () => {
  const by = 'web/3';
  async function failedOver() {
    const cycles = new CycleWorld(block);
    await apply(cycles);
    const repository = await cycles.repository();
    const { uuid } = cycles.machine;
    await suspend(repository, by, [{ uuid, name: 'dc02' }], Date.UTC(2026, 0, 2, 3, 4, 5));
    await repository.vm(uuid).fence();
    await cycles.clock.advance(100 * minute);
    return { cycles, repository, uuid };
  }

  test('is due for nothing, and the plan says why and until when', async () => {
    const { cycles, repository } = await failedOver();
    cycles.machine.switchTrackingOff();
    expect(await pending(cycles)).toEqual([]);
    const seen = await observe(cycles);
    expect(seen).toMatchObject({
      value: { suspended: { by, since: Date.UTC(2026, 0, 2, 3, 4, 5) } },
      warnings: [
        {
          code: 'failed-over',
          severity: 'warning',
          message: expect.stringMatching(
            /failed over to EC2 since 2026-01-02T03:04:05Z by web\/3: its replication is suspended until/,
          ),
          hint: expect.stringMatching(/`converge failback .*`, .* `converge failover undo web PATHS --only /),
        },
      ],
    });
    await settleThere(repository, by, [cycles.machine.uuid], 1);
    expect(await pending(cycles)).toEqual([]);
    expect(await observe(cycles)).toMatchObject({
      warnings: [{ message: expect.stringContaining('for good') }],
    });
    await unsuspend(repository, by);
    expect((await pending(cycles)).length).toBeGreaterThan(0);
  });

  test('failed over between the plan and its step, the step is skipped and has not failed', async () => {
    const { cycles } = await failedOver();
    expect(await apply(cycles)).toEqual({
      ok: true,
      note: expect.stringMatching(/^skipped: .* runs in AWS since the failover web\/3/),
    });
    expect(await cycles.points()).toHaveLength(1);
  });
});

describe('a cycle as a step', () => {
  test('reports what it did, and why it had to read everything', async () => {
    const cycles = new CycleWorld(2 * block);
    cycles.disk.write(0, Buffer.alloc(block, 1));
    expect(await apply(cycles)).toMatchObject({
      ok: true,
      note: expect.stringMatching(
        /^point 1, crash-consistent: 128\.0 KiB read, .* uploaded; disk 0 full \(first-cycle\)$/,
      ),
      numbers: { points: 1, bytes_read: 2 * block, bytes_stored: block, blocks_read: 2 },
    });
    const second = await apply(cycles);
    expect(second.ok && second.note).not.toContain('disk 0');
  });

  test('says when a snapshot may be left behind', async () => {
    const cycles = new CycleWorld(block);
    cycles.machine.faults.set('read', new Failure(world('read-failed', 'no')));
    expect(await apply(cycles)).toMatchObject({
      ok: false,
      undone: true,
      diagnostic: { code: 'read-failed' },
    });
    cycles.machine.faults.set('removeSnapshot', new Failure(world('task-failed', 'no')));
    const outcome = await apply(cycles);
    expect(outcome).toMatchObject({ ok: false, undone: false });
    const told = outcome.ok ? [] : apart([outcome.diagnostic]).map(({ message }) => message);
    expect(told.join('\n')).toContain('the point of this cycle is complete');
  });

  test('cancelled, it says what became of it, with the snapshot gone', async () => {
    const cycles = new CycleWorld(block);
    expect(await apply(cycles, {}, AbortSignal.abort(new Error('Ctrl-C')))).toMatchObject({
      ok: false,
      undone: true,
      diagnostic: { code: 'interrupted', message: 'no point was made, and no snapshot is left behind' },
    });
    expect(cycles.machine.snapshotNames).toEqual([]);
  });

  test('cancelled with a snapshot that stays, it failed', async () => {
    const cycles = new CycleWorld(block);
    const stop = new AbortController();
    cycles.machine.faults.set('removeSnapshot', new Failure(world('task-failed', 'no')));
    const step = async (name: string) => {
      if (name === 'remove-snapshot') stop.abort(new Error('Ctrl-C'));
    };
    expect(await apply(cycles, {}, stop.signal, step)).toMatchObject({ ok: false, undone: false });
  });

  test('an excluded disk that the VM does not have is a warning already when it is looked at', async () => {
    const cycles = new CycleWorld(block);
    for (const state of ['absent', 'present']) {
      expect(await observe(cycles, { disks: { exclude: ['Hard disk 9'] } })).toMatchObject({
        state,
        warnings: expect.arrayContaining([
          expect.objectContaining({ code: 'unknown-disk', severity: 'warning' }),
        ]),
      });
      await apply(cycles);
    }
  });

  test('passes on how the repository is opened', async () => {
    const cycles = new CycleWorld(block);
    const { io, refs } = typeIo(cycles);
    const repository = { url: 's3://dr/vms', target: 'dr', key: { $secret: 'env:KEY' } };
    await protectedVm.observe([asked({ repository })], io);
    expect(refs).toEqual([[repositoryRef(repository), 'read']]);
  });
});

describe('what is left behind or gone', () => {
  const fields = async (cycles: CycleWorld, known: KnownRepositories) => {
    const seen = (await protectedVm.observe([asked()], typeIo(cycles, { known }).io)).get('dc02')!;
    if (seen.state !== 'present') return { state: seen.state, codes: seen.warnings?.map(({ code }) => code) };
    const changes = protectedVm.diff!(seen.value, protectedVm.desired(properties, 'dc02'));
    return { changes, codes: seen.warnings?.map(({ code }) => code) };
  };
  const update = async (cycles: CycleWorld, known: KnownRepositories) => {
    const { io } = typeIo(cycles, { known });
    const { changes } = await fields(cycles, known);
    const step = {
      ...{ id: 'dc02', asked: asked(), signal: io.signal, kind: 'update' as const },
      ...{ is: {} as ProtectedVmState, should: protectedVm.desired(properties, 'dc02'), fields: changes! },
    };
    return (await protectedVm.apply([step], io)).get('dc02')!;
  };

  test('a snapshot of a killed cycle is pending by name, and its removal makes no point', async () => {
    const cycles = new CycleWorld(block);
    const known = memoryKnown();
    await cycles.run();
    const steps = await cycles.killedAt(Number.POSITIVE_INFINITY, 'error');
    await cycles.killedAt(steps.indexOf('remove-snapshot'), 'gone');
    // Its process is of another machine, so the lease has to run out.
    await cycles.clock.advance(5 * minute);
    const { snapshotNames } = cycles.machine;
    expect(await fields(cycles, known)).toEqual({
      changes: [{ path: '/left_snapshots', before: snapshotNames, after: [] }],
      codes: ['snapshot-left'],
    });
    const points = (await cycles.points()).length;
    expect(await update(cycles, known)).toMatchObject({ ok: true, note: `removed ${snapshotNames[0]}` });
    expect(await fields(cycles, known)).toMatchObject({ changes: [] });
    expect(await cycles.points()).toHaveLength(points);
  });

  test('a repository that is gone, or another one, is a weakening that asks', async () => {
    const cycles = new CycleWorld(block);
    const known = memoryKnown();
    expect(await fields(cycles, known)).toEqual({ state: 'absent', codes: ['repository-new'] });
    await known.note(repositoryRef('s3://dr/vms'), { id: 'ab'.repeat(16) });
    const lost = { path: '/history', before: 'lost', after: 'begun anew', grade: 'weakens' };
    expect(await fields(cycles, known)).toMatchObject({
      changes: expect.arrayContaining([lost]),
      codes: ['points-lost'],
    });
    // A cycle that nobody allowed.
    const { io } = typeIo(cycles, { known });
    await expect(prepareJob(asked(), io)).rejects.toMatchObject({
      diagnostics: [{ code: 'points-lost', category: 'blocked' }],
    });
    expect(cycles.store.objects.size).toBe(0);
    expect(await update(cycles, known)).toMatchObject({ ok: true });
    expect(await fields(cycles, known)).toMatchObject({ changes: [], codes: [] });
  });

  test('points that are gone are told from none yet', async () => {
    const cycles = new CycleWorld(block);
    const known = memoryKnown();
    await cycles.run();
    await cycles.run();
    for (const key of [...cycles.store.objects.keys()])
      if (/head|points/.test(key)) cycles.store.objects.delete(key);
    expect(await fields(cycles, known)).toMatchObject({
      changes: expect.arrayContaining([expect.objectContaining({ path: '/history' })]),
    });
    expect(await update(cycles, known)).toMatchObject({ ok: true });
    expect((await cycles.points()).map(({ generation }) => generation)).toEqual([3]);
  });

  test('ages are counted by the clock that dated the point', async () => {
    const cycles = new CycleWorld(block);
    const known = memoryKnown();
    cycles.machine.clockAhead = 20 * minute;
    await cycles.run();
    expect(await fields(cycles, known)).toEqual({ changes: [], codes: ['clock-skew'] });
    await cycles.clock.advance(16 * minute);
    expect((await fields(cycles, known)).changes).toMatchObject([{ path: '/point', before: 'due' }]);
  });

  test('a foreign snapshot below which nothing can be read is seen before a point is due', async () => {
    const cycles = new CycleWorld(block);
    await cycles.run();
    cycles.machine.readsDeltas = false;
    cycles.machine.addForeignSnapshot('before the upgrade');
    expect(await fields(cycles, memoryKnown())).toEqual({ changes: [], codes: ['snapshot-in-the-way'] });
  });
});

describe('whoever moves it', () => {
  test('gets a plain job that says what, whereto and why', async () => {
    const cycles = new CycleWorld(block);
    const jobs: DueJob[] = [];
    const movers: Movers = {
      async move(job, cycle) {
        jobs.push(structuredClone(job));
        return movingHere.move(job, cycle);
      },
    };
    const { io } = typeIo(cycles, { movers });
    const signal = new AbortController().signal;
    const step = { id: 'dc02', asked: asked(), signal };
    const should = protectedVm.desired(properties, 'dc02');
    const began = cycles.clock.now();
    await protectedVm.apply([{ ...step, kind: 'create', should }], io);
    const { point } = await move(await prepareJob(asked(), io, signal), io);
    await cycles.clock.advance(20 * minute);
    const seen = await observe(cycles);
    const is = (seen as Extract<typeof seen, { state: 'present' }>).value as ProtectedVmState;
    await protectedVm.apply([{ ...step, kind: 'update', is, should, fields: [{ path: '/point' }] }], io);
    const common = {
      target: 'https://vcenter.example.com',
      vm: cycles.machine.uuid,
      repository: (await cycles.repository()).id,
      resource: expect.stringMatching(/^[0-9a-f]{64}$/),
    };
    expect(jobs).toEqual([
      { ...common, reason: 'first-point', due: began, deadline: began },
      { ...common, reason: 'asked', due: expect.any(Number), deadline: expect.any(Number) },
      { ...common, reason: 'interval', due: point.time + 14.5 * minute, deadline: point.time + 30 * minute },
    ]);
    expect(new Set(jobs.map(({ resource }) => resource)).size).toBe(1);
  });
});
