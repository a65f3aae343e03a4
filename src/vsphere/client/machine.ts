import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import type {
  FrozenVm,
  SourceDisk,
  SourceMachine,
  SourceSnapshot,
  SourceVm,
} from '../../replication/model/source.ts';
import { readDisks, type VmDisk } from '../inventory/devices.ts';
import type { InventoryVm } from '../inventory/inventory.ts';
import { readMachineRecord } from '../inventory/machine-record.ts';
import { datastoreIn, type Look, lookAt, quiescingOf, readSurroundings } from '../inventory/surroundings.ts';
import { queryChangedAreas } from '../snapshots/changed-areas.ts';
import { whyNotFlat } from '../snapshots/datastore.ts';
import { readSnapshotTree } from '../snapshots/snapshot-tree.ts';
import { createSnapshot, type FrozenRead, removeSnapshot } from '../snapshots/snapshots.ts';
import { openDisk, readsDeltas, type Transports, waysOf } from '../snapshots/transport.ts';
import { explain, faultType } from '../soap/faults.ts';
import { moref } from '../soap/moref.ts';
import { readObject } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { runTask } from '../soap/tasks.ts';
import { child, textAt, type XmlElement } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';

/** Milliseconds for which what was seen counts as seen now. */
const RECENT = 5_000;
const isRecent = (at: number, now: number): boolean => Math.abs(now - at) <= RECENT;

export const VM_PATHS = [
  'name',
  'config.instanceUuid',
  'config.changeTrackingEnabled',
  'config.hardware.device',
  'config.template',
  'config.guestId',
  'config.flags',
  'config.extraConfig',
  'config.files',
  'capability.changeTrackingSupported',
  'runtime.connectionState',
  'runtime.powerState',
  'runtime.consolidationNeeded',
  'snapshot',
];
export const RECONFIGURE_DEADLINE = 10 * 60_000;
const CONSOLIDATE_DEADLINE = 4 * 60 * 60_000;

/**
 * One VM of a vCenter or ESXi host.
 * @param transports how its disks are read
 * @param ahead milliseconds by which the server's clock is ahead of this machine's
 */
export function createMachine(
  session: Session,
  vm: InventoryVm,
  transports: Transports,
  ahead: () => Promise<number>,
): SourceMachine {
  const known = asKnown(readsDeltas(transports));
  const now = () => session.clock.now();
  /** What the newest look brought along, for whoever asks for it right away. */
  let recent: { look: Look; at: number } | undefined;
  /** Those that were there a moment ago, before one is made. */
  let listed: { snapshots: SourceSnapshot[]; at: number } | undefined;
  const look = async (signal?: AbortSignal): Promise<Look> => {
    const look = await lookAt(session, vm, VM_PATHS, signal);
    recent = { look, at: now() };
    listed = { snapshots: readSnapshotTree(look.properties.get('snapshot')), at: now() };
    return look;
  };
  const inspect = async (signal?: AbortSignal) =>
    readVm(session, vm, known, ahead, (await look(signal)).properties);
  /** What was read of a snapshot when it had been made: its configuration changes no more. */
  let made: { moref: string; read: FrozenRead; at: number } | undefined;
  const frozenOf = ({ moref }: SourceSnapshot): FrozenRead | undefined =>
    // The names of its files do, when snapshots below it are removed: nothing is known for long.
    made?.moref === moref && isRecent(made.at, now()) ? made.read : undefined;
  const frozenDisks = async (snapshot: SourceSnapshot, signal?: AbortSignal): Promise<VmDisk[]> => {
    const known = frozenOf(snapshot);
    if (known) return readDisks(child(known.config, 'hardware'));
    const at = moref('VirtualMachineSnapshot', snapshot.moref);
    const read = () => readObject(session, at, ['config.hardware.device'], signal);
    const properties = await explain(`read snapshot '${snapshot.name}' of VM ${vm.name}`, read);
    return readDisks(properties.get('config.hardware.device'));
  };
  return {
    uuid: vm.uuid,
    inspect,
    surroundings: async signal => {
      const seen = recent && isRecent(recent.at, now()) ? recent.look : await look(signal);
      // Whoever asks again wants to know how it is by then.
      recent = undefined;
      return readSurroundings(session, vm, seen, waysOf(transports), signal);
    },
    enableChangeTracking: async signal => enableChangeTracking(session, vm, await inspect(signal), signal),
    createSnapshot: (options, signal) => {
      const before = listed && isRecent(listed.at, now()) ? listed.snapshots : undefined;
      listed = undefined;
      const onRead = (moref: string, read: FrozenRead) => {
        made = { moref, read, at: now() };
      };
      return explain(`create a snapshot of VM ${vm.name}`, () =>
        createSnapshot(session, vm, options, { before, onRead, signal }),
      );
    },
    record: async (snapshot, signal) => {
      if (made?.moref === snapshot.moref) return readMachineRecord(made.read.config, made.read.net);
      const at = moref('VirtualMachineSnapshot', snapshot.moref);
      const [config, guest] = await explain(`read the configuration of VM ${vm.name}`, () =>
        // Whole: to ask an older server for a path that it doesn't know is a fault.
        Promise.all([
          readObject(session, at, ['config'], signal),
          readObject(session, vm.moref, ['guest.net'], signal),
        ]),
      );
      return readMachineRecord(config.get('config'), guest.get('guest.net'));
    },
    frozen: async (snapshot, signal): Promise<FrozenVm> => ({
      snapshot,
      disks: (await frozenDisks(snapshot, signal)).map(known),
    }),
    changedAreas: (snapshot, disk, startOffset, changeId, signal) =>
      queryChangedAreas(session, vm, snapshot, disk, startOffset, changeId, signal),
    open: async (snapshot, disk, signal) => {
      const frozen = (await frozenDisks(snapshot, signal)).find(d => d.key === disk.key);
      if (!frozen || frozen.identity !== disk.identity) throw notFrozen(vm, snapshot, disk);
      return openDisk(session, vm, snapshot, frozen, transports, signal);
    },
    removeSnapshot: (snapshot, signal) => {
      // What was seen of snapshots before is not so any more.
      listed = undefined;
      made = undefined;
      return explain(`remove snapshot '${snapshot.name}' of VM ${vm.name}`, () =>
        removeSnapshot(session, vm, snapshot, signal),
      );
    },
    consolidate: async signal => {
      const doing = `consolidate the disks of VM ${vm.name}`;
      const start = () => session.query({ method: 'ConsolidateVMDisks_Task', self: vm.moref });
      await explain(doing, () =>
        runTask(session, start, { doing, deadline: CONSOLIDATE_DEADLINE, signal, onAbort: 'leave' }),
      );
    },
    isGone: signal =>
      readObject(session, vm.moref, ['name'], signal).then(
        () => false,
        error => faultType(error) === 'ManagedObjectNotFound',
      ),
  };
}

/** What the replication knows of a disk. `deltas`: below snapshots of others it can be read as well. */
export const asKnown =
  (deltas: boolean) =>
  ({ backing, onDelta, ...disk }: VmDisk): SourceDisk => {
    const datastore = datastoreIn(textAt(backing, 'fileName'));
    const notFlat = whyNotFlat(backing);
    return {
      ...disk,
      ...(onDelta && !deltas && { onDelta }),
      ...(datastore !== undefined && { datastore }),
      ...(notFlat !== undefined && { notFlat }),
    };
  };

/** VirtualMachineConnectionState, but for `connected`. */
const whyAway: Readonly<Record<string, string>> = {
  disconnected: 'the host that it runs on is disconnected',
  inaccessible: "its files can't be read at present",
  invalid: 'its configuration is not valid',
  orphaned: 'the host that it ran on knows it no more',
};

/** @param p what was read of the paths in `VM_PATHS` */
export async function readVm(
  session: Session,
  vm: InventoryVm,
  known: (disk: VmDisk) => SourceDisk,
  ahead: () => Promise<number>,
  p: Map<string, XmlElement>,
): Promise<SourceVm> {
  const is = (path: string, value = 'true') => p.get(path)?.text === value;
  const away = whyAway[p.get('runtime.connectionState')?.text ?? ''];
  return {
    moref: vm.moref.value,
    name: vm.name,
    uuid: vm.uuid,
    changeTracking: is('config.changeTrackingEnabled'),
    changeTrackingSupported: is('capability.changeTrackingSupported'),
    poweredOn: is('runtime.powerState', 'poweredOn'),
    ...(is('config.template') && { template: true as const }),
    ...(away !== undefined && { away }),
    quiescing: quiescingOf(p.get('config.guestId')?.text, p.get('config.flags')),
    consolidationNeeded: is('runtime.consolidationNeeded'),
    disks: readDisks(p.get('config.hardware.device'), p.get('config.extraConfig')).map(known),
    snapshots: readSnapshotTree(p.get('snapshot')),
    now: session.clock.now() + (await ahead()),
  };
}

/**
 * Tracking that begins below a snapshot misses what that one holds: none may be there (VMware KB 1020128).
 */
async function enableChangeTracking(
  session: Session,
  vm: InventoryVm,
  now: SourceVm,
  signal?: AbortSignal,
): Promise<void> {
  if (now.changeTracking) return;
  if (!now.changeTrackingSupported) {
    throw new Failure(
      world('change-tracking-unsupported', `VM ${vm.name} does not support change tracking.`, {
        hint: 'It needs virtual hardware version 7 or newer: upgrade it while the VM is off.',
      }),
    );
  }
  if (now.snapshots.length > 0) {
    const names = now.snapshots.map(s => `'${s.name}'`).join(', ');
    throw new Failure(
      blocked(
        'snapshots-in-the-way',
        `Change tracking of VM ${vm.name} can't be enabled while it has snapshots: ${names}.`,
        {
          hint: 'Remove them in vSphere (converge never removes a snapshot it did not make), then run again.',
        },
      ),
    );
  }
  const doing = `enable change tracking of VM ${vm.name}`;
  const start = () =>
    session.query({
      method: 'ReconfigVM_Task',
      self: vm.moref,
      args: [el('spec', [el('changeTrackingEnabled', true)])],
    });
  await explain(doing, () =>
    runTask(session, start, { doing, deadline: RECONFIGURE_DEADLINE, signal, onAbort: 'cancel' }),
  );
}

const notFrozen = (vm: InventoryVm, snapshot: SourceSnapshot, disk: SourceDisk): Failure =>
  new Failure(
    world(
      'disk-not-in-snapshot',
      `Snapshot '${snapshot.name}' of VM ${vm.name} does not hold ${disk.label} (${disk.identity}).`,
      {
        hint: 'The disk was replaced meanwhile; the next cycle sees the new one.',
      },
    ),
  );
