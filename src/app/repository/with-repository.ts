import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import { expandSelections } from '../../engine/select/members.ts';
import type { Clock } from '../../io/ports.ts';
import { parseKey, readKey } from '../../replication/format/keys.ts';
import type { KnownRepository, RepositoryRef } from '../../replication/model/clients.ts';
import { findVm } from '../../replication/model/find-vm.ts';
import type { OnDamage, VmRepository } from '../../replication/model/repository.ts';
import { parseRepositoryUrl } from '../../replication/model/repository-url.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { repositoryLost } from '../../resources/shared/lost-repository.ts';
import { repositoryRef } from '../../resources/shared/repository-property.ts';
import type { ProtectedVmProperties } from '../../resources/vsphere/protection.ts';
import type { Context } from '../app-context.ts';
import { awsTarget, storeAt } from '../connect/repositories.ts';
import type { Lab } from '../lab/open-lab.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession, type Session } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { whichRepository } from './which-repository.ts';

/** What a command that only reads works with. */
export interface OpenedRepository {
  repository: OpenRepository;
  ref: RepositoryRef;
  /** The protected VMs that the manifests declare, as they are written. */
  vms: readonly CatalogResource[];
  /** Of the world that the repository is of: a lab has its own. */
  clock: Clock;
  /** What earlier commands from here have seen. */
  known: KnownRepository | undefined;
  /** What was said about where its bucket is. */
  place: { region?: string; endpoint?: string };
  /** The lab that stands for the world, open as long as this is. */
  lab?: Lab;
  /**
   * Remembers the highest generations that were seen, by UUID; where that can't be written, nothing is lost.
   */
  saw(generations: Record<string, number>): Promise<void>;
}

/**
 * Opens the repository that the options or manifests name for as long as `use` runs. Undefined when the
 * manifests have mistakes, which were told.
 */
export async function withRepositoryOpen<T>(
  context: Context,
  options: RepositoryOptions & CommonOptions,
  vm: string | undefined,
  use: (opened: OpenedRepository) => Promise<T>,
): Promise<T | undefined> {
  const { openRepository } = await import('../../replication/repository/open-repository.ts');
  const which = await whichRepository(context, options, vm);
  if (!which) return undefined;
  const { ref, targets, isAwsDeclared, vms } = which;
  const { host } = context.io;
  const own = options.key === undefined ? undefined : await readKey(options.key, host);
  const session = await openSession(context, options, { targets, labMustExist: true });
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const { world: ports, reach } = session;
    const { known } = reach;
    const key = own ?? (ref.key && parseKey(await ports.secret(ref.key), ref.key.$secret));
    const store = await storeAt(ref.url, ref.target, reach, closing);
    const before = await known.at(ref.url);
    const repository = await openRepository(store, { key, random: host.random }).catch((error: unknown) => {
      // Nobody is sent to begin anew what was there.
      const lost = isMissing(error) ? repositoryLost(ref, before, undefined) : undefined;
      throw lost ? new Failure([lost], { cause: error }) : error;
    });
    return await use({
      repository,
      ref,
      vms,
      clock: ports.host.clock,
      place: placeOf(ref, targets),
      ...(session.lab && { lab: session.lab }),
      known: before?.id === repository.id ? before : undefined,
      saw: generations => known.note(ref, { id: repository.id, generations }).catch(() => {}),
    });
  } catch (error) {
    throw isAwsDeclared ? error : withoutTarget(error);
  } finally {
    for (const close of closing) await close();
    await session.close();
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Failure && error.hasOnly('repository-not-found');

/** Of a bucket: what its target, or the command line, says about where it is. */
function placeOf({ url, target }: RepositoryRef, targets: CatalogTarget[]): OpenedRepository['place'] {
  if (url.kind !== 's3') return {};
  const said = awsTarget(url.written, target, targets)?.properties ?? {};
  const text = (name: 'region' | 'endpoint') =>
    typeof said[name] === 'string' ? { [name]: said[name] } : {};
  return { ...text('region'), ...text('endpoint') };
}

/** Nobody declared a target that could be corrected: the options of the command take its place. */
function withoutTarget(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const hints: Record<string, string> = {
    'aws-no-credentials':
      'Give --profile, or AWS_PROFILE or AWS_ACCESS_KEY_ID in the environment, or name the manifests.',
    'aws-credentials-expired': 'Sign in again, or give --profile.',
    'aws-wrong-credentials': 'Check the keys in the environment, or give --profile.',
    'aws-unreachable': 'Check the network, and --region, --endpoint or what the environment says about them.',
    'bucket-not-found': 'Check its name, and --region or --endpoint.',
  };
  const hintOf = ({ code, hint }: Diagnostic) => {
    const region = code === 'aws-wrong-region' ? /region: ([\w-]+)/.exec(hint ?? '')?.[1] : undefined;
    if (code === 'aws-wrong-region')
      return `Give --region${region === undefined ? '' : ` ${region}`}, or name the manifests.`;
    return hints[code] ?? hint;
  };
  return new Failure(
    error.diagnostics.map(one => {
      const hint = hintOf(one);
      return {
        ...one,
        message: one.message.replace('but the aws target says', 'and not in'),
        ...(hint !== undefined && { hint }),
      };
    }),
    { cause: error },
  );
}

/**
 * The same, with one VM by name or UUID, or with all. What is damaged and not needed is a warning: what
 * is whole is still served. Throws a Failure with the names there are.
 */
export function withVms<T>(
  context: Context,
  options: RepositoryOptions & CommonOptions,
  name: string | undefined,
  use: (opened: OpenedRepository, vms: VmRepository[], onDamage: OnDamage) => Promise<T>,
): Promise<T | undefined> {
  const onDamage = warnings(context);
  return withRepositoryOpen(context, options, name, async opened => {
    const { repository } = opened;
    if (name !== undefined) return use(opened, [await vmNamed(repository, name, onDamage)], onDamage);
    const all = await repository.enrolled(onDamage);
    return use(
      opened,
      all.map(uuid => repository.vm(uuid)),
      onDamage,
    );
  });
}

/** Shows each damage as a warning, once however often it is met. */
function warnings(context: Context): OnDamage {
  const said = new Set<string>();
  return ({ diagnostics }) => {
    const fresh = diagnostics.filter(({ message }) => !said.has(message));
    for (const { message } of fresh) said.add(message);
    context.reporter.diagnostics(fresh.map(diagnostic => ({ ...diagnostic, severity: 'warning' })));
  };
}

/**
 * One VM by name or UUID; `onDamage` as in `findVm`. Throws a Failure with the nearest of the names there
 * are.
 */
export async function vmNamed(
  repository: OpenRepository,
  name: string,
  onDamage?: OnDamage,
): Promise<VmRepository> {
  const found = await findVm(repository, name, onDamage);
  if (found) return found;
  const names = (await repository.vms(onDamage)).map(vm => vm.name);
  const hint = suggest(name, names) ?? 'the repository holds no VM yet';
  throw new Failure(
    world('vm-not-in-repository', `${repository.store.url} holds no recovery point of ${name}`, { hint }),
  );
}

/** A repository that manifests name, and the VMs that are declared with it. */
export interface DeclaredRepository {
  session: Session;
  ref: RepositoryRef;
  vms: CatalogResource[];
  /** What is done before the session ends. */
  closing: (() => Promise<void> | void)[];
  /**
   * UUID of a VM by its name or UUID; null where this repository doesn't hold it: one after it may. Whether
   * any did is seen when all were asked.
   */
  only(name: string, repository: OpenRepository): Promise<string | null>;
}

/**
 * What `use` gives for each repository that protected VMs of the manifests name, one after the other, or for
 * the one that `--repository` says; undefined leaves one out. Undefined when the manifests have mistakes,
 * which were told. A repository where `use` fails keeps none of the others from it.
 *
 * @throws Failure `repository-not-declared` (given), `vm-not-in-repository` where a VM was asked for, and at
 *   the end what `use` failed with, of all repositories
 */
export async function inEachRepository<T>(
  context: Context,
  paths: string[],
  options: CommonOptions & { repository?: string },
  use: (declared: DeclaredRepository) => Promise<T | undefined>,
): Promise<T[] | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  const session = await openSession(context, options, { targets, platform, labMustExist: true });
  const closing: DeclaredRepository['closing'] = [];
  try {
    const { resources, diagnostics } = await expandSelections(catalog, runOf(context, session));
    context.reporter.diagnostics([...diagnostics, ...resources.flatMap(({ fault }) => fault ?? [])]);
    const declared = resources.filter(({ type }) => type === 'protected_vm');
    const asked = options.repository === undefined ? undefined : parseRepositoryUrl(options.repository);
    const all = repositoriesOf(declared);
    const meant = all.filter(({ ref }) => !asked || asked.canonical === ref.url.canonical);
    if (asked && meant.length === 0) throw notDeclared(asked.written, all);
    const done: T[] = [];
    const failed: Diagnostic[] = [];
    const looked = lookingFor(context);
    for (const { ref, vms } of meant) {
      try {
        const result = await use({ session, ref, vms, closing, only: looked.only });
        if (result !== undefined) done.push(result);
      } catch (error) {
        if (!(error instanceof Failure) || context.io.interrupt.aborted) throw error;
        failed.push(...error.diagnostics);
      }
    }
    if (failed.length > 0) throw new Failure(failed);
    looked.demandFound();
    return done;
  } finally {
    for (const close of closing) await close();
    await session.close();
  }
}

/** Looks for a VM in one repository after the other. */
function lookingFor(context: Context) {
  let missed: string | undefined;
  let found = false;
  const urls: string[] = [];
  const names: string[] = [];
  const warn = warnings(context);
  return {
    async only(name: string, repository: OpenRepository): Promise<string | null> {
      const vm = await findVm(repository, name, warn);
      if (vm) {
        found = true;
        return vm.uuid;
      }
      missed = name;
      urls.push(repository.store.url);
      names.push(...(await repository.vms(() => {})).map(one => one.name));
      return null;
    },
    /** @throws Failure `vm-not-in-repository` */
    demandFound(): void {
      if (found || missed === undefined) return;
      const hint = suggest(missed, names) ?? 'they hold no VM yet';
      throw new Failure(
        world('vm-not-in-repository', `${urls.join(', ')}: no recovery point of ${missed}`, { hint }),
      );
    },
  };
}

const notDeclared = (written: string, all: readonly { ref: RepositoryRef }[]): Failure =>
  new Failure(
    given('repository-not-declared', `no protected_vm of these manifests is in ${written}`, {
      hint:
        all.length > 0
          ? `they are in ${all.map(({ ref }) => ref.url.written).join(', ')}`
          : 'they declare no protected_vm',
    }),
  );

/** The repositories that protected VMs name, each once, with who may prune it and lengthen locks in it. */
function repositoriesOf(
  declared: readonly CatalogResource[],
): { ref: RepositoryRef; vms: CatalogResource[] }[] {
  const all = new Map<string, { ref: RepositoryRef; vms: CatalogResource[] }>();
  for (const one of declared) {
    const ref = repositoryRef((one.properties as unknown as ProtectedVmProperties).repository);
    const known = all.get(ref.url.canonical);
    if (!known) all.set(ref.url.canonical, { ref, vms: [one] });
    else {
      known.vms.push(one);
      for (const who of ['pruner', 'extender'] as const)
        if (ref[who] !== undefined) known.ref = { ...known.ref, [who]: ref[who] };
    }
  }
  return [...all.values()];
}
