import { Failure, failedWith, given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import type { Clock } from '../../io/ports.ts';
import { parseKey, readKey } from '../../replication/format/keys.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { lockFrom, lockPolicyOf } from '../../replication/model/object-lock.ts';
import type { OnDamage } from '../../replication/model/repository.ts';
import type { PrunedVm, PruneOptions, Rule } from '../../replication/prune/prune-repository.ts';
import { forgetNotes } from '../../replication/repository/forget-notes.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { type Retention, retentionOf } from '../../replication/retention/policy.ts';
import type { ProtectedVmProperties } from '../../resources/vsphere/protection.ts';
import type { Context } from '../app-context.ts';
import { storeAt } from '../connect/repositories.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import type { Session } from '../session/open-session.ts';
import { inEachRepository, vmNamed, withRepositoryOpen } from './with-repository.ts';

export interface PruneCommandOptions extends RepositoryOptions, CommonOptions {
  vm?: string;
  /** `all=24h,daily=30d`, in the place of what manifests say. */
  retention?: string;
  /** Tell what would be done. */
  noop?: boolean;
  /** Milliseconds from the mark to the removal. */
  grace?: number;
  /** What counts in the place of what the manifests say now: an agent holds on to what protects more. */
  declared?: readonly CatalogResource[];
  /** Bytes of blocks that are moved at most out of packs of which less than half is needed; 0: none. */
  compact?: number;
  /** Told what was done in a repository, whatever comes of those after it. */
  onPruned?(one: Pruned): void;
}

/** Bytes moved by one run at most: read once, written once. */
export const COMPACT = 4 * 2 ** 30;

export interface Pruned {
  url: string;
  /** By the store's clock, ms since the epoch. */
  at: number;
  vms: PrunedVm[];
  /** Of which it can't be told what their points need. */
  untouched: { uuid: string; name: string | undefined; why: Failure }[];
}

type RuleOf = PruneOptions['ruleOf'];

/**
 * Removes what no retention policy keeps, from every repository that the manifests name or from the one on
 * the command line. Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `no-pruner`, `mover-can-delete`, `bad-retention` (given)
 */
export async function prune(context: Context, options: PruneCommandOptions): Promise<Pruned[] | undefined> {
  const said = options.retention === undefined ? undefined : parseRetention(options.retention);
  const warn = warnings(context);
  if ((options.paths ?? []).length === 0) {
    const one = await withRepositoryOpen(context, options, options.vm, async ({ repository, ref, clock }) =>
      pruneOne(context, repository, ref, clock, {
        ...{ options, warn, ruleOf: () => said && forced(said) },
        only: async (name, of) => (await vmNamed(of, name, warn)).uuid,
      }),
    );
    return one && [one];
  }
  return inEachRepository(context, options.paths!, options, async ({ session, ref, vms, closing, only }) => {
    const repository = await openToPrune(context, session, ref, options, closing);
    const ruleOf: RuleOf = vm => (said ? forced(said) : ruleIn(options.declared ?? vms, vm));
    const { clock } = session.world.host;
    const one = await pruneOne(context, repository, ref, clock, { options, ruleOf, warn, only });
    if (one) options.onPruned?.(one);
    return one;
  });
}

interface Asked {
  options: PruneCommandOptions;
  ruleOf: RuleOf;
  warn: OnDamage;
  /** UUID of the one VM that was asked for; null: another repository may hold it. */
  only(name: string, repository: OpenRepository): Promise<string | null>;
}

async function pruneOne(
  context: Context,
  repository: OpenRepository,
  { url }: RepositoryRef,
  clock: Clock,
  { options, ruleOf, warn, only }: Asked,
): Promise<Pruned | undefined> {
  const { pruneRepository } = await import('../../replication/prune/prune-repository.ts');
  const { GRACE } = await import('../../replication/prune/work.ts');
  const vm = options.vm === undefined ? undefined : await only(options.vm, repository);
  if (vm === null) return undefined;
  const untouched: Pruned['untouched'] = [];
  const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
  const vms = await pruneRepository(repository, {
    compacting: { clock, bytes: options.compact ?? COMPACT },
    ...{ ruleOf, now, dry: options.noop ?? false, grace: options.grace ?? GRACE, onDamage: warn },
    onUntouched(one, why) {
      warn(why);
      untouched.push({ ...one, why });
    },
    ...(vm !== undefined && { vm }),
    step: async () => {},
    signal: context.io.interrupt,
  });
  if (!options.noop && vm === undefined) await forgetNotes(repository.board, now);
  for (const one of vms) {
    if (one.doubt) warn(one.doubt);
    context.reporter.diagnostics(one.warnings);
  }
  return { url: url.canonical, at: now, vms, untouched };
}

/**
 * With the pruner's own target: deleting is its right alone. The credentials of a cycle must not have it, and
 * this process may not hold any that do.
 */
async function openToPrune(
  { io: { host } }: Context,
  { world, reach, lab }: Session,
  ref: RepositoryRef,
  options: PruneCommandOptions,
  closing: (() => Promise<void> | void)[],
): Promise<OpenRepository> {
  const { openRepository } = await import('../../replication/repository/open-repository.ts');
  if (ref.url.kind === 's3') {
    if (ref.pruner === undefined || ref.pruner === ref.target) throw noPruner(ref);
    // Every target of a lab is the one account that it has.
    if (!lab && (await mayDelete(await storeAt(ref.url, ref.target, reach, closing))))
      throw moverCanDelete(ref);
  }
  const store = await storeAt(ref.url, ref.url.kind === 's3' ? ref.pruner : ref.target, reach, closing);
  const own = options.key === undefined ? undefined : await readKey(options.key, host);
  const key = own ?? (ref.key && parseKey(await world.secret(ref.key), ref.key.$secret));
  // What compaction writes anew is needed by points that are locked, and takes the place of packs that were.
  const locking = ref.lock && lockPolicyOf(ref.lock);
  const now = () => world.host.clock.now() + (store.clockAhead?.() ?? 0);
  return openRepository(store, {
    ...{ key, random: host.random },
    ...(locking && { lock: () => lockFrom(locking, now()) }),
  });
}

/** Nothing is there under that name, and nothing of ours ever is. */
const PROBE = 'removed/~probe';

/** Whether these credentials delete what they are told to. */
export async function mayDelete(store: { remove(key: string): Promise<void> }): Promise<boolean> {
  try {
    await store.remove(PROBE);
    return true;
  } catch (error) {
    if (failedWith(error, 'aws-access-denied')) return false;
    throw error;
  }
}

const forced = (retention: Retention) => ({ retention, isForced: true });

/** What is declared of a VM's points, by its UUID or name; undefined: these manifests don't speak of it. */
export function ruleIn(
  vms: readonly CatalogResource[],
  { uuid, name }: { uuid: string; name: string | undefined },
): Rule | undefined {
  const names = [uuid.toLowerCase(), name?.toLowerCase()];
  const found = vms.find(({ title, select }) => select === undefined && names.includes(title.toLowerCase()));
  if (!found) return undefined;
  const { retention } = found.properties as Partial<ProtectedVmProperties>;
  return { retention: retention && retentionOf(retention) };
}

function parseRetention(text: string): Retention {
  try {
    const said = new Map<string, string>();
    for (const part of text.split(',')) {
      const [, rule, span] = /^\s*([a-z]+)=(.+)$/.exec(part) ?? [];
      if (rule === undefined || span === undefined || said.has(rule)) throw new RangeError(part);
      said.set(rule, span);
    }
    return retentionOf(Object.fromEntries(said));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(
      given(
        'bad-retention',
        `--retention ${text}: \`${error.message}\` isn't a rule with a duration, or says it twice`,
        {
          hint: 'write it like all=24h,hourly=3d,daily=30d,monthly=1y',
        },
      ),
    );
  }
}

const noPruner = ({ url }: RepositoryRef): Failure =>
  new Failure(
    given('no-pruner', `${url.written}: nothing says with which credentials it may be pruned`, {
      hint: `declare an aws target of its own and name it: { url: ${url.written}, pruner: NAME }`,
    }),
  );

const moverCanDelete = ({ url, target = 'aws' }: RepositoryRef): Failure =>
  new Failure(
    given('mover-can-delete', own`the credentials of the target ${target} may delete in ${url.written}`, {
      hint: own`give it the rights in policies/writer.json, so that whoever steals them can't delete; or prune where no cycle runs, with --repository and the pruner's own credentials`,
    }),
  );

/** Each of them once, as a warning. */
function warnings(context: Context): OnDamage {
  const said = new Set<string>();
  return ({ diagnostics }) => {
    const fresh = diagnostics.filter(({ message }) => !said.has(message));
    for (const { message } of fresh) said.add(message);
    context.reporter.diagnostics(fresh.map(one => ({ ...one, severity: 'warning' })));
  };
}
