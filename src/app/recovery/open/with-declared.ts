import type { AwsRecovery } from '../../../aws/recovery/cloud.ts';
import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import { openMemoryOf } from '../../../engine/call/call-in-time.ts';
import { writeIo } from '../../../engine/call/make-io.ts';
import type { Catalog, CatalogResource, CatalogTarget } from '../../../engine/model/catalog.ts';
import type { Memory } from '../../../engine/model/io.ts';
import type { Run } from '../../../engine/model/run.ts';
import { subjectOf } from '../../../engine/model/subject.ts';
import { identityOf } from '../../../engine/model/targets.ts';
import type { Clock } from '../../../io/ports.ts';
import type { TargetMachine } from '../../../recovery/failover/prepare.ts';
import type { Prober } from '../../../recovery/model/probes.ts';
import { directly, networkProber, type WayTo } from '../../../recovery/prober/prober.ts';
import { type FindVm, findVm, vmFinder } from '../../../replication/model/find-vm.ts';
import { pipelined } from '../../../replication/model/pipelined.ts';
import type { Repository, VmRepository } from '../../../replication/model/repository.ts';
import type { MachineMaker, RestingMachine, SourceMachine } from '../../../replication/model/source.ts';
import { type RecoveryTargetProperties, shellOf } from '../../../resources/aws/recovery-target-schema.ts';
import { type RepositoryProperty, repositoryRef } from '../../../resources/shared/repository-property.ts';
import type { Context } from '../../app-context.ts';
import { asTyped } from '../../as-typed.ts';
import type { CommonOptions } from '../../options.ts';
import { moveDeclared, type Replicated } from '../../repository/replicate.ts';
import { loadCatalog } from '../../session/load-catalog.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { runOf } from '../../session/run-of.ts';

/** Which bundle a recovery goes by. */
export interface BundleOrigin {
  /** The point that it was stored with; undefined: it was kept with the plan. */
  vm?: string;
  point?: string;
  /** When the point was made, or the plan applied; milliseconds since the epoch. */
  time: number;
  /** What it doesn't hold, and what others say differently. */
  remarks: string[];
}

/** What a command of recovery works with. */
export interface Recovering {
  catalog: Catalog;
  /** Account and region that it recovers in. */
  target: CatalogTarget;
  cloud: AwsRecovery;
  /** What machines are probed with from here. */
  prober: Prober;
  /** What expires does so by it: a lab's may have been set ahead. */
  clock: Clock;
  /** What commands of recovery remember in the state folder, under the name of the command. */
  memory(command: string): Promise<Memory>;
  /** How the next command names the same: the manifests, or the repository. */
  again: string;
  /** The bundle in the repository that all this is from; undefined: from manifests. */
  from?: BundleOrigin;
  /**
   * Runs while no other process of this machine changes the same resource, or builds its replica.
   * @throws Failure `locked`, blocked
   */
  alone<T>(use: () => Promise<T>): Promise<T>;
  /** The VM that a `protected_vm` of this title is; undefined where none is declared. */
  home(title: string): Promise<SourceMachine | undefined>;
  /** The same, as something is brought back to its disks. */
  resting(title: string): Promise<RestingMachine | undefined>;
  /** What makes machines in the vCenter that this VM is of, or was; undefined where none is declared. */
  maker(title: string): Promise<MachineMaker | undefined>;
  /** Makes a point of that VM now. @throws Failure `not-declared`, and what a cycle throws */
  replicate(title: string): Promise<Replicated['cycle']>;
  /** Finds VMs in a repository, all that one command asks for with one listing of it. */
  find: FindVm;
  /** @throws Failure `repository-not-found` */
  repository(property: RepositoryProperty): Promise<Repository>;
}

/**
 * Compiles manifests and connects to the target of one declared resource for as long as `use` runs. Undefined
 * when the manifests have mistakes, which were told. vSphere is asked for nothing but by `home`.
 */
export async function withDeclared<T>(
  context: Context,
  paths: string[],
  options: CommonOptions,
  find: (catalog: Catalog) => CatalogResource,
  use: (recovering: Recovering, declared: CatalogResource) => Promise<T>,
): Promise<T | undefined> {
  const done = await withEach(context, paths, options, catalog => [find(catalog)], use);
  return done?.[0];
}

/** The same for several of them. @param width how many at the same time */
export async function withEach<T>(
  context: Context,
  paths: string[],
  options: CommonOptions,
  find: (catalog: Catalog) => CatalogResource[],
  use: (recovering: Recovering, declared: CatalogResource) => Promise<T>,
  width = 1,
): Promise<T[] | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const all = find(catalog);
  const { targets, platform } = catalog;
  const session = await openSession(context, options, {
    targets,
    platform,
    declared: catalog,
    changes: true,
  });
  try {
    const run = runOf(context, session);
    const done: T[] = [];
    const again = asTyped(paths, options);
    const find = vmFinder();
    const one = async (declared: CatalogResource) =>
      use(await recoveringOf(context, session, run, catalog, declared, again, find), declared);
    for await (const result of pipelined(all, width, one)) done.push(result);
    return done;
  } finally {
    await session.close();
  }
}

/**
 * What `use` is given, as manifests say it.
 *
 * @param session one that changes things: it has locks
 * @param again how the next command names the same
 * @param find given when several of them are looked at
 */
export async function recoveringOf(
  context: Context,
  session: Session,
  run: Run,
  catalog: Catalog,
  declared: CatalogResource,
  again = 'PATHS',
  find = vmFinder(),
): Promise<Recovering> {
  const { targets } = catalog;
  const signal = context.io.interrupt;
  const subject = subjectOf(declared, { registry: context.registry, targets, where: run.where });
  const io = writeIo(run, subject, signal, () => {});
  return {
    catalog,
    again,
    find,
    target: subject.target!,
    cloud: await io.client('recovery'),
    prober: networkProber(wayOf(session)),
    clock: session.world.host.clock,
    memory: command => session.world.memory.of(command),
    async alone(use) {
      const target = await identityOf(run, subject.target!);
      const lock = await session.world.locks!.take(
        { target, type: subject.type.name, id: subject.id },
        signal,
      );
      try {
        return await use();
      } finally {
        await lock.release();
      }
    },
    home: async title => (await vsphereOf(title))?.machine(title),
    resting: async title => (await vsphereOf(title))?.resting(title),
    maker: async title => (await vsphereOf(title))?.maker,
    replicate: async title => {
      await session.remember();
      const vm = declaredAs('protected_vm', title)(catalog);
      await openMemoryOf(run, context.registry.types.get(vm.type)!);
      return (await moveDeclared(context, session, run, targets, vm, async () => ({})))!;
    },
    async repository(property) {
      const ref = repositoryRef(property);
      const found = await (await io.client('repositories')).open(ref, 'read');
      if (found) return found;
      throw new Failure(
        world('repository-not-found', `there is no repository at ${ref.url.written}`, {
          hint: 'the first replication of a protected_vm makes it',
        }),
      );
    },
  };

  /** The vCenter of the VM that a `protected_vm` of this title is; undefined where none is declared. */
  async function vsphereOf(title: string) {
    const vm = catalog.resources.find(
      one =>
        one.type === 'protected_vm' &&
        one.select === undefined &&
        one.title.toLowerCase() === title.toLowerCase(),
    );
    if (!vm) return undefined;
    const there = subjectOf(vm, { registry: context.registry, targets, where: run.where });
    return writeIo(run, there, signal, () => {}).client('vsphere');
  }
}

/** The lab's machines are reached where QEMU forwards their ports. */
const wayOf = ({ lab }: Session): WayTo =>
  lab
    ? async (address, port) =>
        (await lab.command({ do: 'reach', address, port })).data as Awaited<ReturnType<WayTo>>
    : directly;

/** One resource of a type by its title, in any case. Throws a Failure with the nearest there is. */
export function declaredAs(type: string, title: string): (catalog: Catalog) => CatalogResource {
  return ({ resources }) => {
    const all = resources.filter(one => one.type === type);
    const found = all.find(one => one.title.toLowerCase() === title.toLowerCase());
    if (found) return found;
    const hint =
      suggest(
        title,
        all.map(one => one.title),
      ) ?? `the manifests declare no ${type}`;
    throw new Failure(given('not-declared', `no ${type} is called ${title}`, { hint }));
  };
}

export const targetProperties = ({ properties }: CatalogResource): RecoveryTargetProperties =>
  properties as unknown as RecoveryTargetProperties;

/**
 * Where the points of a target lie. One that is to be absent doesn't have to say. @throws Failure
 * `not-declared`
 */
export function repositoryOf(target: CatalogResource): RepositoryProperty {
  const { repository } = targetProperties(target);
  if (repository !== undefined) return repository;
  throw new Failure(
    given('not-declared', `recovery_target:${target.title} is declared absent and names no repository`, {
      hint: 'remove `ensure: absent` to use it',
    }),
  );
}

/** What of a declaration a run needs; a key pair's id has become its name. */
export async function targetMachine(
  target: CatalogResource,
  { groups }: Pick<AwsRecovery, 'groups'>,
  signal?: AbortSignal,
): Promise<TargetMachine> {
  const properties = targetProperties(target);
  const { instance_type, families, fallback, private_address, key_pair } = properties;
  const { tenancy, host_resource_group, license } = properties;
  const pairs = key_pair?.startsWith('key-') ? await groups.keyPairs(signal) : [];
  const pair = pairs.find(({ id }) => id === key_pair)?.name ?? key_pair;
  const shell = shellOf(properties);
  return {
    vm: target.title,
    ...(instance_type !== undefined && { instance_type }),
    ...(families && { families }),
    ...(fallback?.instance_types && { else_types: fallback.instance_types }),
    ...(private_address !== undefined && { private_address }),
    ...(pair !== undefined && { key_pair: pair }),
    ...(tenancy !== undefined && { tenancy }),
    ...(host_resource_group !== undefined && { host_resource_group }),
    ...(license !== undefined && { license }),
    ...(shell !== undefined && { shell }),
    ...(properties.import && { import: properties.import }),
  };
}

/** @throws Failure `vm-not-in-repository` */
export async function pointsOf(
  repository: Repository,
  vm: string,
  find: FindVm = findVm,
): Promise<VmRepository> {
  const found = await find(repository, vm);
  if (found) return found;
  throw new Failure(
    world('vm-not-in-repository', `${repository.store.url} holds no recovery point of ${vm}`, {
      hint: `make one first: \`converge replicate ${vm} PATHS\``,
    }),
  );
}
