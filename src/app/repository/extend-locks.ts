import { Failure, failedWith, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { parseKey, readKey } from '../../replication/format/keys.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { type LockPolicy, lockPolicyOf } from '../../replication/model/object-lock.ts';
import type { LockPlan } from '../../replication/prune/extend-locks.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { vmContext } from '../../replication/repository/vm.ts';
import { heldUntil, holdsKnown } from '../../replication/retention/holds.ts';
import { pinsKnown } from '../../replication/retention/pins.ts';
import type { Context } from '../app-context.ts';
import { storeAt } from '../connect/repositories.ts';
import type { CommonOptions } from '../options.ts';
import type { Session } from '../session/open-session.ts';
import { ruleIn } from './prune.ts';
import { type DeclaredRepository, inEachRepository } from './with-repository.ts';

export interface ExtendOptions extends CommonOptions {
  paths: string[];
  repository?: string;
  key?: string;
  vm?: string;
  /** Say what would be done. */
  noop?: boolean;
  /** Look though it isn't time. */
  force?: boolean;
}

export interface ExtendedVm {
  uuid: string;
  name?: string;
  plan: Omit<LockPlan, 'known' | 'etag'>;
  /** Undefined: only said. */
  extended?: number;
}

export interface Extended {
  url: string;
  /** By the store's clock, ms since the epoch. */
  at: number;
  lock: LockPolicy;
  vms: ExtendedVm[];
  /** Of which it can't be told what their points need. */
  untouched: { uuid: string; name: string | undefined; why: Failure }[];
}

/** Told before locks of a VM are lengthened. */
export type OnPlan = (vm: ExtendedVm) => void;

/**
 * Lengthens locks of what recovery points need, in every repository of the manifests that declares `lock`.
 * Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `no-extender`, `locks-raced`
 */
export async function extendLocksOf(
  context: Context,
  options: ExtendOptions,
  onPlan: OnPlan,
): Promise<Extended[] | undefined> {
  let isLocked = false;
  const all = await inEachRepository(
    context,
    options.paths,
    options,
    async ({ session, ref, vms, closing, only }) => {
      if (!ref.lock) return undefined;
      isLocked = true;
      const repository = await openToExtend(context, session, ref, options, closing);
      const now = session.world.host.clock.now() + (repository.store.clockAhead?.() ?? 0);
      return extendOne(context, repository, { ref, vms, now, options, onPlan, only });
    },
  );
  if (all && !isLocked) throw nothingLocked();
  return all;
}

interface One {
  ref: RepositoryRef;
  vms: readonly CatalogResource[];
  now: number;
  options: ExtendOptions;
  onPlan: OnPlan;
  only: DeclaredRepository['only'];
}

async function extendOne(
  context: Context,
  repository: OpenRepository,
  { ref, vms, now, options, onPlan, only: find }: One,
): Promise<Extended | undefined> {
  const { extendLocks } = await import('../../replication/prune/extend-locks.ts');
  const lock = lockPolicyOf(ref.lock!);
  const signal = context.io.interrupt;
  const warn = ({ diagnostics }: Failure) =>
    context.reporter.diagnostics(diagnostics.map(one => ({ ...one, severity: 'warning' as const })));
  const only = options.vm === undefined ? undefined : await find(options.vm, repository);
  if (only === null) return undefined;
  const done: ExtendedVm[] = [];
  const untouched: Extended['untouched'] = [];
  for (const uuid of only === undefined ? await repository.enrolled(warn) : [only]) {
    try {
      const {
        name,
        plan,
        context: of,
      } = await planOf(repository, uuid, {
        ...{ vms, lock, now, signal, force: options.force ?? false },
      });
      const { known: _, etag: __, ...said } = plan;
      const one: ExtendedVm = { uuid, ...(name !== undefined && { name }), plan: said };
      onPlan(one);
      if (!options.noop) one.extended = await extendLocks(of, plan, { now, step: async () => {}, signal });
      done.push(one);
    } catch (error) {
      if (!(error instanceof Failure) || !failedWith(error, 'prune-doubt')) throw error;
      warn(error);
      const name = (await repository.vm(uuid).newest(() => {}))?.vm.name;
      untouched.push({ uuid, name, why: error });
    }
  }
  return { url: ref.url.canonical, at: now, lock, vms: done, untouched };
}

/** What the locks of one VM are, by the retention that manifests declare of it. */
export async function planOf(
  repository: OpenRepository,
  uuid: string,
  {
    vms,
    lock,
    now,
    signal,
    ...how
  }: {
    vms: readonly CatalogResource[];
    lock: LockPolicy;
    now: number;
    signal: AbortSignal;
    force?: boolean;
    ask?: boolean;
  },
) {
  const { planLocks } = await import('../../replication/prune/extend-locks.ts');
  const vm = repository.vm(uuid);
  const context = vmContext(repository.context, uuid);
  const name = (await vm.newest(() => {}))?.vm.name;
  // What nobody can tell of is kept.
  let isDoubtful = false;
  const doubt = () => {
    isDoubtful = true;
  };
  const pins = Map.groupBy(
    (await pinsKnown(repository, doubt)).filter(({ vm: whose }) => whose === uuid),
    ({ point }) => point,
  );
  const held = heldUntil(await holdsKnown(repository, doubt), uuid, now) !== undefined || isDoubtful;
  const plan = await planLocks(context, vm, {
    ...{ lock, now, held, signal, ...how, policy: ruleIn(vms, { uuid, name })?.retention },
    pins: async () => new Map([...pins].map(([point, all]) => [point, all.map(({ holder }) => holder)])),
    step: async () => {},
  });
  return { name, plan, context };
}

async function openToExtend(
  { io: { host } }: Context,
  { world: ports, reach }: Session,
  ref: RepositoryRef,
  options: ExtendOptions,
  closing: (() => Promise<void> | void)[],
): Promise<OpenRepository> {
  const { openRepository } = await import('../../replication/repository/open-repository.ts');
  if (ref.extender === undefined || ref.extender === ref.target) throw noExtender(ref);
  const store = await storeAt(ref.url, ref.extender, reach, closing);
  const said = options.key === undefined ? undefined : await readKey(options.key, host);
  const key = said ?? (ref.key && parseKey(await ports.secret(ref.key), ref.key.$secret));
  return openRepository(store, { key, random: host.random });
}

const noExtender = ({ url }: RepositoryRef): Failure =>
  new Failure(
    given('no-extender', `${url.written}: nothing says with which credentials locks may be lengthened`, {
      hint: own`declare an aws target of its own and name it beside \`lock\`: \`extender: NAME\`; its rights are in policies/extender.json`,
    }),
  );

const nothingLocked = (): Failure =>
  new Failure(
    world('nothing-to-extend', 'no repository of these manifests locks what is written to it', {
      hint: own`add \`lock: { mode: governance, for: 30d }\` to it`,
    }),
  );
