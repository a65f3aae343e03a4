import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import type { Run } from '../../engine/model/run.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import { opensAt } from '../../engine/model/window.ts';
import { expandSelections } from '../../engine/select/members.ts';
import { lookAt } from '../../operation/look.ts';
import type { SeenVm } from '../../operation/model.ts';
import { pauseOf } from '../../operation/status.ts';
import { type Candidate, runAll } from '../../operation/turn.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { type Pause, pausesIn } from '../../replication/model/pauses.ts';
import { type Due, type DueQuestion, dueOf } from '../../replication/movers/due-jobs.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { oneDiagnostic } from '../../resources/shared/one-diagnostic.ts';
import { type ProtectedVmProperties, rpoOf, timetableOf } from '../../resources/vsphere/protection.ts';
import type { Context } from '../app-context.ts';
import { makeRepositories } from '../connect/repositories.ts';
import type { CommonOptions } from '../options.ts';
import { moveDeclared, type Replicated } from '../repository/replicate.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession, type Session } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { declaredVms } from './declared-vms.ts';

export interface AgentOnceOptions extends CommonOptions {
  /** Cycles at once. */
  slots: number;
}

/** What came of a VM that was due. */
export type Moved = { vm: string } & (
  | { cycle: Replicated['cycle'] }
  /** Somebody else moves it, or has just done so. */
  | { busy: true }
  /** It was failed over meanwhile. */
  | { suspended: true }
  | { diagnostics: Diagnostic[] }
);

export interface Turn {
  moved: Moved[];
  /** VMs that are due and paused. */
  paused: string[];
  /** What could not be seen. */
  diagnostics: Diagnostic[];
}

/**
 * Runs the cycles that are due by now, those with the earliest deadline first, and ends. Undefined when the
 * manifests have mistakes, which were told.
 *
 * @param told gets what came of each VM as soon as it did
 */
export async function agentOnce(
  context: Context,
  paths: string[],
  options: AgentOnceOptions,
  told: (moved: Moved) => void,
): Promise<Turn | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  const session = await openSession(context, options, {
    targets,
    platform,
    declared: catalog,
    changes: true,
  });
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const run = runOf(context, session);
    const repositories = makeRepositories(session.reach, session.world.host.random, closing);
    const { resources, diagnostics } = await expandSelections(catalog, run);
    const found = [...diagnostics, ...resources.flatMap(({ fault }) => fault ?? [])];
    const looks = await lookAtAll(session, resources, ref => repositories.open(ref, 'read'), found);
    const { due, paused } = dueNow(resources, looks, { catalog, slots: options.slots });
    const moved: Moved[] = [];
    await runAll(due, options.slots, context.io.interrupt, async candidate => {
      const one = await moveOne(context, session, run, targets, candidate);
      moved.push(one);
      told(one);
    });
    context.io.interrupt.throwIfAborted();
    return { moved, paused, diagnostics: found };
  } finally {
    for (const close of closing) await close();
    await session.close();
  }
}

/** What is in one repository. */
interface Look {
  /** By the clock of its store. */
  now(): number;
  /** Undefined: it isn't there. */
  repository: OpenRepository | undefined;
  vms: SeenVm[];
  pauses: Pause[];
}

/** By canonical URL. A repository that can't be read is left out, and told: nothing in it can be moved. */
async function lookAtAll(
  { world }: Session,
  resources: CatalogResource[],
  open: (ref: RepositoryRef) => Promise<unknown>,
  told: Diagnostic[],
): Promise<Map<string, Look>> {
  const { refs } = declaredVms(resources);
  const looks = new Map<string, Look>();
  const look = async (ref: RepositoryRef) => {
    try {
      const repository = (await open(ref)) as OpenRepository | undefined;
      const vms = repository
        ? await lookAt(
            repository,
            ({ diagnostics }) => void told.push(...diagnostics),
            () => false,
          )
        : [];
      const pauses = repository ? await pausesIn(repository) : [];
      const now = () => world.host.clock.now() + (repository?.store.clockAhead?.() ?? 0);
      looks.set(ref.url.canonical, { now, repository, vms, pauses });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      told.push(...error.diagnostics);
    }
  };
  await Promise.all([...refs.values()].map(look));
  return looks;
}

interface DueVm extends Candidate {
  declared: CatalogResource;
  /** Why it is due by now; undefined: somebody has made its point, or its window has closed. */
  still(): Promise<Due | undefined>;
}

function dueNow(
  resources: readonly CatalogResource[],
  looks: ReadonlyMap<string, Look>,
  { catalog, slots }: { catalog: Catalog; slots: number },
): { due: DueVm[]; paused: string[] } {
  const due: DueVm[] = [];
  const paused: string[] = [];
  for (const declared of resources) {
    const [one] = declaredVms([declared]).declared;
    const look = one && looks.get(one.repository);
    if (!one || !look || one.unlisted) continue;
    const { repository, vms, pauses } = look;
    const now = look.now();
    const wanted = one.title.toLowerCase();
    const seen = vms.find(({ uuid, name }) => uuid === wanted || name?.toLowerCase() === wanted);
    const properties = declared.properties as unknown as ProtectedVmProperties;
    const timetable = timetableOf(properties, [declared.meta.window ? [declared.meta.window] : []]);
    /** Undefined: not due, or it waits for its window. */
    const dueBy = (newest: DueQuestion['newest'], at: number): Due | undefined => {
      const by = dueOf({ newest, disks: undefined, timetable, rpo: rpoOf(properties), now: at });
      return by.due > at || opensAt(timetable.windows, at) > at ? undefined : by;
    };
    const is = dueBy(seen?.newest, now);
    if (!is) continue;
    if (seen && pauseOf(pauses, seen.uuid, now)) {
      paused.push(one.title);
      continue;
    }
    due.push({
      declared,
      lane: seen?.newest ? 'usual' : 'first',
      deadline: is.deadline,
      places: placesOf(declared, catalog.targets, slots),
      async still() {
        const newest = seen && repository ? await repository.vm(seen.uuid).newest() : undefined;
        return dueBy(newest, look.now());
      },
    });
  }
  return { due, paused };
}

/** The vCenter that it is asked of, where that has a limit. */
function placesOf({ meta, address }: CatalogResource, targets: CatalogTarget[], slots: number) {
  const { target } = resolveTarget(targets, 'vsphere', meta.target, address);
  const { cycles } = (target?.properties.limits ?? {}) as { cycles?: number };
  return target ? [{ name: target.name, most: cycles ?? slots }] : [];
}

/** Codes of refusals that mean that somebody else is at work, which nobody has to hear of. */
const busy = ['locked', 'lease-held', 'lab-in-use'] as const;

async function moveOne(
  context: Context,
  session: Session,
  run: Run,
  targets: CatalogTarget[],
  { declared, still }: DueVm,
): Promise<Moved> {
  const vm = declared.title;
  try {
    const cycle = await moveDeclared(context, session, run, targets, declared, async () => {
      const due = await still();
      return due && { due };
    });
    return cycle ? { vm, cycle } : { vm, busy: true };
  } catch (error) {
    if (!(error instanceof Failure)) return { vm, diagnostics: [oneDiagnostic(error)] };
    if (error.hasOnly('failed-over')) return { vm, suspended: true };
    return error.hasOnly(...busy) ? { vm, busy: true } : { vm, diagnostics: error.diagnostics };
  }
}
