import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { RestingMachine, SourceDisk } from '../../replication/model/source.ts';
import { readDisks, type VmDisk } from '../inventory/devices.ts';
import type { InventoryVm } from '../inventory/inventory.ts';
import { lookAt } from '../inventory/surroundings.ts';
import { queryChangedAreas } from '../snapshots/changed-areas.ts';
import { flatUrl } from '../snapshots/datastore.ts';
import { openDisk, openToWrite, readsDeltas, type Transports, whyWholeOnly } from '../snapshots/transport.ts';
import { explain, faultType } from '../soap/faults.ts';
import { readObject } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { runTask } from '../soap/tasks.ts';
import { el } from '../soap/xml-writer.ts';
import { asKnown, RECONFIGURE_DEADLINE, readVm, VM_PATHS } from './machine.ts';

/**
 * A VM that is put to rest, and something brought back to its disks: ranges of them with VMware's own VDDK,
 * else as whole files.
 */
export function createResting(
  session: Session,
  vm: InventoryVm,
  transports: Transports,
  ahead: () => Promise<number>,
): RestingMachine {
  const wholeOnly = whyWholeOnly(transports);
  const diskNow = async (disk: SourceDisk, signal?: AbortSignal): Promise<VmDisk> => {
    const read = () => readObject(session, vm.moref, ['config.hardware.device'], signal);
    const properties = await explain(`read VM ${vm.name}`, read);
    const found = readDisks(properties.get('config.hardware.device')).find(
      ({ identity }) => identity === disk.identity,
    );
    if (found) return found;
    throw new Failure(
      world('home-in-the-way', `VM ${vm.name} hasn't ${disk.label} any more`, {
        hint: 'somebody changes it at the same time: run again once that has ended',
      }),
    );
  };
  return {
    uuid: vm.uuid,
    inspect: async signal => {
      const { properties } = await lookAt(session, vm, VM_PATHS, signal);
      return readVm(session, vm, asKnown(readsDeltas(transports)), ahead, properties);
    },
    shutDown: async signal => {
      // Asked again after a lost answer it may be off already.
      const call = { method: 'ShutdownGuest', self: vm.moref, signal };
      await explain(`shut down the guest of VM ${vm.name}`, () =>
        session.query(call).catch(error => {
          if (faultType(error) !== 'InvalidPowerState') throw error;
        }),
      );
    },
    changedSince: (disk, startOffset, changeId, signal) =>
      queryChangedAreas(session, vm, undefined, disk, startOffset, changeId, signal),
    open: async (disk, signal) =>
      openDisk(session, vm, undefined, await diskNow(disk, signal), transports, signal),
    ...(wholeOnly && { wholeOnly }),
    openToWrite: async (disk, signal) => openToWrite(vm, await diskNow(disk, signal), transports, signal),
    async replace(disk, bytes, signal) {
      const of = `${disk.label} of VM ${vm.name}`;
      const path = flatUrl(await diskNow(disk, signal), vm.datacenter, of);
      const answer = await session.put({ path, content: { length: disk.capacity, bytes }, signal });
      answer.discard();
      if (answer.status < 200 || answer.status > 299) throw notWritten(of, answer.status);
    },
    async endTracking(signal) {
      const doing = `end change tracking of VM ${vm.name}`;
      const start = () =>
        session.query({
          method: 'ReconfigVM_Task',
          self: vm.moref,
          args: [el('spec', [el('changeTrackingEnabled', false)])],
        });
      await explain(doing, () =>
        runTask(session, start, { doing, deadline: RECONFIGURE_DEADLINE, signal, onAbort: 'cancel' }),
      );
    },
  };
}

const notWritten = (of: string, status: number): Failure =>
  new Failure(
    world('home-write-failed', own`the datastore's HTTPS service did not take ${of} (HTTP ${status}).`, {
      hint:
        status === 401 || status === 403
          ? own`Give the user Datastore.FileManagement (low level file operations) on that datastore, and run again.`
          : own`Keep the VM switched off and without snapshots, and run again: the disk is written anew.`,
    }),
  );
