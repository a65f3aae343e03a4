import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import type { Condition, RoutePolicy } from '../../../operation/alerts/model.ts';
import { conditionsOf } from '../../../operation/alerts/rules.ts';
import { digestOf, messageOf } from '../../../operation/alerts/words.ts';
import { lookAtVm } from '../../../operation/look.ts';
import type { SeenReplica, SeenRepository, VmStatus } from '../../../operation/model.ts';
import { type PlanStatus, planStatusOf } from '../../../operation/rehearsals.ts';
import { isBreached, statusOf } from '../../../operation/status.ts';
import { alertTurn, type Keeper, keeperOf } from '../../alerts/alert-turn.ts';
import { policyOf, type Route, routesIn } from '../../alerts/routes.ts';
import { tell } from '../../alerts/tell.ts';
import type { Context } from '../../app-context.ts';
import { refOfPlan, seenPlan } from '../plans.ts';
import { replicasOf } from '../replicas.ts';
import type { Site, View } from '../site/site.ts';
import type { Concerns } from './concerns.ts';

/** What the agent that looks knows besides. */
export interface Watched {
  site(): Site;
  concerns: Concerns;
}

/** A VM that is breached is read again so long after the last time at the earliest, ms. */
const readAgain = 5 * 60_000;
/** Between two signs of life, and between two looks at replicas and recovery plans, ms. */
const often = { heartbeat: 5 * 60_000, recovery: 10 * 60_000 };

/**
 * Computes how everything stands and tells whoever is to know, a turn at a time. It goes by what was seen in
 * the repositories, not by the cycles, which may hang; only VMs whose deadline has passed are read again.
 */
export class AlertLoop {
  readonly #context: Context;
  readonly #watched: Watched;
  readonly #by: string;
  readonly #keepers = new Map<string, Keeper>();
  readonly #readAt = new Map<string, number>();
  readonly #failing = new Map<string, string>();
  #beat = Number.NEGATIVE_INFINITY;
  /** What was last seen of what recovers VMs. */
  #recovery: { at: number; replicas: SeenReplica[]; plans: PlanStatus[] } = {
    at: Number.NEGATIVE_INFINITY,
    replicas: [],
    plans: [],
  };

  constructor(context: Context, watched: Watched, by: string) {
    this.#context = context;
    this.#watched = watched;
    this.#by = by;
  }

  /** What could not be told or read. */
  async turn(): Promise<Diagnostic[]> {
    const site = this.#watched.site();
    const { clock } = site.session.world.host;
    const now = clock.now();
    const { concerns } = this.#watched;
    concerns.declared(
      site.declared.map(({ title }) => title),
      site.views,
    );
    const routes = routesIn(site.catalog);
    if (routes.length === 0) return [];
    const diagnostics: Diagnostic[] = [];
    const statuses = await this.#statuses(site, now, diagnostics);
    const ahead = [...site.views].flatMap(([url, { repository }]) => {
      const ms = repository?.store.clockAhead?.() ?? 0;
      return ms === 0 ? [] : [[url, ms] as const];
    });
    const own = [...concerns.all(), ...this.#routesThatFail()];
    const { failing, declaredSince, seen } = concerns;
    const { plans } = this.#recovery;
    const known = { failing, declaredSince, seen, ahead: new Map(ahead), plans, own };
    const conditions = conditionsOf(statuses, known, now);
    for (const route of this.#failing.keys())
      if (!routes.some(({ title }) => title === route)) this.#failing.delete(route);
    const told = Map.groupBy(
      routes.filter(({ properties }) => !properties.heartbeat),
      ({ ref }) => ref.url.canonical,
    );
    // By the clock of the repository, which is the same for all movers.
    for (const [url, its] of told)
      diagnostics.push(
        ...(await this.#tellAll(site, url, its, conditions, statuses, site.views.get(url)?.now() ?? now)),
      );
    await this.#heartbeats(site, routes, statuses, now);
    return diagnostics;
  }

  async #statuses(site: Site, now: number, diagnostics: Diagnostic[]): Promise<VmStatus[]> {
    const { interrupt } = this.#context.io;
    const first = statusesOf(site, this.#recovery.replicas);
    const late = first.filter(
      status => isBreached(status) && status.uuid !== undefined && this.#mayRead(status.uuid, now),
    );
    for (const { uuid, repository: url } of late) {
      interrupt.throwIfAborted();
      const view = site.views.get(url);
      if (view) await readOne(view, uuid!, diagnostics);
    }
    if (now - this.#recovery.at >= often.recovery) {
      const uuids = new Map(
        [...site.views.values()].flatMap(({ vms }) =>
          [...vms.values()].map(({ name = '', uuid }) => [name.toLowerCase(), uuid] as const),
        ),
      );
      const { replicas } = await replicasOf(this.#context, site.session, site.catalog, uuids);
      this.#recovery = { at: now, replicas, plans: await plansOf(site, diagnostics) };
    }
    return statusesOf(site, this.#recovery.replicas);
  }

  #mayRead(uuid: string, now: number): boolean {
    if (now - (this.#readAt.get(uuid) ?? Number.NEGATIVE_INFINITY) < readAgain) return false;
    this.#readAt.set(uuid, now);
    return true;
  }

  async #tellAll(
    site: Site,
    url: string,
    routes: readonly Route[],
    conditions: readonly Condition[],
    statuses: readonly VmStatus[],
    now: number,
  ): Promise<Diagnostic[]> {
    const diagnostics: Diagnostic[] = [];
    const keeper =
      this.#keepers.get(url) ??
      keeperOf(
        () => this.#watched.site().views.get(url)?.repository?.board,
        failure => void diagnostics.push(...failure.diagnostics),
      );
    this.#keepers.set(url, keeper);
    const byTitle = new Map(routes.map(route => [route.title, route]));
    const policies: RoutePolicy[] = routes.map(policyOf);
    const { interrupt: signal } = this.#context.io;
    const { undelivered, told } = await alertTurn({
      keeper,
      conditions,
      policies,
      now,
      by: this.#by,
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
    for (const { route } of told) this.#failing.delete(route);
    for (const { title } of routes) {
      const failed = undelivered.get(title);
      if (failed) this.#failing.set(title, failed[0]?.message ?? 'it failed');
      diagnostics.push(...(failed ?? []));
    }
    return diagnostics;
  }

  #routesThatFail(): Condition[] {
    return [...this.#failing].map(([route, message]) => ({
      rule: 'route-failing',
      severity: 'warning',
      cause: route,
      subject: route,
      text: `the route ${route} does not work: ${message}`,
    }));
  }

  async #heartbeats(
    site: Site,
    routes: readonly Route[],
    statuses: readonly VmStatus[],
    now: number,
  ): Promise<void> {
    if (now - this.#beat < often.heartbeat) return;
    this.#beat = now;
    const isAlive = [...site.views.values()].every(({ problem }) => problem !== 'repository-unreachable');
    const isKept = !statuses.some(isBreached);
    for (const route of routes) {
      const { heartbeat } = route.properties;
      if (!heartbeat || !isAlive || (heartbeat.when === 'kept' && !isKept)) continue;
      const message = { title: 'converge: alive', lines: [] };
      const said = { about: 'test', message, now } as const;
      try {
        await tell(site.session, route, said, this.#context.io.interrupt);
        this.#failing.delete(route.title);
      } catch (error) {
        this.#failing.set(route.title, (error as Error).message);
      }
    }
  }
}

async function readOne(view: View, uuid: string, diagnostics: Diagnostic[]): Promise<void> {
  if (!view.repository) return;
  const seen = await lookAtVm(
    view.repository.vm(uuid),
    failure => void diagnostics.push(...failure.diagnostics),
    () => true,
  );
  const first = view.vms.get(uuid)?.first;
  view.vms.set(uuid, { ...seen, ...(first !== undefined && { first }) });
}

/** How the recovery plans stand; of one whose repository can't be read the reason is given. */
async function plansOf({ catalog, repositories, session }: Site, diagnostics: Diagnostic[]) {
  const found: PlanStatus[] = [];
  for (const declared of catalog.resources.filter(({ type }) => type === 'recovery_plan'))
    try {
      const repository = await repositories.open(refOfPlan(declared), 'read');
      const now = session.world.host.clock.now();
      if (repository) found.push(planStatusOf(await seenPlan(repository, declared), now));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  return found;
}

/** How everything stands by what is known of the repositories now. */
export const statusesOf = (site: Site, replicas: readonly SeenReplica[] = []): VmStatus[] =>
  statusOf(site.declared, [...site.views.values()].map(seenIn), replicas);

const seenIn = (view: View): SeenRepository => ({
  url: view.ref.url.canonical,
  ...(view.problem !== undefined && { problem: view.problem }),
  now: view.now(),
  vms: [...view.vms.values()],
  pauses: view.pauses,
  plans: [],
});
