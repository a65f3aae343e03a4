import { Failure } from '../../diagnostics/diagnostic.ts';
import { Unreadable } from '../../recovery/readiness/bytes/disk-bytes.ts';
import type { Facts } from '../../recovery/readiness/facts.ts';
import { isKnown, type KnownDisk, lookAt } from '../../recovery/readiness/known-disk.ts';
import { bootDiskKey, guestFamily } from '../../replication/model/machine.ts';
import type { Point, PointDisk } from '../../replication/model/point.ts';
import type { Repository, VmRepository } from '../../replication/model/repository.ts';
import type { Recovering } from './open/with-declared.ts';

/** Disks of a point, how many of them were the same as before, and bytes that were read of them. */
export interface DisksLooked {
  count: number;
  bytes: number;
  asBefore: number;
  read: number;
  facts: Facts['disks'];
}

/**
 * Looks at each disk of a point, and remembers what it found with the blocks that it found it in.
 *
 * @param vm given where it was the one that read the point: it needn't be read again
 */
export async function lookAtDisks(
  recovering: Recovering,
  repository: Repository,
  point: Point,
  signal: AbortSignal,
  vm: VmRepository = repository.vm(point.vm.uuid),
): Promise<DisksLooked> {
  const { memory, key, before } = await remembered(recovering, repository, point);
  const after: Record<string, KnownDisk> = {};
  const facts: Record<number, Facts['disks'][number]> = {};
  let [asBefore, read] = [0, 0];
  for (const disk of point.disks)
    try {
      const reader = await vm.reader(point, disk);
      const looked = await lookAt(reader, disk, kindOf(point, disk), before[disk.identity], signal);
      after[disk.identity] = looked.known;
      facts[disk.index] = looked.known.facts;
      read += looked.read.bytes;
      if (looked.known === before[disk.identity]) asBefore++;
    } catch (error) {
      facts[disk.index] = unreadOf(error, signal);
    }
  if (asBefore < point.disks.length) await memory.set(key, after);
  const bytes = point.disks.reduce((sum, one) => sum + one.bytes, 0);
  return { count: point.disks.length, bytes, asBefore, read, facts };
}

/** What was found before of the very blocks of a point. None of them is read. */
export async function knownOfDisks(
  recovering: Recovering,
  repository: Repository,
  point: Point,
  signal: AbortSignal,
): Promise<Facts['disks']> {
  const { before } = await remembered(recovering, repository, point);
  const vm = repository.vm(point.vm.uuid);
  const facts: Record<number, Facts['disks'][number]> = {};
  for (const disk of point.disks) {
    const known = before[disk.identity];
    if (!known) continue;
    try {
      const reader = await vm.reader(point, disk);
      if (await isKnown(reader, disk, kindOf(point, disk), known, signal)) facts[disk.index] = known.facts;
    } catch (error) {
      facts[disk.index] = unreadOf(error, signal);
    }
  }
  return facts;
}

async function remembered({ memory: of }: Recovering, { id }: Repository, { vm }: Point) {
  const memory = await of('readiness');
  const key = `${id}/${vm.uuid}`;
  return { memory, key, before: (memory.get(key) ?? {}) as Record<string, KnownDisk> };
}

const kindOf = ({ machine }: Point, { key }: PointDisk) => ({
  boot: machine !== undefined && key === bootDiskKey(machine),
  linux: machine !== undefined && guestFamily(machine) === 'linux',
});

/** What keeps a disk from being read is an answer about it. */
function unreadOf(error: unknown, signal: AbortSignal): { unread: string } {
  signal.throwIfAborted();
  if (error instanceof Unreadable) return { unread: error.message };
  if (error instanceof Failure) return { unread: error.diagnostics[0]!.message };
  throw error;
}
