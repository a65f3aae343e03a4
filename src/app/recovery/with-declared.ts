import type { AwsRecovery } from '../../aws/recovery/cloud.ts';
import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { writeIo } from '../../engine/call/make-io.ts';
import type { Catalog, CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import type { Run } from '../../engine/model/run.ts';
import { subjectOf } from '../../engine/model/subject.ts';
import { identityOf } from '../../engine/model/targets.ts';
import type { Clock } from '../../io/ports.ts';
import type { Prober } from '../../recovery/model/probes.ts';
import { directly, networkProber, type WayTo } from '../../recovery/prober/prober.ts';
import { findVm } from '../../replication/model/newest-point.ts';
import type { Repository, VmRepository } from '../../replication/model/repository.ts';
import type { RecoveryTargetProperties } from '../../resources/aws/recovery_target.ts';
import { type RepositoryProperty, repositoryRef } from '../../resources/shared/repository-property.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession, type Session } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';

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
  /**
   * Runs while no other process of this machine changes the same resource, or builds its replica.
   * @throws Failure `locked`, blocked
   */
  alone<T>(use: () => Promise<T>): Promise<T>;
  /** @throws Failure `repository-not-found` */
  repository(property: RepositoryProperty): Promise<Repository>;
}

/**
 * Compiles manifests and connects to the target of one declared resource for as long as `use` runs. Undefined when the
 * manifests have mistakes, which were told. No vSphere connection is opened.
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

/** The same for several of them, one after the other. */
export async function withEach<T>(
  context: Context,
  paths: string[],
  options: CommonOptions,
  find: (catalog: Catalog) => CatalogResource[],
  use: (recovering: Recovering, declared: CatalogResource) => Promise<T>,
): Promise<T[] | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const all = find(catalog);
  const { targets, platform } = catalog;
  const session = await openSession(context, options, { targets, platform, changes: true });
  try {
    const run = runOf(context, session);
    const done: T[] = [];
    for (const declared of all)
      done.push(await use(await recoveringOf(context, session, run, catalog, declared), declared));
    return done;
  } finally {
    await session.close();
  }
}

async function recoveringOf(
  context: Context,
  session: Session,
  run: Run,
  catalog: Catalog,
  declared: CatalogResource,
): Promise<Recovering> {
  const { targets } = catalog;
  const signal = context.io.interrupt;
  const subject = subjectOf(declared, { registry: context.registry, targets, where: run.where });
  const io = writeIo(run, subject, signal, () => {});
  return {
    catalog,
    target: subject.target!,
    cloud: await io.client('recovery'),
    prober: networkProber(wayOf(session)),
    clock: session.world.host.clock,
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
    async repository(property) {
      const ref = repositoryRef(property);
      const found = await (await io.client('repositories')).open(ref, 'read');
      if (found) return found;
      throw new Failure(
        world('repository-not-found', `there is no repository at ${ref.url}`, {
          hint: 'the first replication of a protected_vm makes it',
        }),
      );
    },
  };
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

/** @throws Failure `vm-not-in-repository` */
export async function pointsOf(repository: Repository, vm: string): Promise<VmRepository> {
  const found = await findVm(repository, vm);
  if (found) return found;
  throw new Failure(
    world('vm-not-in-repository', `${repository.store.url} holds no recovery point of ${vm}`, {
      hint: `make one first: \`converge replicate ${vm} PATHS\``,
    }),
  );
}
