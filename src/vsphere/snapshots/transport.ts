import type { LimitFunction } from 'p-limit';
import { Failure } from '../../diagnostics/diagnostic.ts';
import type { BlockSource, BlockTarget, SourceSnapshot, Transport } from '../../replication/model/source.ts';
import type { VmDisk } from '../inventory/devices.ts';
import type { InventoryVm } from '../inventory/inventory.ts';
import type { Session } from '../soap/soap-session.ts';
import { isPlainFlat, openDatastoreDisk } from './datastore.ts';
import { openVddkDisk, type VddkLogin } from './vddk.ts';

/** How disks are to be read; as a target declares it. */
export interface Transports {
  wanted: 'auto' | 'datastore' | 'nbd';
  /** Undefined when the target declares no nbdkit. */
  vddk?: VddkLogin;
  /** Bounds how many reads of the datastore's service run at once in the whole session. */
  reads: LimitFunction;
}

/**
 * Whether disks below other snapshots can be read: not over the datastore, which has one file of the chain.
 */
export const readsDeltas = ({ wanted, vddk }: Transports): boolean =>
  vddk !== undefined && wanted !== 'datastore';

/** By which ways disks are read, the later ones where the first one can't be started. */
export const waysOf = ({ wanted, vddk }: Pick<Transports, 'wanted' | 'vddk'>): Transport['name'][] => {
  if (wanted === 'datastore' || vddk === undefined) return ['datastore'];
  return wanted === 'nbd' ? ['nbd'] : ['nbd', 'datastore'];
};

/**
 * Opens the frozen content of a disk, and tells by which way and why. `auto` takes nbdkit when it is
 * declared; what can't be opened there is read from the datastore if that has it in one file.
 *
 * @param snapshot undefined: the disk as it is, of a VM that is off
 * @throws Failure `datastore-unreadable`, `nbdkit-failed` and what else the ways throw
 */
export async function openDisk(
  session: Session,
  vm: InventoryVm,
  snapshot: SourceSnapshot | undefined,
  disk: VmDisk,
  { wanted, vddk, reads }: Transports,
  signal?: AbortSignal,
): Promise<BlockSource> {
  const fromDatastore = async (why?: string): Promise<BlockSource> => ({
    ...(await openDatastoreDisk(session, vm, disk, reads, signal)),
    transport: { name: 'datastore', ...(why !== undefined && { why }) },
  });
  if (wanted === 'datastore' || vddk === undefined) return fromDatastore();
  try {
    const machine = { name: vm.name, moref: vm.moref.value };
    return {
      ...(await openVddkDisk(machine, snapshot, disk, vddk, signal)),
      transport: { name: 'nbd', why: wanted === 'nbd' ? 'the target says so' : 'the target declares nbdkit' },
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (wanted === 'nbd' || !(error instanceof Failure) || !isPlainFlat(disk)) throw error;
    return fromDatastore(`nbdkit did not serve it: ${error.message}`);
  }
}

/**
 * Why ranges of disks can't be written; undefined where they can. vSphere's file service replaces whole files
 * alone, so that it takes VMware's VDDK.
 */
export const whyWholeOnly = ({
  wanted,
  vddk,
}: Pick<Transports, 'wanted' | 'vddk'>): { why: string; hint: string } | undefined => {
  const why = "vSphere's file service replaces whole disks alone";
  if (vddk === undefined)
    return { why, hint: "declare `nbdkit` on the vsphere target: with VMware's VDDK it writes what differs" };
  return wanted === 'datastore'
    ? { why, hint: 'leave out `transport: datastore` of the vsphere target: its nbdkit writes what differs' }
    : undefined;
};

/**
 * Opens a disk whose ranges are to be written, of a VM that is off and has no snapshots. What can't be
 * started is a failure: whoever wants to write little doesn't want to hear that all was written.
 *
 * @throws Failure `nbdkit-failed`, `program-not-started`, `nbd-*`, `datastore-unreadable`
 */
export async function openToWrite(
  vm: InventoryVm,
  disk: VmDisk,
  { vddk }: Transports,
  signal?: AbortSignal,
): Promise<BlockTarget> {
  if (vddk === undefined) throw new RangeError('ranges can not be written without nbdkit');
  const machine = { name: vm.name, moref: vm.moref.value };
  return {
    ...(await openVddkDisk(machine, undefined, disk, vddk, signal, { writable: true })),
    transport: { name: 'nbd' },
  };
}
