import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource, CatalogTarget } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import type { Selection } from '../../../src/engine/select/select.ts';
import { snapshotName } from '../../../src/replication/cycle/snapshot-name.ts';
import type { Repositories } from '../../../src/replication/model/clients.ts';
import { repositoryRef } from '../../../src/resources/shared/repository-property.ts';
import { leftSnapshots } from '../../../src/resources/vsphere/left_snapshots.ts';
import { protectedVm } from '../../../src/resources/vsphere/protected_vm.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { FakeDisk, FakeMachine } from '../../support/fake-machine.ts';
import { replicationClients, runClock } from '../../support/replication-clients.ts';

const at = { file: 'site.yaml', line: 2, column: 3 };
const home: CatalogTarget = { name: 'home', type: 'vsphere', properties: {}, at };
const dr = 's3://dr/vms';
const protect = (name: string, repository = dr) =>
  declare(`protected_vm:${name}`, { repository, schedule: 'every day', quiesce: 'off' });

/** A vCenter with three VMs, `web`, `sql` and `dc`, in each of the targets, and repositories in memory. */
async function place(targets: CatalogTarget[] = [home]) {
  const clock = runClock();
  const machinesOf = (target: number) =>
    new Map(
      ['web', 'sql', 'dc'].map((name, number) => {
        const uuid = `5031b${target}c${number}-0000-4000-8000-00000000000${number}`;
        const machine = new FakeMachine(clock, [new FakeDisk(2000, 64 * 1024)], uuid);
        machine.name = name;
        return [name, machine] as const;
      }),
    );
  const world = testWorld({ host: { ...folderHost().host, clock } });
  const all = targets.map((_, number) => machinesOf(number));
  const clients = all.map(machines => replicationClients(machines, world.secret));
  const connect: typeof world.connect = (target, name, calls) => {
    const which = name === 'vsphere' ? targets.findIndex(one => one.name === target?.name) : 0;
    return clients[which]!.connect(target, name, calls);
  };
  const calls = { made() {}, retried() {}, throttled() {} };
  const repositories = (await connect(undefined, 'repositories', calls)) as Repositories;
  const machine = (name: string, target = 0) => all[target]!.get(name)!;
  const leave = async (name: string, of: string | { id: string } = dr, epoch = 3, target = 0) => {
    const repository = typeof of === 'string' ? (await clients[0]!.open(of)).id : of.id;
    const { uuid } = machine(name, target);
    const snapshot = snapshotName({ vm: uuid, repository, epoch, cycle: 'c0ffee00' });
    await machine(name, target).createSnapshot({ name: snapshot, quiesce: false });
    return snapshot;
  };
  const looked = async (resources: CatalogResource[] = [], selection: Selection = {}) => {
    const run = testRun([protectedVm, leftSnapshots], { ...world, connect });
    const planned = await plan(catalogOf(resources, targets), run, { engine: '1.0.0', ...selection });
    const left = planned.resources.filter(({ type }) => type === 'left_snapshots');
    return { run, planned, left, warnings: planned.diagnostics };
  };
  return { clock, machine, leave, looked, repositories, open: clients[0]!.open };
}

describe('snapshots of VMs that are no longer declared', () => {
  test('are planned by name and removed by the next apply, and nothing else is', async () => {
    const { machine, leave, looked, repositories, open } = await place();
    await repositories.known.note(repositoryRef(dr), { id: (await open(dr)).id });
    const snapshot = await leave('web');
    machine('web').addForeignSnapshot('before the upgrade');
    machine('sql').addForeignSnapshot('converge-but-not-ours');
    const { left, planned, warnings, run } = await looked();
    expect(left).toMatchObject([
      {
        address: 'left_snapshots:web',
        action: 'update',
        fields: [{ path: '/snapshots', before: [snapshot], after: [] }],
        properties: { repositories: [dr] },
        at,
      },
    ]);
    expect(warnings).toMatchObject([
      { code: 'snapshot-left', message: expect.stringMatching(/^web has .* old, made by converge for/) },
    ]);
    const report = await apply(planned, run);
    expect(report).toMatchObject({
      results: [{ result: 'changed', note: `removed ${snapshot}` }],
      proof: { empty: true },
    });
    expect(machine('web').snapshotNames).toEqual(['before the upgrade']);
    expect((await looked()).planned).toMatchObject({ resources: [], diagnostics: [] });
  });

  test('are removed after the epoch was raised, so that their cycle can’t commit', async () => {
    const { machine, leave, looked, open } = await place();
    await leave('web', dr, 41);
    const { planned, run } = await looked([protect('dc')], { only: ['left_snapshots'] });
    await apply(planned, run);
    expect(machine('web').snapshotNames).toEqual([]);
    const lease = await (await open(dr)).vm(machine('web').uuid).lease.read();
    expect(lease?.value).toMatchObject({ epoch: 42 });
  });

  test('are left alone while a cycle holds the lease', async () => {
    const { clock, machine, leave, looked, open } = await place();
    await leave('web');
    const { lease } = (await open(dr)).vm(machine('web').uuid);
    const process = { pid: 1, start: '1', host: 'elsewhere', machine: 'm', boot: 'b', namespace: 'n' };
    const expires = clock.now() + 5 * 60_000;
    const intent = { cycle: 'c0ffee00', snapshot: 'converge-x' };
    await lease.write({ lease: 1, epoch: 3, holder: { id: 'h', ...process }, ...intent, expires }, undefined);
    expect(await looked([protect('dc')])).toMatchObject({ left: [], warnings: [] });
    clock.time = expires + 10 * 60_000;
    expect((await looked([protect('dc')])).left).toMatchObject([{ address: 'left_snapshots:web' }]);
  });

  test('of a repository that nobody here knows are named with what to do, and stay', async () => {
    const { machine, leave, looked } = await place();
    const snapshot = await leave('web', { id: 'fedcba9876543210' });
    const { left, planned, warnings, run } = await looked();
    expect(left).toEqual([]);
    expect(warnings).toMatchObject([
      {
        code: 'snapshot-unclear',
        severity: 'warning',
        at,
        message: expect.stringContaining('made by converge for the repository fedcba98…'),
        hint: expect.stringMatching(
          `converge points --repository URL.*govc snapshot.remove -vm 'web' '${snapshot}'$`,
        ),
      },
    ]);
    await apply(planned, run);
    expect(machine('web').snapshotNames).toEqual([snapshot]);
  });

  test('of a repository that can’t be opened any more name it and why', async () => {
    const { leave, looked, repositories, open } = await place();
    const { id } = await open(dr);
    const gone = repositoryRef('s3://gone/vms');
    await repositories.known.note(gone, { id: 'ab'.repeat(16) });
    await repositories.known.note(repositoryRef(dr), { id });
    await leave('web', { id: 'ab'.repeat(16) });
    await leave('web');
    const { left, warnings } = await looked();
    expect(left).toHaveLength(1);
    expect(warnings.map(({ code }) => code).sort()).toEqual(['snapshot-left', 'snapshot-unclear']);
    expect(warnings).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining('no repository at s3://gone/vms any more'),
      }),
    );
  });
});

test('a VM that is protected says by itself what is left, whatever it is called by', async () => {
  const { machine, leave, looked } = await place();
  await leave('web');
  await leave('sql');
  const declared = [protect('web'), protect(machine('sql').uuid.toUpperCase())];
  const { left, planned } = await looked(declared);
  expect(left).toEqual([]);
  expect(planned.diagnostics.filter(({ code }) => code === 'snapshot-left')).toHaveLength(2);
});

test('a VM that is protected elsewhere now names the snapshot of a repository that nobody knows', async () => {
  const { leave, looked } = await place();
  await leave('web', { id: 'fedcba9876543210' });
  const { planned } = await looked([protect('web')]);
  expect(planned.diagnostics).toContainEqual(
    expect.objectContaining({
      code: 'snapshot-unclear',
      address: 'protected_vm:web',
      hint: expect.stringContaining('govc snapshot.remove'),
    }),
  );
});

test('two vCenters with a VM of one name have a resource each', async () => {
  const targets = [home, { ...home, name: 'away' }];
  const { machine, leave, looked } = await place(targets);
  await leave('web');
  await leave('web', dr, 3, 1);
  const { left, planned, run } = await looked([
    { ...protect('dc'), meta: { ...protect('dc').meta, target: 'home' } },
    { ...protect('sql'), meta: { ...protect('sql').meta, target: 'away' } },
  ]);
  expect(left.map(({ address, meta }) => [address, meta.target])).toEqual([
    [`left_snapshots:${machine('web', 1).uuid}`, 'away'],
    ['left_snapshots:web', 'home'],
  ]);
  await apply(planned, run);
  expect([machine('web').snapshotNames, machine('web', 1).snapshotNames]).toEqual([[], []]);
});

test('selectors mean them: others leave them out, and their own may find none', async () => {
  const { leave, looked } = await place();
  const declared = [protect('dc')];
  expect((await looked(declared, { only: ['left_snapshots'] })).planned.resources).toEqual([]);
  await leave('web');
  const found = async (selection: Selection) =>
    (await looked(declared, selection)).planned.resources.map(({ address }) => address);
  expect(await found({})).toEqual(['left_snapshots:web', 'protected_vm:dc']);
  expect(await found({ only: ['protected_vm'] })).toEqual(['protected_vm:dc']);
  expect(await found({ only: ['left_snapshots:web'] })).toEqual(['left_snapshots:web']);
  expect(await found({ except: ['left_snapshots'] })).toEqual(['protected_vm:dc']);
});

test('a vCenter that can’t be searched is a warning, and keeps nothing from being done', async () => {
  const { machine, leave, looked, repositories, open } = await place();
  await repositories.known.note(repositoryRef(dr), { id: (await open(dr)).id });
  await leave('web');
  machine('web').faults.set('inspect', new Error('a mistake of ours'));
  const { left, warnings } = await looked([protect('dc')]);
  expect(left).toEqual([]);
  expect(warnings.map(({ severity }) => severity)).not.toContain('error');
  expect(warnings.map(({ code }) => code)).toContain('type-bug');
});
