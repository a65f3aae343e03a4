import type { LimitFunction } from 'p-limit';
import { Failure } from '../../diagnostics/diagnostic.ts';
import type { BlockSource, SourceSnapshot } from '../../replication/model/source.ts';
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

/**
 * Opens the frozen content of a disk, and tells by which way and why. `auto` takes nbdkit when it is
 * declared; what can't be started there is read from the datastore if that has it in one file.
 *
 * @throws Failure `datastore-unreadable`, `nbdkit-failed` and what else the ways throw
 */
export async function openDisk(
  session: Session,
  vm: InventoryVm,
  snapshot: SourceSnapshot,
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
    const didNotStart = error instanceof Failure && error.has('nbdkit-failed', 'program-not-started');
    if (wanted === 'nbd' || !didNotStart || !isPlainFlat(disk)) throw error;
    return fromDatastore(`nbdkit did not serve it: ${error.message}`);
  }
}
