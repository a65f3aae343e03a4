import Type, { type Static } from 'typebox';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Asked, BuiltInType, Id, LeftoverFinder, Outcome } from '../../engine/model/resource-type.ts';
import { repositoryOf } from '../../replication/cycle/snapshot-name.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { type RepositoryProperty, repositoryRef, repositorySchema } from '../shared/repository-property.ts';
import { isLeft, leftBehind, removeLeft } from './left-behind.ts';
import { titlesOf } from './vm-titles.ts';

interface State {
  /** Names of those that cycles of ours left when they died. */
  snapshots: string[];
}

const schema = Type.Object(
  {
    repositories: Type.Optional(
      Type.Array(repositorySchema, {
        description:
          'Repositories whose cycles may have left some; those that the state folder knows are looked at as well.',
        'x-unordered': true,
      }),
    ),
  },
  { additionalProperties: false },
);

type Properties = Static<typeof schema>;

export const leftSnapshots: BuiltInType<typeof schema, State> = {
  name: 'left_snapshots',
  doc: `Snapshots that cycles left when they died, at a VM that isn't protected any more. The title is its name or instance UUID.

Nobody has to declare it: a plan of everything searches the VMs of all declared vCenters for such snapshots, and has
a resource of this type for each VM that no \`protected_vm\` stands for. Each snapshot is removed under the lease of
its repository. That of a cycle that runs is none of them, nor is one that somebody else made.`,
  version: 1,
  schema,
  runs: { on: 'remote', target: 'vsphere' },
  leased: true,
  // Merging what was written since a snapshot that is weeks old takes hours.
  timeouts: { apply: 86_400_000, grace: 10 * 60_000 },
  realm: { name: 'left-snapshots', concurrency: 2 },
  canBeAbsent: false,
  leftovers: { of: ['protected_vm'], find: findLeft },
  identity: (_, title) => title.toLowerCase(),
  needs: () => [],
  desired: () => ({ snapshots: [] }),
  async observe(asked, io) {
    const seen = asked.map(async one => [one.id, await observeOne(one, io)] as const);
    return new Map(await Promise.all(seen));
  },
  diff: ({ snapshots }) =>
    snapshots.length === 0 ? [] : [{ path: '/snapshots', before: snapshots, after: [] }],
  async apply(steps, io) {
    const outcomes = new Map<Id, Outcome>();
    for (const { id, asked, signal } of steps) {
      try {
        const machine = await (await io.client('vsphere')).machine(asked.title);
        const removed = await removeLeft(machine, refsOf(asked), io, signal);
        const note = removed.length > 0 ? `removed ${removed.join(', ')}` : 'nothing was left';
        outcomes.set(id, { ok: true, note });
      } catch (error) {
        // Each was removed or is still there, and the next run sees which.
        outcomes.set(id, { ok: false, diagnostic: oneDiagnostic(error), retry: 'never', undone: true });
      }
    }
    return outcomes;
  },
};

const refsOf = ({ properties }: Pick<Asked<Properties>, 'properties'>): RepositoryRef[] =>
  (properties.repositories ?? []).map(repositoryRef);

async function observeOne(asked: Asked<Properties>, io: ReadIo) {
  try {
    const vm = await (await (await io.client('vsphere')).machine(asked.title)).inspect(io.signal);
    const { leftovers, unclear } = await leftBehind(
      vm,
      refsOf(asked),
      await io.client('repositories'),
      io.clock,
    );
    const snapshots = leftovers.flatMap(one => one.snapshots);
    return {
      state: 'present' as const,
      object: vm.uuid,
      value: { snapshots: snapshots.map(({ name }) => name) },
      warnings: [...snapshots.map(one => isLeft(vm, one)), ...unclear],
    };
  } catch (error) {
    io.signal.throwIfAborted();
    return { state: 'failed' as const, diagnostic: oneDiagnostic(error) };
  }
}

/** VMs that nobody protects, with snapshots of ours that no cycle holds. */
async function findLeft(...[declared, io]: Parameters<LeftoverFinder<Properties>['find']>) {
  const vsphere = await io.client('vsphere');
  const all = await vsphere.vms();
  const marked = all.filter(({ uuid, snapshots }) =>
    snapshots.some(name => repositoryOf(name, uuid) !== undefined),
  );
  const ids = new Set(declared.map(({ id }) => id));
  const titleOf = titlesOf(all);
  const result: Awaited<ReturnType<LeftoverFinder<Properties>['find']>> = { found: [], warnings: [] };
  for (const listed of marked) {
    const { name, uuid, biosUuid } = listed;
    if ([titleOf(listed), name, uuid, biosUuid].some(word => ids.has(word.toLowerCase()))) continue;
    try {
      const vm = await (await vsphere.machine(uuid)).inspect(io.signal);
      const { leftovers, unclear } = await leftBehind(
        vm,
        repositoriesOf(declared),
        await io.client('repositories'),
        io.clock,
      );
      const repositories = leftovers.map(({ ref }) => asProperty(ref));
      if (repositories.length > 0)
        result.found.push({ title: titleOf(listed), id: uuid, properties: { repositories } });
      else result.warnings.push(...unclear);
    } catch (error) {
      io.signal.throwIfAborted();
      result.warnings.push({ ...oneDiagnostic(error), severity: 'warning' });
    }
  }
  return result;
}

/** Those that the protected VMs of the target name, each once: a fresh state folder knows none yet. */
function repositoriesOf(declared: Parameters<LeftoverFinder<Properties>['find']>[0]): RepositoryRef[] {
  const refs = declared.flatMap(({ properties: { repository } }) =>
    repository === undefined ? [] : [repositoryRef(repository as unknown as RepositoryProperty)],
  );
  return [...new Map(refs.map(ref => [ref.url, ref])).values()];
}

const asProperty = (ref: RepositoryRef): RepositoryProperty =>
  ref.target === undefined && ref.key === undefined ? ref.url : ref;
