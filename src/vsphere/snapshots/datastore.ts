import type { LimitFunction } from 'p-limit';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Patience } from '../../io/retry.ts';
import type { BlockSource } from '../../replication/model/source.ts';
import type { VmDisk } from '../inventory/devices.ts';
import { explain } from '../soap/faults.ts';
import type { Session } from '../soap/soap-session.ts';
import { child, textAt, type XmlElement, xsiType } from '../soap/xml.ts';
import { readRange } from './range.ts';

/** vCenter's file service fails to allocate for larger reads (seen as NFC error 5). Bytes. */
const LARGEST_READ = 2 * 1024 * 1024;

/**
 * Opens the frozen content of a disk through the datastore's file service. Only a flat extent that
 * a snapshot holds still may be read so: the file name comes from the snapshot's own backing, which
 * must have no parent, and the file must be exactly as long as the disk.
 * @param disk as the snapshot's config describes it
 * @throws Failure `datastore-unreadable` with the reason
 */
export async function openDatastoreDisk(
  session: Session,
  vm: { name: string; datacenter: string },
  disk: VmDisk,
  reads: LimitFunction,
  signal?: AbortSignal,
): Promise<BlockSource> {
  const of = diskOf(vm.name, disk);
  const path = flatUrl(disk, vm.datacenter, of);
  const size = disk.capacity;
  const fill = (target: Buffer, start: number, patience: Patience, signal?: AbortSignal) =>
    reads(() =>
      explain(`let ${of} be read`, () =>
        session.replaying(
          () => readRange(session, { path, of, start, target, size }, signal),
          signal,
          patience,
        ),
      ),
    );
  if (size > 0) await fill(Buffer.alloc(1), 0, 'quick', signal);
  return {
    size,
    readInto: async (target, offset, signal) => {
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + target.length > size) {
        throw new RangeError(`read of ${target.length} bytes at ${offset} from a disk of ${size}`);
      }
      const parts: Promise<void>[] = [];
      for (let at = 0; at < target.length; at += LARGEST_READ)
        parts.push(fill(target.subarray(at, at + LARGEST_READ), offset + at, 'bulk', signal));
      await Promise.all(parts);
    },
    close: async () => {},
  };
}

/** "Hard disk 1 of VM dc02", for messages. */
export const diskOf = (vm: string, { label }: VmDisk): string => `${label} of VM ${vm}`;

/** Whether its frozen content is a flat file in plain text, which the file service can give. */
export const isPlainFlat = ({ backing }: VmDisk): boolean =>
  whyNotFlat(backing) === undefined && !child(backing, 'parent');

/** Why the file service can't give a disk, as a clause, whatever snapshots it is below. */
export function whyNotFlat(backing: XmlElement): string | undefined {
  const kind = xsiType(backing) ?? 'unknown';
  if (kind !== 'VirtualDiskFlatVer2BackingInfo') return `its backing is ${kind}, not a flat file`;
  if (child(backing, 'keyId')) return 'it is encrypted, and the file service gives ciphertext';
  return undefined;
}

/** `/folder/vm/vm-flat.vmdk?dcPath=...&dsName=...` of `[datastore] vm/vm.vmdk`. */
export function flatUrl(disk: VmDisk, datacenter: string, of: string): string {
  const { backing } = disk;
  const notFlat = whyNotFlat(backing);
  const name = textAt(backing, 'fileName') ?? '';
  if (disk.unprotectable) throw unreadable(of, disk.unprotectable);
  if (notFlat) throw unreadable(of, notFlat);
  if (child(backing, 'parent')) {
    throw unreadable(of, `its frozen state ${name} is a delta on another file; other snapshots are below it`);
  }
  const parts = /^\[([^\]]+)\] (.+)\.vmdk$/.exec(name);
  if (!parts || parts[2]!.split('/').includes('..'))
    throw unreadable(of, `'${name}' is not a datastore path of a disk`);
  const file = `${parts[2]}-flat.vmdk`.split('/').map(encodeURIComponent).join('/');
  return `/folder/${file}?dcPath=${encodeURIComponent(datacenter)}&dsName=${encodeURIComponent(parts[1]!)}`;
}

const unreadable = (of: string, why: string): Failure =>
  new Failure(
    world('datastore-unreadable', own`${of} can't be read over the datastore's HTTPS service: ${why}.`, {
      hint: own`Declare \`nbdkit\` on the vsphere target, which reads every kind of disk; or remove other snapshots of the VM if there are any; or exclude the disk.`,
    }),
  );
