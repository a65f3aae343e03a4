import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ChangedAreas, Extent, SourceDisk, SourceMachine, SourceSnapshot } from '../model/source.ts';
import { normaliseExtents } from './normalise.ts';

/**
 * All areas of `disk` that changed between `changeId` and `snapshot`, each answer normalised by itself: a
 * fragmented disk has more of them than memory should hold. An answer of
 * QueryChangedDiskAreas may be partial, and its list may be empty where a stretch has no changes, so
 * it is asked again until the answers have reached the capacity of the disk as the SNAPSHOT has it;
 * never with an offset at the capacity, which vSphere refuses.
 *
 * @throws Failure `changed-areas-stuck` when an answer doesn't begin where it was asked to or ends
 *   there, `bad-extent` for an area that is not a range, and whatever the machine throws.
 */
export async function* changedExtents(
  machine: SourceMachine,
  snapshot: SourceSnapshot,
  disk: SourceDisk,
  changeId: string,
  signal?: AbortSignal,
): AsyncGenerator<Extent[]> {
  for (let offset = 0; offset < disk.capacity; ) {
    const page = await machine.changedAreas(snapshot, disk, offset, changeId, signal);
    if (page.startOffset !== offset || !Number.isSafeInteger(page.length) || page.length <= 0)
      throw stuck(disk, offset, page);
    yield normaliseExtents(page.areas, disk.capacity);
    offset += page.length;
  }
}

const stuck = (disk: SourceDisk, offset: number, page: ChangedAreas): Failure =>
  new Failure(
    world(
      'changed-areas-stuck',
      `asked for the changed areas of ${disk.label} from byte ${offset}, the answer covers ${page.length} bytes from ${page.startOffset}; expected it to begin there and to move on`,
      { hint: 'request a full comparison of the VM' },
    ),
  );
