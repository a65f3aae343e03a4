import { Failure } from '../../diagnostics/diagnostic.ts';
import type { Point, PointDisk } from '../../replication/model/point.ts';
import {
  ChangeIdRejected,
  type Extent,
  type RestingMachine,
  type SourceDisk,
} from '../../replication/model/source.ts';
import type { HomeChanges } from './differences.ts';

/**
 * What the machine at home has written since the point that was launched from, disk by disk: it may have run
 * on. What can't be known for certain is unknown, with the reason, and its disk is brought home as a whole.
 *
 * @param home undefined: nothing is known of it
 */
export async function changesAtHome(
  home: RestingMachine | undefined,
  point: Point,
  signal?: AbortSignal,
): Promise<Map<number, HomeChanges>> {
  const all = (changes: HomeChanges) => new Map(point.disks.map(({ index }) => [index, changes]));
  if (!home) return all({ unknown: 'no manifest names the vCenter that it is of' });
  try {
    if (home.uuid !== point.vm.uuid) return all({ unknown: 'another VM has its name by now' });
    const { poweredOn, disks } = await home.inspect(signal);
    if (poweredOn) return all({ unknown: 'it runs at home, and goes on changing' });
    const found = new Map<number, HomeChanges>();
    for (const disk of point.disks) found.set(disk.index, await changesOf(disk, disks, home, signal));
    return found;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return all({ unknown: error.diagnostics[0]!.message });
  }
}

async function changesOf(
  disk: PointDisk,
  atHome: readonly SourceDisk[],
  home: RestingMachine,
  signal?: AbortSignal,
): Promise<HomeChanges> {
  const there = atHome.find(({ identity }) => identity === disk.identity);
  if (!there) return { unknown: 'home has another disk in its place' };
  if (there.capacity !== disk.bytes) return { unknown: 'it has another size at home by now' };
  if (disk.changeId === undefined) return { unknown: 'its change tracking was off when the point was made' };
  const areas: Extent[] = [];
  try {
    for (let at = 0; at < there.capacity; ) {
      const page = await home.changedSince(there, at, disk.changeId, signal);
      areas.push(...page.areas);
      at = page.startOffset + page.length;
    }
  } catch (error) {
    if (!(error instanceof Failure && error.cause instanceof ChangeIdRejected)) throw error;
    return { unknown: 'its change tracking was reset since the point was made' };
  }
  return { areas };
}
