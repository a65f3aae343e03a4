import { failedOver, livesInAws, type Pause } from '../replication/model/pauses.ts';
import { breachedAfter, dueAfter, phaseOf, runsAfter } from '../schedule/due.ts';
import { longestGap } from '../schedule/schedule.ts';
import { newestSeen } from './look.ts';
import {
  type DeclaredVm,
  moverSilence,
  type Reason,
  type ReplicaStatus,
  type SeenReplica,
  type SeenRepository,
  type SeenVm,
  type State,
  type VmStatus,
} from './model.ts';

/**
 * How each VM stands: one for each that is declared, and one for each that a repository holds besides.
 *
 * @param known `nothing`: no manifests were given, so nobody knows what
 *   was wanted of a VM that isn't declared
 */
export function statusOf(
  declared: readonly DeclaredVm[],
  repositories: readonly SeenRepository[],
  replicas: readonly SeenReplica[] = [],
  known: 'all' | 'nothing' = 'all',
): VmStatus[] {
  const byUrl = new Map(repositories.map(one => [one.url, one]));
  const names = new Map(repositories.map(one => [one.url, byName(one.vms)]));
  const found = new Set<SeenVm>();
  const replaced = new Set<SeenVm>();
  const statuses = declared.map(one => {
    const repository = byUrl.get(one.repository);
    const vms = heirsOf(names.get(one.repository)?.get(one.title.toLowerCase()) ?? [], replaced);
    for (const vm of vms) found.add(vm);
    return statusOfOne(one, repository, vms);
  });
  // While somebody can't say which VMs a selection is, what is left over may be its own.
  const unlisted = new Set(declared.filter(one => one.unlisted).map(one => one.repository));
  const others = repositories.flatMap(repository =>
    repository.vms
      .filter(vm => !found.has(vm))
      .map(vm =>
        leftOver(
          vm,
          repository,
          replaced.has(vm) ? 'replaced' : unlisted.has(repository.url) ? 'selection-unknown' : known,
        ),
      ),
  );
  const rehearsed = new Map(repositories.map(one => [one.url, rehearsalsOf(one)]));
  const checked = new Map(
    repositories.flatMap(({ url, vms }) => vms.map(vm => [`${url} ${vm.uuid}`, vm] as const)),
  );
  const replicated = new Map(replicas.map(one => [one.vm.toLowerCase(), one]));
  return [...statuses, ...others].map(status => {
    const names = [status.vm, status.uuid].flatMap(name => name?.toLowerCase() ?? []);
    const replica = names.flatMap(name => replicated.get(name) ?? [])[0];
    const holds = (byUrl.get(status.repository)?.holds ?? []).filter(({ vm }) => vm === status.uuid);
    const signal = holds.flatMap(({ why = 'damaged' }) => (why === 'damaged' ? [] : why))[0];
    const rehearsal = rehearsed.get(status.repository)?.get(status.uuid ?? '');
    const { verified, broken } = checked.get(`${status.repository} ${status.uuid}`) ?? {};
    return {
      ...status,
      ...(verified && { verified }),
      ...(broken && { broken }),
      ...(replica && { replica: replicaStatus(replica) }),
      ...(rehearsal && { rehearsal }),
      ...(holds.length > 0 && { heldUntil: Math.max(...holds.map(({ until }) => until)) }),
      ...(signal && { signal }),
    };
  });
}

/**
 * Whether somebody has to be told: an RPO is breached, of a point or of a replica, or what is there of a VM
 * tells nobody how old its newest point is, which no later look mends.
 */
export const isBreached = ({ state, reason, kept, target, replica }: VmStatus): boolean =>
  state === 'breached' ||
  state === 'never' ||
  reason === 'lives-in-aws' ||
  reason === 'ambiguous-name' ||
  reason === 'future-point' ||
  (state === 'paused' && !kept && target !== undefined) ||
  replica?.state === 'breached' ||
  replica?.state === 'never';

/**
 * Whether every RPO is kept: of one of which nobody can say, or where nothing is protected, nobody says that
 * it is.
 */
export const isAllKept = (statuses: readonly VmStatus[]): boolean =>
  statuses.some(({ kept }) => kept) &&
  statuses.every(status => !isBreached(status) && (status.kept || status.state === 'unprotected'));

/**
 * Whether a VM is due by what is declared for it: one without a point is, and one that nothing is declared
 * for isn't.
 */
export function isDueOf(declared: readonly DeclaredVm[], now: number): (vm: SeenVm) => boolean {
  const byTitle = new Map(declared.map(one => [one.title.toLowerCase(), one]));
  return ({ uuid, name, newest }) => {
    if (!newest) return true;
    const one = byTitle.get(uuid.toLowerCase()) ?? byTitle.get((name ?? '').toLowerCase());
    return one !== undefined && dueAfter(one.timetable, newest.time) <= now;
  };
}

/**
 * The pause of a VM that is in force; a failover before any other.
 *
 * @param uuid undefined: it has no point yet, and is known by what it is declared as alone
 * @param title a name or UUID
 */
export const pauseOf = (
  pauses: readonly Pause[],
  uuid: string | undefined,
  now: number,
  title = uuid,
): Pause | undefined =>
  failedOver(pauses, uuid ?? '') ??
  pauses.find(
    ({ vm, until }) => (vm === uuid || vm === title?.toLowerCase()) && (until === undefined || until > now),
  );

/** Whether somebody says that they move it: a VM without a point has no name yet in its repository. */
const isAtWork = (title: string, { movers = [], now }: SeenRepository): boolean =>
  movers.some(
    ({ at, ended, running }) =>
      !ended &&
      now - at <= moverSilence &&
      running.some(({ vm }) => vm.toLowerCase() === title.toLowerCase()),
  );

function statusOfOne(
  { address, title, repository: url, timetable, rpo, labels, unlisted, empty }: DeclaredVm,
  repository: SeenRepository | undefined,
  vms: readonly SeenVm[],
): VmStatus {
  const base = { vm: title, address, ...(labels && { labels }), repository: url };
  const is = (state: State, reason: Reason, more: Partial<VmStatus> = {}): VmStatus => ({
    ...base,
    state,
    reason,
    kept: false,
    ...more,
  });
  if (unlisted) return is('unknown', 'selection-unknown');
  if (empty) return is('never', 'selection-empty');
  if (!repository || repository.problem === 'repository-unreachable')
    return is('unknown', 'repository-unreachable');
  const { now, pauses } = repository;
  const target = breachedAfter(timetable, rpo, now) - now;
  if (repository.problem) return is('never', repository.problem, { target });
  const [seen, ...more] = vms;
  if (more.length > 0) return is('unknown', 'ambiguous-name', { target });
  const running = seen?.leased !== undefined && seen.leased > now;
  const pause = pauseOf(pauses, seen?.uuid, now, title);
  const until = pause?.until === undefined ? {} : { pausedUntil: pause.until };
  if (!seen?.newest) {
    const own = { target, ...(seen && { uuid: seen.uuid }) };
    if (seen?.damaged) return is(seen.broken ? 'never' : 'unknown', 'damaged', own);
    if (pause?.why === 'paused') return is('paused', 'paused', { ...own, ...until });
    return is('never', running || isAtWork(title, repository) ? 'first-copy-running' : 'no-point', own);
  }
  const { uuid, newest } = seen;
  const deadline = breachedAfter(timetable, rpo, newest.time);
  const next = runsAfter(timetable, newest.time, phaseOf(uuid));
  const kept = now <= deadline;
  const measured = {
    uuid,
    newest,
    age: Math.max(0, now - newest.time),
    target: deadline - newest.time,
    deadline,
    ...(Number.isFinite(next) && { next }),
  };
  if (pause) {
    const { next: _, ...rest } = measured;
    if (livesInAws(pause)) return livesThere(is, uuid, repository);
    return is('paused', whyPaused(pause), { ...rest, kept, ...until });
  }
  if (newest.time - now >= longestGap(timetable.schedule)) return is('unknown', 'future-point', measured);
  const { schedule } = timetable;
  // Whoever runs by a timer comes a little later than an agent would.
  const due = 'every' in schedule ? newest.time + schedule.every : dueAfter(timetable, newest.time);
  const why = whyThere(due, next, now, running);
  const state = kept ? (why === 'overdue' ? 'late' : 'kept') : 'breached';
  // What can be restored is as old as it is, whatever else of the VM can't be read.
  return is(state, seen.damaged ? 'damaged' : why, { ...measured, kept });
}

const whyPaused = ({ why, home }: Pause): Reason => (home === undefined ? why : 'brought-home');

/**
 * One that lives in AWS is protected by what is taken of it there; its points are of what it was at home.
 * Breached when two intervals have passed, as with points, and when a volume of it is in no whole set.
 */
function livesThere(
  is: (state: State, reason: Reason, more: Partial<VmStatus>) => VmStatus,
  uuid: string,
  { covers = [], now }: SeenRepository,
): VmStatus {
  const found = covers.find(({ vm }) => vm === uuid);
  if (!found) return is('unprotected', 'lives-in-aws', { uuid });
  const age = Math.max(0, now - found.at);
  const target = 2 * found.every;
  const kept = age <= target && found.lacks === undefined;
  return is(kept ? 'kept' : 'breached', found.lacks ? 'volume-uncovered' : 'snapshots-in-aws', {
    uuid,
    kept,
    age,
    target,
    deadline: found.at + target,
  });
}

function whyThere(due: number, next: number, now: number, running: boolean): Reason {
  if (running) return 'cycle-running';
  if (now < due) return 'in-time';
  return now < next ? 'window-closed' : 'overdue';
}

function leftOver(
  { uuid, name, newest }: SeenVm,
  repository: SeenRepository,
  why: 'all' | 'nothing' | 'selection-unknown' | 'replaced',
): VmStatus {
  const { url, now, pauses } = repository;
  const is = (state: State, reason: Reason, more: Partial<VmStatus> = {}): VmStatus => ({
    ...{ vm: name ?? uuid, uuid, repository: url, state, reason, kept: false },
    ...(newest && { newest, age: Math.max(0, now - newest.time) }),
    ...more,
  });
  const [state, reason] = (
    {
      all: ['unprotected', 'not-declared'],
      nothing: ['unknown', 'no-target'],
      'selection-unknown': ['unknown', 'selection-unknown'],
      replaced: ['unprotected', 'replaced'],
    } as const
  )[why];
  const pause = pauseOf(pauses, uuid, now, name);
  // One that was failed over is so whatever is declared: in AWS it outlives what was declared at home.
  const tells = why === 'nothing' || (why === 'all' && pause?.why === 'failed-over');
  if (!pause || !tells) return is(state, reason);
  if (livesInAws(pause)) return livesThere(is, uuid, repository);
  return is('paused', whyPaused(pause), pause.until === undefined ? {} : { pausedUntil: pause.until });
}

/**
 * Which of several VMs of one name that name means now: one that was made anew after the last point of all
 * others has taken their place. Those that live side by side are all given back.
 *
 * @param replaced gets those whose place was taken
 */
function heirsOf(vms: readonly SeenVm[], replaced: Set<SeenVm>): readonly SeenVm[] {
  const heir = vms.length > 1 ? newestSeen(vms) : undefined;
  if (heir?.first === undefined) return vms;
  const others = vms.filter(vm => vm !== heir);
  if (others.some(({ newest, damaged }) => damaged || (newest && newest.time >= heir.first!))) return vms;
  for (const vm of others) replaced.add(vm);
  return [heir];
}

/** By name and by UUID, both in lower case. */
function byName(vms: readonly SeenVm[]): Map<string, SeenVm[]> {
  const found = new Map<string, SeenVm[]>();
  for (const vm of vms)
    for (const name of new Set([vm.uuid, vm.name ?? vm.uuid].map(text => text.toLowerCase())))
      found.set(name, [...(found.get(name) ?? []), vm]);
  return found;
}

/** By UUID, the newest that each VM was in. */
function rehearsalsOf({ plans }: SeenRepository): Map<string, NonNullable<VmStatus['rehearsal']>> {
  const newest = new Map<string, NonNullable<VmStatus['rehearsal']>>();
  const runs = plans.flatMap(({ newest: run }) => run ?? []);
  for (const { vms, ...rehearsal } of runs.toSorted((a, b) => a.began - b.began))
    for (const uuid of vms) newest.set(uuid, rehearsal);
  return newest;
}

/** Breached when two of its intervals have passed, as points are; one of each point has none. */
function replicaStatus({ age, behind, every, unknown }: SeenReplica): ReplicaStatus {
  const target = every === undefined ? {} : { target: 2 * every };
  if (unknown) return { state: 'unknown', behind, ...target };
  if (age === undefined) return { state: 'never', behind, ...target };
  const isOld = every !== undefined && behind > 0 && age > 2 * every;
  return { state: isOld ? 'breached' : 'kept', age, behind, ...target };
}
