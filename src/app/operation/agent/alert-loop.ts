import pLimit from 'p-limit';
import { type Diagnostic, Failure, onceEach, world } from '../../../diagnostics/diagnostic.ts';
import { isSecretRef, type Json, type SecretRef } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { hasPassed } from '../../../io/until.ts';
import type { Alert, Condition, RoutePolicy } from '../../../operation/alerts/model.ts';
import { conditionsOf, judgeOf } from '../../../operation/alerts/rules.ts';
import { digestOf, messageOf } from '../../../operation/alerts/words.ts';
import { lookAtVm } from '../../../operation/look.ts';
import type { SeenReplica, SeenRepository, VmStatus } from '../../../operation/model.ts';
import { type PlanStatus, planStatusOf } from '../../../operation/rehearsals.ts';
import { isBreached, statusOf } from '../../../operation/status.ts';
import type { BoardStore } from '../../../replication/model/repository.ts';
import type { OpenRepository } from '../../../replication/repository/open-repository.ts';
import { alertTurn, type Keeper, keeperOf } from '../../alerts/alert-turn.ts';
import { policyOf, type Route, routesIn } from '../../alerts/routes.ts';
import { tell } from '../../alerts/tell.ts';
import type { Context } from '../../app-context.ts';
import { refOfPlan, seenPlan } from '../plans.ts';
import { replicasOf } from '../replicas.ts';
import type { Site, View } from '../site/site.ts';
import { asideIn } from './aside.ts';
import type { Concerns } from './concerns.ts';
import { Heartbeats } from './heartbeats.ts';

/** What the agent that looks knows besides. */
export interface Watched {
  site(): Site;
  concerns: Concerns;
  /** Of the state folder, as it was last opened. */
  memory(): Pick<EngineMemory, 'get' | 'set'>;
}

/** Who looks. */
export interface Sight {
  id: string;
  /** Whose place that one has taken. */
  before?: string | undefined;
}

/** What went wrong in a turn. */
export interface Turn {
  /** Could not be read. */
  unseen: Diagnostic[];
  /** Could not be told, by routes of which that wasn't said before. */
  undelivered: Diagnostic[];
}

/** Between two turns, ms: whoever is to know does within a minute, whatever a turn takes. */
export const alertsEvery = 20_000;

/** A VM that is breached is read again so long after the last time at the earliest, ms. */
const readAgain = 5 * 60_000;
/** Between two looks at replicas and recovery plans, ms. */
const recoveryEvery = 10 * 60_000;
/** VMs that are read side by side. */
const inFlight = 32;

/**
 * Computes how everything stands and tells whoever is to know, a turn at a time. It goes by what was seen in
 * the repositories, not by the cycles, which may hang; only VMs whose deadline has passed are read again.
 */
export class AlertLoop {
  readonly #context: Context;
  readonly #watched: Watched;
  readonly #by: Sight;
  readonly #keepers = new Map<string, Keeper>();
  readonly #readAt = new Map<string, number>();
  /** By key of an alert: when another mover last saw it no more, as far as that was looked into. */
  readonly #doubts = new Map<string, number>();
  /** VMs, by name, that another mover sees otherwise. */
  readonly #doubted = new Set<string>();
  readonly #heartbeats: Heartbeats;
  /** What was last seen of what recovers VMs, and when somebody began to look. */
  #recovery: { replicas: SeenReplica[]; plans: PlanStatus[] } = { replicas: [], plans: [] };
  #recoveryAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** What could not be read since the last turn ended. */
  #diagnostics: Diagnostic[] = [];
  /** What could not be told since then, and wasn't said before. */
  #undelivered: Diagnostic[] = [];
  /** Whose secrets were read. */
  #readFor: Site | undefined;
  #reading: Promise<void> | undefined;
  /** Why routes don't deliver, as it was said; by title. */
  readonly #failing = new Map<string, string>();

  constructor(context: Context, watched: Watched, by: Sight) {
    this.#context = context;
    this.#watched = watched;
    this.#by = by;
    this.#heartbeats = new Heartbeats(context.io.interrupt, watched.concerns);
  }

  async turn(): Promise<Turn> {
    const site = this.#watched.site();
    const { clock } = site.session.world.host;
    const now = clock.now();
    const { concerns } = this.#watched;
    concerns.declared(
      site.declared.map(({ title }) => title),
      site.views,
      !site.declared.some(({ unlisted }) => unlisted),
    );
    const routes = routesIn(site.catalog);
    // Beside the turns: a store of secrets that doesn't answer keeps nobody from hearing what is wrong.
    if (this.#readFor !== site) {
      this.#readFor = site;
      this.#reading = this.#noting(() => this.#readSecrets(site, routes));
    }
    this.#heartbeats.declared(routes);
    if (routes.length === 0) return { unseen: [], undelivered: [] };
    const statuses = await this.#statuses(site, now);
    const ahead = new Map(
      [...site.views].flatMap(([url, { repository }]) => {
        const ms = repository?.store.clockAhead?.() ?? 0;
        return ms === 0 ? [] : [[url, ms] as const];
      }),
    );
    for (const { vm, repository, newest } of statuses)
      if (newest) concerns.seenPoint(vm, newest.time - (ahead.get(repository) ?? 0));
    const { failing, declaredSince, seen } = concerns;
    const { plans } = this.#recovery;
    const known = { failing, declaredSince, seen, ahead, plans, own: concerns.all() };
    const conditions = conditionsOf(statuses, known, now);
    const told = Map.groupBy(
      routes.filter(({ properties }) => !properties.heartbeat),
      ({ ref }) => ref.url.canonical,
    );
    await Promise.all([
      ...[...told].map(([url, its]) => this.#tellAll(site, url, its, conditions, statuses)),
      this.#heartbeats.beat(site, routes, statuses, now).then(tried => this.#tried(tried)),
    ]);
    for (const title of this.#failing.keys())
      if (!routes.some(route => route.title === title)) this.#failing.delete(title);
    return { unseen: onceEach(this.#diagnostics.splice(0)), undelivered: this.#undelivered.splice(0) };
  }

  /** Before the first message: whoever is to hear that something is wrong would hear nothing. */
  async #readSecrets(site: Site, routes: readonly Route[]): Promise<void> {
    for (const { title, properties } of routes)
      for (const secret of secretsIn(properties as unknown as Json))
        try {
          await site.session.world.secret(secret);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          this.#diagnostics.push(
            ...error.diagnostics.map(one => ({ ...one, message: `alert_route:${title}: ${one.message}` })),
          );
        }
  }

  /** A route is tried again and again, and says so once while it fails for the same reason. */
  #tried(tried: ReadonlyMap<string, Diagnostic[]>): void {
    for (const [route, wrong] of tried) {
      const text = wrong[0]?.message;
      if (text !== undefined && this.#failing.get(route) !== text) this.#undelivered.push(...wrong);
      if (text === undefined) this.#failing.delete(route);
      else this.#failing.set(route, text);
    }
  }

  /** Waits for what is looked at beside the turns. */
  async looked(): Promise<void> {
    await Promise.all([this.#looking, this.#reading]);
  }

  async #statuses(site: Site, now: number): Promise<VmStatus[]> {
    const { interrupt } = this.#context.io;
    const first = statusesOf(site, this.#recovery.replicas);
    const late = first.filter(status => {
      const isDoubted = this.#doubted.has(status.vm);
      return status.uuid !== undefined && (isBreached(status) || isDoubted) && this.#mayRead(status, now);
    });
    this.#doubted.clear();
    const limit = pLimit(inFlight);
    const readOne = async ({ uuid, repository }: VmStatus): Promise<void> => {
      interrupt.throwIfAborted();
      const view = site.views.get(repository);
      if (view) await this.#noting(() => readVm(view, uuid!, failure => this.#note(failure)));
    };
    await Promise.all(late.map(status => limit(() => readOne(status))));
    // Beside the turns: who is to hear that an RPO is breached doesn't wait for an AWS that doesn't answer.
    if (!this.#looking && hasPassed(recoveryEvery, this.#recoveryAt, now)) {
      this.#recoveryAt = now;
      this.#looking = this.#lookAtRecovery(site).finally(() => {
        this.#looking = undefined;
      });
    }
    return statusesOf(site, this.#recovery.replicas);
  }

  /** Doesn't reject. */
  async #lookAtRecovery(site: Site): Promise<void> {
    const uuids = new Map(
      [...site.views.values()].flatMap(({ vms }) =>
        [...vms.values()].map(({ name = '', uuid }) => [name.toLowerCase(), uuid] as const),
      ),
    );
    await this.#noting(async () => {
      const { replicas } = await replicasOf(this.#context, site.session, site.catalog, uuids);
      this.#recovery = { replicas, plans: await plansOf(site, failure => this.#note(failure)) };
    });
  }

  #note({ diagnostics }: Failure): void {
    this.#diagnostics.push(...diagnostics);
  }

  /** What one thing can't be seen for keeps nobody from hearing of all others. */
  async #noting(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#context.io.interrupt.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.#note(error);
    }
  }

  #mayRead({ uuid, vm }: VmStatus, now: number): boolean {
    const last = this.#readAt.get(uuid!) ?? Number.NEGATIVE_INFINITY;
    if (!hasPassed(readAgain, last, now) && !this.#doubted.has(vm)) return false;
    this.#readAt.set(uuid!, now);
    return true;
  }

  /** Another mover sees some of them no more: what is known of their VMs here may be old. */
  #doubt(alerts: readonly Alert[]): void {
    for (const { key, doubted, ended, seen = {}, subjects } of alerts) {
      if (doubted === undefined || ended !== undefined || !(this.#by.id in seen)) continue;
      if (this.#doubts.get(key) === doubted) continue;
      this.#doubts.set(key, doubted);
      for (const subject of subjects) this.#doubted.add(subject);
    }
    const open = new Set(alerts.map(({ key }) => key));
    for (const key of this.#doubts.keys()) if (!open.has(key)) this.#doubts.delete(key);
  }

  /** Where it is kept what routes were told; undefined, which is said: the repository isn't there. */
  async #boardAt(url: string): Promise<BoardStore | undefined> {
    const site = this.#watched.site();
    const repository = await boardOf(site, url);
    // Of one that VMs are in that is an alert of its own.
    const routes = routesIn(site.catalog).filter(({ ref }) => ref.url.canonical === url);
    if (!repository && !site.views.has(url) && routes.length > 0) this.#note(keptHere(routes));
    return repository?.board;
  }

  async #tellAll(
    site: Site,
    url: string,
    routes: readonly Route[],
    conditions: readonly Condition[],
    statuses: readonly VmStatus[],
  ): Promise<void> {
    const keeper =
      this.#keepers.get(url) ??
      keeperOf(
        () => this.#boardAt(url),
        failure => this.#note(failure),
        asideIn(() => this.#watched.memory(), url),
      );
    this.#keepers.set(url, keeper);
    const byTitle = new Map(routes.map(route => [route.title, route]));
    const { elsewhere } = this.#watched.concerns;
    const policies: RoutePolicy[] = routes.map(policyOf);
    const { interrupt: signal } = this.#context.io;
    // By the clock of the repository, which is the same for all movers.
    const now = site.session.world.host.clock.now() + (await aheadOf(site, url));
    // A cycle that hangs elsewhere, which nobody else may tell about, is no reason to be silent for long.
    const isFresh = (name: string) =>
      statuses.some(({ vm, deadline }) => vm === name && deadline !== undefined && now - deadline < atWork);
    const { tried, state } = await alertTurn({
      keeper,
      conditions,
      policies,
      judgement: { canJudge: judgeOf(statuses), isElsewhere: vm => elsewhere.has(vm) && isFresh(vm) },
      now,
      by: this.#by.id,
      before: this.#by.before,
      tell: delivery =>
        tell(
          site.session,
          byTitle.get(delivery.route)!,
          { delivery, message: messageOf(delivery, now), now },
          signal,
        ),
      digest: (route, { alerts }) => {
        const counts: Record<string, number> = {};
        for (const { state } of statuses) counts[state] = (counts[state] ?? 0) + 1;
        const open = alerts.filter(({ ended }) => ended === undefined);
        const message = digestOf(counts, open, now);
        return tell(site.session, byTitle.get(route)!, { about: 'digest', message, now }, signal);
      },
    });
    this.#tried(tried);
    this.#doubt(state.alerts);
  }
}

/**
 * The repository that keeps what a route was told: one that no VM is in has no view.
 *
 * @throws Failure what keeps it from being read
 */
async function boardOf({ views, repositories, catalog }: Site, url: string) {
  const known = views.get(url);
  if (known) return known.repository;
  const route = routesIn(catalog).find(({ ref }) => ref.url.canonical === url);
  return route && ((await repositories.open(route.ref, 'read')) as OpenRepository | undefined);
}

const keptHere = (routes: readonly Route[]): Failure =>
  new Failure({
    ...world(
      'repository-not-found',
      `${routes.map(({ title }) => `alert_route:${title}`).join(', ')}: there is no repository in ${routes[0]!.ref.url.written}: what was told is kept on this machine alone, and others tell it once more`,
    ),
    severity: 'warning',
    hint: '`converge apply` makes it',
  });

/** All secrets that properties refer to. */
const secretsIn = (value: Json): SecretRef[] =>
  isSecretRef(value)
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(secretsIn)
      : [];

const aheadOf = async (site: Site, url: string): Promise<number> => {
  const repository = await boardOf(site, url).catch(() => undefined);
  return repository?.store.clockAhead?.() ?? 0;
};

async function readVm(view: View, uuid: string, note: (failure: Failure) => void): Promise<void> {
  if (!view.repository) return;
  const seen = await lookAtVm(view.repository.vm(uuid), note, () => true);
  const first = view.vms.get(uuid)?.first;
  view.vms.set(uuid, { ...seen, ...(first !== undefined && { first }) });
}

/** How the recovery plans stand; of one whose repository can't be read the reason is given. */
async function plansOf({ catalog, repositories, session }: Site, note: (failure: Failure) => void) {
  const found: PlanStatus[] = [];
  for (const declared of catalog.resources.filter(({ type }) => type === 'recovery_plan'))
    try {
      const repository = await repositories.open(refOfPlan(declared), 'read');
      const now = session.world.host.clock.now();
      if (repository) found.push(planStatusOf(await seenPlan(repository, declared), now));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      note(error);
    }
  return found;
}

/** Milliseconds after its deadline for which whoever is at a VM is left to make its point. */
const atWork = 15 * 60_000;

/** How everything stands by what is known of the repositories now. */
export const statusesOf = (site: Site, replicas: readonly SeenReplica[] = []): VmStatus[] =>
  statusOf(site.declared, [...site.views.values()].map(seenIn), replicas);

function seenIn(view: View): SeenRepository {
  const { ref, problem, vms, pauses, covers, holds } = view;
  const now = view.now();
  return {
    url: ref.url.canonical,
    ...(problem !== undefined && { problem }),
    now,
    vms: [...vms.values()],
    ...{ pauses, covers },
    holds: holds.filter(({ until }) => until > now),
    plans: [],
  };
}
