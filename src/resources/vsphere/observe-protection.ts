import pLimit from 'p-limit';
import { type Diagnostic, type Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Asked, Id, Observation } from '../../engine/model/resource-type.ts';
import { clockSkew } from '../../replication/cycle/clock-skew.ts';
import { inTheWay } from '../../replication/cycle/in-the-way.ts';
import { lastingObstacle } from '../../replication/cycle/prepare.ts';
import { selectDisks } from '../../replication/cycle/select-disks.ts';
import { ownEpoch } from '../../replication/cycle/snapshot-name.ts';
import type { Repositories, RepositoryRef } from '../../replication/model/clients.ts';
import { isPending } from '../../replication/model/damage-record.ts';
import { failoverOf, isSuspended, type Pause } from '../../replication/model/pauses.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { SourceSnapshot, SourceVm } from '../../replication/model/source.ts';
import { dueOf } from '../../replication/movers/due-jobs.ts';
import { breachedAfter } from '../../schedule/due.ts';
import type { VsphereClient } from '../../vsphere/client/connect.ts';
import { LOST_HINT } from '../shared/lost-repository.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import { damageKnown, damageMet, headPutBack } from './damage-known.ts';
import { isLeft, leftBehind } from './left-behind.ts';
import { lostHistory } from './lost-history.ts';
import { pruneDue, retentionReader, wouldRemove } from './observe-retention.ts';
import { type ProtectedVmProperties, type ProtectedVmState, rpoOf, timetableOf } from './protection.ts';
import { excluded } from './replicate.ts';

const inFlight = 8;

/** Looks at VMs and their newest points; one that can't be seen fails by itself, a target for all. */
export async function observeProtection(
  asked: Asked<ProtectedVmProperties>[],
  io: ReadIo,
): Promise<Map<Id, Observation<ProtectedVmState>>> {
  const vsphere = await io.client('vsphere');
  const repositories = await io.client('repositories');
  const limit = pLimit(inFlight);
  const retention = retentionReader();
  const overdue = new Map<string, { points: number; vms: number; first: Id }>();
  const late = (id: Id, url: string, points: number) => {
    const before = overdue.get(url) ?? { points: 0, vms: 0, first: id };
    if (points > 0) overdue.set(url, { ...before, points: before.points + points, vms: before.vms + 1 });
  };
  const seen = asked.map(one =>
    limit(async () => [one.id, await observeOne(one, vsphere, repositories, io, retention, late)] as const),
  );
  const observations = new Map(await Promise.all(seen));
  for (const [url, { points, vms, first }] of overdue) {
    const one = observations.get(first)!;
    if (one.state === 'present') one.warnings = [...(one.warnings ?? []), pruneDue(url, points, vms)];
  }
  return observations;
}

async function observeOne(
  { id, title, properties }: Asked<ProtectedVmProperties>,
  vsphere: VsphereClient,
  repositories: Repositories,
  { clock, signal, behind = 0 }: ReadIo,
  retention: ReturnType<typeof retentionReader>,
  late: (id: Id, url: string, points: number) => void,
): Promise<Observation<ProtectedVmState>> {
  try {
    const vm = await (await vsphere.machine(title)).inspect(signal);
    const ref = repositoryRef(properties.repository);
    const [known, repository] = await Promise.all([
      repositories.known.at(ref.url),
      repositories.open(ref, 'read'),
    ]);
    const ours = repository?.vm(vm.uuid);
    const seen = known && known.id === repository?.id ? known.generations[vm.uuid] : undefined;
    // A head that can't be read is mended by the next cycle: it hides nothing of what is to be done.
    const unreadable: Failure[] = [];
    const newest = ours && (await ours.newest(one => unreadable.push(one), seen));
    if (!newest && unreadable[0]) throw unreadable[0];
    const suspended = ours && (await failoverOf(repository!, ours));
    if (suspended) return resting(vm, suspended, newest);
    const { disks, warnings } = selectDisks(vm, { exclude: excluded(properties) }, newest?.disks);
    const { leftovers, unclear } = await leftBehind(vm, [ref], repositories, clock);
    const snapshots = leftovers.flatMap(one => one.snapshots);
    warnings.push(...clockSkew(vm, clock), ...snapshots.map(one => isLeft(vm, one)));
    const obstacle = inTheWay(vm, disks, comeAndGo(vm, snapshots, repository));
    // What is in the way is named with its way out.
    warnings.push(...(obstacle ? [obstacle] : unclear));
    const lost = await lostHistory(ref, vm.uuid, known, repository, newest);
    if (lost !== undefined) warnings.push(historyLost(vm, lost));
    else if (newest === undefined) {
      if (!repository && !repositories.isBucketMissing(ref)) warnings.push(beginsAnew(ref));
      return { state: 'absent', object: vm.uuid, warnings };
    }
    if (newest && ours!.headPutBack) warnings.push(headPutBack(vm, newest));
    const unread = ({ diagnostics }: Failure) =>
      warnings.push(...diagnostics.map(one => ({ ...one, severity: 'warning' as const })));
    const damage = newest && (await ours!.damage.read(unread));
    if (damage?.record) warnings.push(...damageKnown(vm, damage.record));
    if (!isPending(damage?.record)) warnings.push(...unreadable.map(one => damageMet(vm, one)));
    const declared = properties.retention;
    const thinning =
      declared &&
      newest &&
      (await retention(repository!, ours!, declared, clock.now() - behind, damage?.record));
    if (thinning) {
      warnings.push(...wouldRemove(vm.name, thinning).map(one => ({ ...one, severity: 'warning' as const })));
      late(id, ref.url.written, thinning.overdue);
    }
    const timetable = timetableOf(properties);
    const rpo = rpoOf(properties);
    // By the clock that dated the point.
    const now = vm.now - behind;
    const due = dueOf({ newest, disks, timetable, rpo, now });
    const isDue = due.due <= now;
    return {
      state: 'present',
      object: vm.uuid,
      value: {
        point: isDue ? 'due' : 'newest',
        ...(isDue && { due }),
        rpo: !newest || now > breachedAfter(timetable, rpo, newest.time) ? 'breached' : 'kept',
        change_tracking: vm.changeTracking ? 'on' : lastingObstacle(vm) === undefined ? 'off' : 'unavailable',
        disks: disks.map(({ label }) => label),
        left_snapshots: snapshots.map(({ name }) => name),
        history: lost === undefined ? 'kept' : 'lost',
        damage: unreadable.length > 0 || isPending(damage?.record) ? 'pending' : 'none',
        ...(thinning && {
          retention: thinning.before ?? {},
          removes: thinning.removes ? thinning.removes.after - thinning.removes.before : 0,
        }),
      },
      shows: { instance_uuid: vm.uuid },
      warnings,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

/** One that runs in AWS: nothing of it is due, and what is wrong with it at home is nobody's trouble. */
const resting = (
  vm: SourceVm,
  suspended: Pause,
  newest: Point | undefined,
): Observation<ProtectedVmState> => ({
  state: 'present',
  object: vm.uuid,
  value: {
    point: 'newest',
    rpo: 'kept',
    change_tracking: vm.changeTracking ? 'on' : 'off',
    disks: (newest?.disks ?? []).map(({ label }) => label),
    left_snapshots: [],
    history: 'kept',
    damage: 'none',
    suspended: { by: suspended.by ?? '', since: suspended.at },
  },
  shows: { instance_uuid: vm.uuid },
  warnings: [isSuspended(vm.name, suspended)],
});

/** Snapshots of ours are in nobody's way: a cycle removes what is left, and a cycle that runs its own. */
const comeAndGo = (
  { uuid, snapshots }: SourceVm,
  left: readonly SourceSnapshot[],
  repository: Repository | undefined,
): SourceSnapshot[] => {
  const own = ({ name }: SourceSnapshot) =>
    repository !== undefined && ownEpoch(name, { vm: uuid, repository: repository.id }) > 0;
  return [...left, ...snapshots.filter(own)];
};

const historyLost = (vm: SourceVm, lost: string): Diagnostic =>
  world('points-lost', `${vm.name}: ${lost}`, { hint: LOST_HINT });

const beginsAnew = ({ url }: RepositoryRef): Diagnostic =>
  world(
    'repository-new',
    `there is no repository at ${url.written}, and this state folder knows of none: the first cycle begins one`,
    { hint: 'if there should be one already, correct the URL or mount the file system first' },
  );
