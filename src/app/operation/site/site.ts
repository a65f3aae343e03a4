import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource } from '../../../engine/model/catalog.ts';
import type { Run } from '../../../engine/model/run.ts';
import { expandSelections } from '../../../engine/select/members.ts';
import { lookAt, newestSeen, seenPoint, withFirsts } from '../../../operation/look.ts';
import type { DeclaredVm, SeenVm } from '../../../operation/model.ts';
import { type Cover, coversIn } from '../../../recovery/cover/covers.ts';
import type { Repositories, RepositoryRef } from '../../../replication/model/clients.ts';
import { livesInAws, type Pause, pausesKnown } from '../../../replication/model/pauses.ts';
import type { Point } from '../../../replication/model/point.ts';
import type { OpenRepository } from '../../../replication/repository/open-repository.ts';
import { type Hold, holdsKnown } from '../../../replication/retention/holds.ts';
import { lostRepository } from '../../../resources/shared/lost-repository.ts';
import type { Context } from '../../app-context.ts';
import { makeRepositories } from '../../connect/repositories.ts';
import type { CommonOptions } from '../../options.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { runOf } from '../../session/run-of.ts';
import { declaredVms, emptySelections } from './declared-vms.ts';
import { keepMembers, type MembersMemory, meantBy } from './members.ts';

/** What is known of one repository. */
export interface View {
  readonly ref: RepositoryRef;
  /** By the clock of its store. */
  now(): number;
  /** Undefined: it isn't there, or couldn't be read. */
  repository: OpenRepository | undefined;
  problem?: 'no-repository' | 'repository-unreachable';
  /** It isn't the one that earlier runs from here know. */
  isLost: boolean;
  /** When it could be read again that couldn't be, by this machine's clock. */
  back?: number;
  /** By UUID, as they were last seen. */
  vms: Map<string, SeenVm>;
  pauses: Pause[];
  /** Of those that live in AWS. */
  covers: Cover[];
  /** Those that are over as well. */
  holds: Hold[];
}

/** Manifests with what they lead to, open. */
export interface Site {
  readonly catalog: Catalog;
  readonly session: Session;
  readonly run: Run;
  readonly repositories: Repositories;
  /** Protected VMs and everything else, selections as what they mean. */
  resources: CatalogResource[];
  declared: DeclaredVm[];
  /** By canonical URL. */
  readonly views: Map<string, View>;
  /** What was known of repositories before these manifests: it isn't looked at once more. */
  readonly seenBefore: Map<string, Pick<View, 'vms'>>;
  /** Since when somebody has been looking at all of it, ms since the epoch; undefined: nobody is. */
  lookingSince?: number | undefined;
  close(): Promise<void>;
}

/** Opens what the manifests lead to; nothing is looked at yet. */
export async function openSite(context: Context, catalog: Catalog, options: CommonOptions): Promise<Site> {
  const { targets, platform } = catalog;
  const given = { targets, platform, declared: catalog, changes: true };
  const session = await openSession(context, options, given);
  const closing: (() => Promise<void> | void)[] = [];
  return {
    catalog,
    session,
    run: runOf(context, session),
    repositories: makeRepositories(session.reach, session.world.host, closing),
    resources: catalog.resources,
    declared: [],
    views: new Map(),
    seenBefore: new Map(),
    async close() {
      for (const end of closing) await end();
      await session.close();
    },
  };
}

/**
 * Looks at which VMs are meant, and at those in the repositories that weren't seen before. What can't be
 * looked at is told, and stays as it was.
 *
 * @param memory keeps what selections mean
 * @param holds whether it is this agent's to hold on to what a selection meant that was changed
 */
export async function look(site: Site, memory: MembersMemory, holds: boolean): Promise<Diagnostic[]> {
  site.lookingSince = site.session.world.host.clock.now();
  try {
    return await lookAtAll(site, memory, holds);
  } finally {
    site.lookingSince = undefined;
  }
}

async function lookAtAll(site: Site, memory: MembersMemory, holds: boolean): Promise<Diagnostic[]> {
  const expanded = await expandSelections(site.catalog, site.run);
  const { resources, diagnostics } = expanded;
  const told = [...diagnostics, ...resources.flatMap(({ fault }) => fault ?? [])];
  await keepMembers(expanded, memory, holds);
  const meant = meantBy(site.catalog, expanded, memory);
  const { declared, refs } = declaredVms(meant, emptySelections(site.catalog, expanded));
  site.resources = meant;
  site.declared = declared;
  for (const [url, ref] of refs) if (!site.views.has(url)) site.views.set(url, viewOf(site, ref));
  await Promise.all([...site.views.values()].map(view => lookIn(site, view, told)));
  return told;
}

function viewOf({ session, seenBefore }: Site, ref: RepositoryRef): View {
  const view: View = {
    ref,
    now: () => session.world.host.clock.now() + (view.repository?.store.clockAhead?.() ?? 0),
    repository: undefined,
    isLost: false,
    vms: new Map(seenBefore.get(ref.url.canonical)?.vms),
    pauses: [],
    covers: [],
    holds: [],
  };
  return view;
}

/**
 * Looks at the VMs of a repository that weren't seen before, and at its pauses.
 *
 * @throws Failure what keeps it from being read
 */
export async function lookInto(site: Site, view: View, told: Diagnostic[]): Promise<void> {
  view.repository ??= (await site.repositories.open(view.ref, 'read')) as OpenRepository | undefined;
  const known = await site.repositories.known.at(view.ref.url);
  view.isLost = lostRepository(view.ref, known, view.repository) !== undefined;
  if (view.repository) {
    const onDamage = ({ diagnostics }: Failure) => void told.push(...diagnostics);
    const seen = await lookAt(view.repository, onDamage, () => false, view.vms);
    for (const vm of seen) view.vms.set(vm.uuid, vm);
    // A cycle may have noted a newer point meanwhile.
    for (const { uuid, first } of await withFirsts(view.repository, [...view.vms.values()], onDamage))
      if (first !== undefined) view.vms.set(uuid, { ...view.vms.get(uuid)!, first });
    await lookAtNotes(view, told);
    if (view.problem !== undefined) view.back = site.session.world.host.clock.now();
    delete view.problem;
  } else view.problem = 'no-repository';
}

/**
 * Looks at what is noted about VMs in a repository.
 *
 * @throws Failure what keeps it from being read
 */
export async function lookAtNotes(view: View, told: Diagnostic[]): Promise<void> {
  const { repository } = view;
  if (!repository) return;
  const onDamage = ({ diagnostics }: Failure) => void told.push(...diagnostics);
  view.pauses = await pausesKnown(repository, onDamage);
  view.holds = await holdsKnown(repository, onDamage);
  view.covers = view.pauses.some(livesInAws) ? await coversIn(repository, onDamage) : [];
}

async function lookIn(site: Site, view: View, told: Diagnostic[]): Promise<void> {
  try {
    await lookInto(site, view, told);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    view.problem = 'repository-unreachable';
    told.push(...error.diagnostics);
  }
}

/** Notes a point that was made, or found. */
export function noteNewest({ vms }: View, point: Point): void {
  const { uuid, name } = point.vm;
  const first = vms.get(uuid)?.first ?? (point.generation === 1 ? point.time : undefined);
  vms.set(uuid, { uuid, name, newest: seenPoint(point), ...(first !== undefined && { first }) });
}

/**
 * What a view knows of the VM of that title, a name or a UUID; of several with the name the one with the
 * newest point, since one that was made anew has taken over the name.
 */
export function seenOf({ vms }: View, title: string): SeenVm | undefined {
  const wanted = title.toLowerCase();
  const byId = vms.get(wanted);
  if (byId) return byId;
  const found = [...vms.values()].filter(({ name }) => name?.toLowerCase() === wanted);
  return newestSeen(found) ?? found[0];
}
