import type { Point, PointDisk } from '../../replication/model/point.ts';
import { sha256 } from '../../values/digest.ts';
import type { CloudSnapshot } from '../model/snapshots.ts';

/** Tags of a replica's snapshots: what is known of it is known from these alone. */
export const replicaTags = {
  repository: 'converge:repository',
  vm: 'converge:vm',
  disk: 'converge:disk',
  disks: 'converge:disks',
  point: 'converge:point',
  generation: 'converge:generation',
  parent: 'converge:parent',
  attempt: 'converge:attempt',
} as const;

/** A snapshot of a replica with what its tags say. */
export interface ReplicaSnapshot extends CloudSnapshot {
  identity: string;
  /** How many disks its point has. */
  disks: number;
  point: string;
  generation: number;
  /** Snapshot that it was begun as a child of; '' for none. */
  parent: string;
  attempt: number;
}

export const vmTags = (repository: string, vm: string): Record<string, string> => ({
  [replicaTags.repository]: repository,
  [replicaTags.vm]: vm,
});

/**
 * Undefined for a snapshot whose tags somebody changed, and for one that was taken of a volume and got the
 * tags of a replica: no replica is. Neither is built on, launched from, or removed.
 */
export function readReplica(snapshot: CloudSnapshot): ReplicaSnapshot | undefined {
  const of = (name: keyof typeof replicaTags) => snapshot.tags[replicaTags[name]] ?? '';
  const [disks, generation, attempt] = [of('disks'), of('generation'), of('attempt')].map(Number);
  const sound = [disks, generation, attempt].every(number => Number.isSafeInteger(number));
  if (!sound || !of('disk') || !of('point') || snapshot.ofVolume) return undefined;
  return {
    ...snapshot,
    identity: of('disk'),
    disks: disks!,
    point: of('point'),
    generation: generation!,
    parent: of('parent'),
    attempt: attempt!,
  };
}

/**
 * What a snapshot is started with: the same for the same work, so that whoever goes on finds what was begun.
 */
export function startOf(
  repository: string,
  point: Point,
  disk: PointDisk,
  parent: string | undefined,
  attempt: number,
) {
  const tags = {
    ...vmTags(repository, point.vm.uuid),
    [replicaTags.disk]: disk.identity,
    [replicaTags.disks]: String(point.disks.length),
    [replicaTags.point]: point.id,
    [replicaTags.generation]: String(point.generation),
    [replicaTags.parent]: parent ?? '',
    [replicaTags.attempt]: String(attempt),
    Name: `${point.vm.name} disk ${disk.index}`,
  };
  const gib = gibOf(disk.bytes);
  return {
    gib,
    ...(parent !== undefined && { parent }),
    // EBS takes 255 characters; what the snapshot depends on has no such bound.
    token: sha256(JSON.stringify([tags, gib])),
    description: `${point.vm.name} disk ${disk.index}, point ${point.id}`.slice(0, 255),
    tags,
    timeout: timeoutMinutes,
  };
}

/** A build that died is begun again by the next cycle; by itself it is over after so long. */
const timeoutMinutes = 60;

/** Whole GiB, as volumes have them; the rest is zeros. */
export const gibOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / 2 ** 30));
/** Source: EBS user guide, "Volume size constraints"; StartSnapshotRequest.VolumeSize. */
export const mostGib = 65_536;
