import pLimit from 'p-limit';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Asked, Id, Observation } from '../../engine/model/resource-type.ts';
import { parseDuration, parseSchedule } from '../../io/duration.ts';
import { selectDisks } from '../../replication/cycle/preflight.ts';
import { lastingObstacle } from '../../replication/cycle/prepare.ts';
import type { Repositories } from '../../replication/model/clients.ts';
import { newestPoint } from '../../replication/model/newest-point.ts';
import type { Point } from '../../replication/model/repository.ts';
import type { SourceDisk } from '../../replication/model/source.ts';
import type { VsphereClient } from '../../vsphere/client/connect.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import type { ProtectedVmProperties, ProtectedVmState } from './protection.ts';
import { excluded } from './replicate.ts';

const inFlight = 8;

/**
 * A scheduler that fires each interval finds a point that is younger by the seconds which its snapshot
 * took to come about. Without this thirtieth of the interval it would make every second point only.
 */
const earliness = 30;

/** Looks at VMs and their newest points; one that can't be seen fails by itself, a target for all. */
export async function observeProtection(
  asked: Asked<ProtectedVmProperties>[],
  io: ReadIo,
): Promise<Map<Id, Observation<ProtectedVmState>>> {
  const vsphere = await io.client('vsphere');
  const repositories = await io.client('repositories');
  const limit = pLimit(inFlight);
  const seen = asked.map(one =>
    limit(async () => [one.id, await observeOne(one, vsphere, repositories, io)] as const),
  );
  return new Map(await Promise.all(seen));
}

async function observeOne(
  { title, properties }: Asked<ProtectedVmProperties>,
  vsphere: VsphereClient,
  repositories: Repositories,
  { clock, signal }: ReadIo,
): Promise<Observation<ProtectedVmState>> {
  try {
    const vm = await (await vsphere.machine(title)).inspect(signal);
    const repository = await repositories.open(repositoryRef(properties.repository), 'read');
    const newest = repository && (await newestPoint(repository.vm(vm.uuid)));
    const { disks, warnings } = selectDisks(vm, { exclude: excluded(properties) }, newest?.disks);
    if (newest === undefined) return { state: 'absent', object: vm.uuid, warnings };
    const interval = parseSchedule(properties.schedule)!;
    const age = clock.now() - newest.time;
    // A point from the future says nothing about the present.
    const inTime = age < interval - interval / earliness && age > -interval;
    return {
      state: 'present',
      object: vm.uuid,
      value: {
        point: inTime && holdsThese(newest, disks) ? 'newest' : 'due',
        rpo: age > longestAge(properties) ? 'breached' : 'kept',
        change_tracking: vm.changeTracking ? 'on' : lastingObstacle(vm) === undefined ? 'off' : 'unavailable',
        disks: disks.map(({ label }) => label),
      },
      warnings,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

/** Milliseconds that the newest point may be old, of properties that were checked as an identity. */
const longestAge = ({ schedule, rpo }: ProtectedVmProperties): number =>
  rpo === undefined ? 2 * parseSchedule(schedule)! : parseDuration(rpo)!;

/** Whether the point holds exactly these disks in their present size. */
const holdsThese = (point: Point, disks: SourceDisk[]): boolean =>
  point.disks.length === disks.length &&
  disks.every(disk =>
    point.disks.some(held => held.identity === disk.identity && held.bytes === disk.capacity),
  );
