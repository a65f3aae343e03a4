import pLimit from 'p-limit';
import { type Diagnostic, Failure, onceEach, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { expandSelections } from '../../engine/select/members.ts';
import type { Clock } from '../../io/ports.ts';
import type { Track } from '../../operation/attainment.ts';
import { lookAt, seenPoint, withFirsts } from '../../operation/look.ts';
import type { DeclaredVm, SeenRepository, SeenVm, Status } from '../../operation/model.ts';
import { type PlanStatus, planStatusOf } from '../../operation/rehearsals.ts';
import { isDueOf, statusOf } from '../../operation/status.ts';
import { coversIn } from '../../recovery/cover/covers.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { isUnreadable } from '../../replication/model/damage.ts';
import { livesInAws, pausesKnown } from '../../replication/model/pauses.ts';
import type { VmRepository } from '../../replication/model/repository.ts';
import { parseRepositoryUrl } from '../../replication/model/repository-url.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { holdsKnown } from '../../replication/retention/holds.ts';
import { repositoryLost } from '../../resources/shared/lost-repository.ts';
import { openAlertsIn } from '../alerts/noted-alerts.ts';
import type { Context } from '../app-context.ts';
import { makeRepositories } from '../connect/repositories.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { deadOf } from '../repository/stats.ts';
import { noneDeclared } from '../repository/which-repository.ts';
import { withVms } from '../repository/with-repository.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { moversIn } from './movers.ts';
import { plansIn, seenPlan } from './plans.ts';
import { replicasOf } from './replicas.ts';
import { declaredVms, emptySelections } from './site/declared-vms.ts';
import { meantBy } from './site/members.ts';
import { type Opened, type TrackWish, tracksOf } from './tracks.ts';

/** VMs of one repository for which a request more each takes a while. */
const many = 100;

/** VMs that are asked about side by side. */
const inFlight = 32;

export interface StatusOptions extends RepositoryOptions, CommonOptions {
  /** Adds up what each repository holds, which lists all of it. */
  size?: boolean;
  /** Adds up as well what of it nothing needs, which reads the maps of all points. */
  dead?: boolean;
  /** Leaves out when verifications looked, which is a request for each VM; `many`: where there are many. */
  brief?: boolean | 'many';
}

/**
 * How everything stands that is declared, or that a repository holds. Undefined when the manifests have
 * mistakes, which were told. Home is asked for nothing but what VMs a selection means.
 */
export const status = async (context: Context, options: StatusOptions): Promise<Status | undefined> =>
  (await look(context, options))?.status;

/** A status, and how those VMs did that somebody wants to know it of. */
export interface Looked {
  status: Status;
  tracks: Track[];
}

/** The same as `status`, and how VMs did. */
export async function look(
  context: Context,
  options: StatusOptions,
  wish?: TrackWish,
): Promise<Looked | undefined> {
  return (options.paths ?? []).length > 0
    ? declaredStatus(context, options, wish)
    : repositoryStatus(context, options, wish);
}

/** Those that are declared with the repository on the command line, where there is one. */
function within({ declared, refs }: ReturnType<typeof declaredVms>, repository: string | undefined) {
  if (repository === undefined) return { declared, refs };
  const url = parseRepositoryUrl(repository).canonical;
  return {
    declared: declared.filter(one => one.repository === url),
    refs: new Map([...refs].filter(([of]) => of === url)),
  };
}

async function declaredStatus(
  context: Context,
  options: StatusOptions,
  wish: TrackWish | undefined,
): Promise<Looked | undefined> {
  const catalog = await loadCatalog(context, options.paths!, options);
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  const session = await openSession(context, options, { targets, platform });
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const { host } = session.world;
    const repositories = makeRepositories(session.reach, host, closing);
    const expanded = await expandSelections(catalog, runOf(context, session));
    const meant = meantBy(catalog, expanded, session.world.memory.engine);
    const all = declaredVms(meant, emptySelections(catalog, expanded));
    if (all.declared.length === 0 && options.repository === undefined) throw noneDeclared(options.paths!);
    const { declared, refs } = within(all, options.repository);
    // What it holds of others is nobody's by these manifests.
    if (declared.length === 0) return await repositoryStatus(context, options, wish);
    const diagnostics = [...expanded.diagnostics, ...expanded.resources.flatMap(({ fault }) => fault ?? [])];
    const told = (all: readonly Diagnostic[]) => void diagnostics.push(...all);
    const opened = new Map<string, Opened>();
    const isDated = session.lab === undefined;
    const seen = await Promise.all(
      [...refs.values()].map(ref =>
        looked(ref, host.clock, told, async () => {
          const found = (await repositories.open(ref, 'read')) as OpenRepository | undefined;
          const lost = repositoryLost(ref, await repositories.known.at(ref.url), found);
          if (lost) told([lost]);
          if (!found) return undefined;
          const own = declared.filter(({ repository }) => repository === ref.url.canonical);
          const all = await seenIn(found, ref, {
            clock: host.clock,
            declared: own,
            plans: plansIn(catalog.resources, ref),
            told,
            options,
          });
          opened.set(ref.url.canonical, { repository: found, now: all.now, isDated });
          return all;
        }),
      ),
    );
    const { replicas, ...asking } = await replicasOf(context, session, catalog, uuidsIn(seen));
    told(asking.diagnostics);
    const vms = statusOf(declared, seen, replicas);
    const tracks = wish ? await tracksOf(vms, declared, opened, wish, told) : [];
    const at = host.clock.now();
    return {
      status: {
        at,
        vms,
        plans: plansOf(seen, at),
        repositories: seen.map(shown),
        diagnostics: onceEach(diagnostics),
      },
      tracks,
    };
  } finally {
    for (const close of closing) await close();
    await session.close();
  }
}

/** Of one repository, whatever is declared: nobody says how old its points may become. */
const repositoryStatus = (
  context: Context,
  options: StatusOptions,
  wish: TrackWish | undefined,
): Promise<Looked | undefined> =>
  withVms(context, options, undefined, async ({ repository, ref, clock, lab }) => {
    const diagnostics: Diagnostic[] = [];
    const told = (all: readonly Diagnostic[]) => void diagnostics.push(...all);
    const seen = await seenIn(repository, ref, { clock, declared: [], plans: [], told, options });
    const vms = statusOf([], [seen], [], 'nothing');
    const opened = new Map([[ref.url.canonical, { repository, now: seen.now, isDated: lab === undefined }]]);
    const tracks = wish ? await tracksOf(vms, [], opened, wish, told) : [];
    const status = {
      at: clock.now(),
      vms,
      plans: [],
      repositories: [shown(seen)],
      diagnostics: onceEach(diagnostics),
    };
    return { status, tracks };
  });

const plansOf = (seen: readonly SeenRepository[], now: number): PlanStatus[] =>
  seen.flatMap(({ plans }) => plans.map(plan => planStatusOf(plan, now)));

const shown = ({
  url,
  problem,
  bytes,
  dead,
  movers,
  alerts,
}: SeenRepository): Status['repositories'][number] => ({
  url,
  ...(problem !== undefined && { problem }),
  ...(bytes !== undefined && { bytes }),
  ...(dead !== undefined && { dead }),
  ...(movers && movers.length > 0 && { movers }),
  ...(alerts && alerts.length > 0 && { alerts }),
});

/** What can't be reached is said, and every VM in it is unknown. */
async function looked(
  { url }: RepositoryRef,
  clock: Clock,
  told: (all: readonly Diagnostic[]) => void,
  look: () => Promise<SeenRepository | undefined>,
): Promise<SeenRepository> {
  const empty = { url: url.canonical, now: clock.now(), vms: [], pauses: [], plans: [] };
  try {
    return (await look()) ?? { ...empty, problem: 'no-repository' };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    told(error.diagnostics);
    return { ...empty, problem: 'repository-unreachable' };
  }
}

interface Asking {
  clock: Clock;
  declared: readonly DeclaredVm[];
  plans: readonly CatalogResource[];
  told(all: readonly Diagnostic[]): void;
  options: Pick<StatusOptions, 'size' | 'dead' | 'brief'>;
}

async function seenIn(
  repository: OpenRepository,
  { url }: RepositoryRef,
  { clock, declared, plans, told, options }: Asking,
): Promise<SeenRepository> {
  const { store } = repository;
  const onDamage = ({ diagnostics }: Failure) => told(diagnostics);
  const pauses = await pausesKnown(repository, onDamage);
  const livesThere = pauses.some(livesInAws);
  const covers = livesThere ? await coversIn(repository, onDamage) : [];
  const holds = await holdsKnown(repository, onDamage);
  const rehearsed = await Promise.all(plans.map(plan => seenPlan(repository, plan, onDamage)));
  // After an answer of the store, which tells its clock.
  const now = clock.now() + (store.clockAhead?.() ?? 0);
  const isDue = isDueOf(declared, now);
  const limit = pLimit(inFlight);
  const looked = await withFirsts(repository, await lookAt(repository, onDamage, isDue), onDamage);
  const isBrief = options.brief === 'many' ? looked.length > many : (options.brief ?? false);
  const vms = await Promise.all(
    looked.map(vm => limit(() => checked(repository.vm(vm.uuid), vm, told, isBrief))),
  );
  const [movers, alerts] = await Promise.all([
    readable([], told, () => moversIn(repository, clock.now(), onDamage)),
    readable([], told, () => openAlertsIn(repository.board)),
  ]);
  const bytes = options.size ? await sizeOf(repository) : undefined;
  const dead = options.dead ? await deadIn(repository, looked, now, told) : undefined;
  return {
    url: url.canonical,
    now,
    vms,
    covers,
    pauses,
    holds: holds.filter(({ until }) => until > now),
    plans: rehearsed,
    movers,
    alerts,
    ...(bytes !== undefined && { bytes }),
    ...(dead !== undefined && { dead }),
  };
}

/**
 * The VM with what verifications have noted down of it. That its newest point isn't whole is told, and the
 * newest that can be restored counts: no RPO is kept by a point that nobody can use.
 */
async function checked(
  vm: VmRepository,
  seen: SeenVm,
  told: (all: readonly Diagnostic[]) => void,
  isBrief: boolean,
): Promise<SeenVm> {
  const { name, newest, ...rest } = seen;
  const [looks, broken] = await Promise.all([
    isBrief ? undefined : vm.checked(),
    vm.broken(({ diagnostics }) => told(diagnostics.map(one => ({ ...one, severity: 'warning' })))),
  ]);
  const verified = looks && { verified: looks };
  if (!newest || !broken.some(({ id }) => id === newest.id)) return { ...seen, ...verified };
  told([newestBroken(name ?? vm.uuid, newest.id)]);
  const lost = new Set(broken.map(({ id }) => id));
  const whole = (await vm.points(() => {})).findLast(({ id }) => !lost.has(id));
  const known = {
    ...rest,
    ...(name !== undefined && { name }),
    ...verified,
    broken: true,
    damaged: true,
  } as const;
  return { ...known, ...(whole && { newest: seenPoint(whole) }) };
}

const newestBroken = (name: string, id: string): Diagnostic => ({
  ...world('points-broken', own`${name}: its newest recovery point can't be restored: ${id}`, {
    hint: own`the next cycle stores again what the VM still has; \`converge verify\` names what is damaged, and \`converge points ${name} PATHS\` the points that are whole`,
  }),
  severity: 'warning',
});

/** A note that is damaged keeps nothing else from being seen. */
async function readable<T>(
  otherwise: T,
  told: (all: readonly Diagnostic[]) => void,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    told(error.diagnostics);
    return otherwise;
  }
}

/** Bytes that nothing needs; undefined, which is told: of one VM it can't be said. */
async function deadIn(
  repository: OpenRepository,
  vms: readonly SeenVm[],
  now: number,
  told: (all: readonly Diagnostic[]) => void,
): Promise<number | undefined> {
  try {
    return await deadOf(repository, vms, now);
  } catch (error) {
    // Whatever keeps it from being added up, all else is known.
    if (!(error instanceof Failure)) throw error;
    told(error.diagnostics.map(one => ({ ...one, severity: 'warning' })));
    return undefined;
  }
}

async function sizeOf({ store }: OpenRepository): Promise<number> {
  let total = 0;
  for await (const { size } of store.list('')) total += size;
  return total;
}

const uuidsIn = (seen: readonly SeenRepository[]): Map<string, string> =>
  new Map(seen.flatMap(({ vms }) => vms.map(({ name = '', uuid }) => [name.toLowerCase(), uuid] as const)));
