import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import {
  type ChangedAreas,
  ChangeIdRejected,
  type SourceDisk,
  type SourceSnapshot,
} from '../../replication/model/source.ts';
import { malformed, safeInteger } from '../http/malformed.ts';
import { faultFailure, VimFault } from '../soap/faults.ts';
import { type Moref, moref, ref } from '../soap/moref.ts';
import type { Session } from '../soap/soap-session.ts';
import { childrenNamed, textAt, type XmlElement } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';

/** A large disk's map is computed while the connection waits. Milliseconds. */
const TIMEOUT = 10 * 60_000;
const WHAT = 'QueryChangedDiskAreas';

/**
 * One page of the areas that changed between `changeId` and the snapshot. The page may end before
 * the disk does, and may hold no area: ask again from `startOffset + length` while that is below
 * the capacity of the snapshot's disk, never at it (InvalidArgument). Without a snapshot it is that of the
 * disk as it is now, which vSphere tells of a VM that is switched off alone.
 * @throws Failure `vsphere-change-id-rejected`, with ChangeIdRejected as its cause, when the disk has
 * to be read in full
 */
export async function queryChangedAreas(
  session: Session,
  vm: { moref: Moref; name: string },
  snapshot: SourceSnapshot | undefined,
  disk: SourceDisk,
  startOffset: number,
  changeId: string,
  signal?: AbortSignal,
): Promise<ChangedAreas> {
  try {
    const call = {
      method: WHAT,
      self: vm.moref,
      args: [
        ...(snapshot ? [ref('snapshot', moref('VirtualMachineSnapshot', snapshot.moref))] : []),
        el('deviceKey', disk.key),
        el('startOffset', startOffset),
        el('changeId', changeId),
      ],
      timeout: TIMEOUT,
      signal,
    };
    const [answer] = await session.query(call, 'bulk');
    return readPage(answer, startOffset);
  } catch (error) {
    if (!(error instanceof VimFault)) throw error;
    const doing = `tell what changed on ${disk.label} of VM ${vm.name}`;
    throw isRejection(error) ? rejected(error, doing) : faultFailure(error, doing);
  }
}

function readPage(answer: XmlElement | undefined, asked: number): ChangedAreas {
  const number = (of: XmlElement | undefined, field: string) => safeInteger(textAt(of, field), WHAT, field);
  const startOffset = number(answer, 'startOffset');
  const length = number(answer, 'length');
  if (startOffset !== asked) throw malformed(WHAT, `it starts at ${startOffset}, asked was ${asked}`);
  if (length === 0) throw malformed(WHAT, `it speaks of no byte from ${asked} on`);
  const areas = childrenNamed(answer, 'changedArea').map(a => ({
    start: number(a, 'start'),
    length: number(a, 'length'),
  }));
  return { startOffset, length, areas };
}

/** FileFault and its kinds, by name: what a server says when the tracking file doesn't fit the change id. */
const FILE_FAULTS = new Set([
  'FileFault',
  'FileNotFound',
  'FileLocked',
  'CannotAccessFile',
  'InvalidDatastorePath',
]);

/**
 * A wrong `startOffset` or `deviceKey` is a mistake of the asker; any other argument fault is about the id.
 */
function isRejection(fault: VimFault): boolean {
  if (FILE_FAULTS.has(fault.type)) return true;
  if (fault.type !== 'InvalidArgument') return false;
  const property = textAt(fault.detail, 'invalidProperty') ?? '';
  return !/startOffset|deviceKey|snapshot/i.test(property);
}

const rejected = (fault: VimFault, doing: string): Failure =>
  new Failure(
    world(
      'vsphere-change-id-rejected',
      own`vSphere could not ${doing}: it does not accept the change id any more (${fault.type}).`,
      {
        hint: own`The disk has to be read in full once. This follows a power loss, a revert, or a reset of change tracking.`,
      },
    ),
    { cause: new ChangeIdRejected(fault.message, { cause: fault }) },
  );
