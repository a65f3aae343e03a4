import { parseChangeId } from '../../disks/change-id.ts';
import { ChangeIdRefused } from '../../disks/disk.ts';
import type { Range } from '../../disks/granule.ts';
import type { Session } from '../inventory/sessions.ts';
import { invalidArgument, noPermission, notFound, VimFault } from '../soap/faults.ts';
import { data, list, long, type Ref, ref, text, type Value } from '../soap/vim.ts';
import { childOf, childrenOf, flagOf, integerOf, refOf, required, textOf } from '../soap/xml-reader.ts';
import { filePath, plainHardware, type VmState } from '../world/state.ts';
import { extraOf } from './import.ts';
import type { Call, Method, Vcenter } from './method.ts';

type InSession = Call & { session: Session };

const PAGE_AREAS = 2000;

function vmOf({ inventory }: Vcenter, { self }: Call): VmState {
  const found = inventory.vm(self);
  if (!found) throw notFound(self);
  return found;
}

function snapshotOf({ inventory }: Vcenter, self: Ref) {
  const found = inventory.snapshot(self);
  if (!found) throw notFound(self);
  return found;
}

function needPrivilege({ rules }: Vcenter, entity: Ref, privilege: string): void {
  if (rules.all('missing-privilege').some(rule => rule.privilege === privilege))
    throw noPermission(entity, privilege);
}

function task(
  vcenter: Vcenter,
  call: InSession,
  vm: VmState,
  descriptionId: string,
  work: () => Promise<Value | undefined>,
): Ref {
  return vcenter.tasks.start({
    method: call.method,
    descriptionId,
    entity: ref('VirtualMachine', vm.id),
    entityName: vm.name,
    user: call.session.userName,
    work,
  });
}

const stateFault = (vm: VmState, wanted: string) =>
  new VimFault(
    'InvalidPowerState',
    `The attempted operation cannot be performed in the current state (${vm.powerState}).`,
    {
      requestedState: text(wanted),
      existingState: text(vm.powerState),
    },
  );

const removal = (vcenter: Vcenter, vm: VmState, ids: string[]) =>
  vcenter.machines.removeSnapshots(vm, ids, { consolidate: !vcenter.rules.strike('consolidation-needed') });

export const vmMethods: Record<string, Method> = {
  ReconfigVM_Task(vcenter, call) {
    const vm = vmOf(vcenter, call);
    const spec = childOf(call.args, 'spec');
    if (!spec) throw invalidArgument('spec');
    const changeTracking = flagOf(spec, 'changeTrackingEnabled');
    const name = textOf(spec, 'name');
    const known = new Set(['changeTrackingEnabled', 'name', 'extraConfig', 'bootOptions']);
    const other = spec.children.find(child => !known.has(child.name));
    if (other) throw new VimFault('NotSupported', `The lab can't reconfigure ${other.name}.`);
    if (changeTracking !== undefined)
      needPrivilege(vcenter, call.self, 'VirtualMachine.Config.ChangeTracking');
    return task(vcenter, call, vm, 'VirtualMachine.reconfigure', async () => {
      const boot = childOf(spec, 'bootOptions');
      const order = boot && childrenOf(boot, 'bootOrder').flatMap(one => integerOf(one, 'deviceKey') ?? []);
      const extra = extraOf(spec);
      await vcenter.machines.configure(vm, {
        ...(changeTracking !== undefined && { changeTracking }),
        ...(name && { name }),
        ...(Object.keys(extra).length > 0 && { extra: { ...vm.extra, ...extra } }),
        ...(order && { hardware: { ...plainHardware, ...vm.hardware, bootOrder: order } }),
      });
      return undefined;
    });
  },
  Rename_Task(vcenter, call) {
    const vm = vmOf(vcenter, call);
    const name = required(call.args, 'newName');
    return task(vcenter, call, vm, 'ManagedEntity.rename', async () => {
      await vcenter.machines.configure(vm, { name });
      return undefined;
    });
  },
  Destroy_Task(vcenter, call) {
    const vm = vmOf(vcenter, call);
    needPrivilege(vcenter, call.self, 'VirtualMachine.Inventory.Delete');
    if (vm.powerState !== 'poweredOff') throw stateFault(vm, 'poweredOff');
    if (vm.importing)
      throw new VimFault('TaskInProgress', 'The operation is not allowed in the current state.');
    return task(vcenter, call, vm, 'VirtualMachine.destroy', async () => {
      await vcenter.machines.removeVm(vm);
      return undefined;
    });
  },
  PowerOnVM_Task: (vcenter, call) => power(vcenter, call, true),
  PowerOffVM_Task: (vcenter, call) => power(vcenter, call, false),
  ShutdownGuest(vcenter, call) {
    const vm = vmOf(vcenter, call);
    needPrivilege(vcenter, call.self, 'VirtualMachine.Interact.PowerOff');
    if (vm.powerState !== 'poweredOn') throw stateFault(vm, 'poweredOff');
    // The answer comes at once, and the guest takes its time; one that hangs never ends.
    if (vcenter.rules.strike('guest-hangs')) return undefined;
    return vcenter.machines.setPower(vm, 'poweredOff').then(() => undefined);
  },
  CreateSnapshot_Task(vcenter, call) {
    const vm = vmOf(vcenter, call);
    needPrivilege(vcenter, call.self, 'VirtualMachine.State.CreateSnapshot');
    const name = required(call.args, 'name');
    const description = textOf(call.args, 'description') ?? '';
    const quiesce = (flagOf(call.args, 'quiesce') ?? false) && vm.powerState === 'poweredOn';
    return task(vcenter, call, vm, 'VirtualMachine.createSnapshot', async () => {
      if (quiesce && vcenter.rules.strike('quiesce-fails')) {
        throw new VimFault(
          'ApplicationQuiesceFault',
          'An error occurred while quiescing the virtual machine. See the virtual machine’s event log for details.',
        );
      }
      const onDelta = quiesce && vcenter.rules.strike('quiesced-delta') !== undefined;
      const made = await vcenter.machines.createSnapshot(vm, { name, description, quiesce, onDelta });
      return ref('VirtualMachineSnapshot', made.id);
    });
  },
  RemoveSnapshot_Task(vcenter, call) {
    const { vm, snapshot } = snapshotOf(vcenter, call.self);
    needPrivilege(vcenter, ref('VirtualMachine', vm.id), 'VirtualMachine.State.RemoveSnapshot');
    const below = flagOf(call.args, 'removeChildren') ?? false;
    return task(vcenter, call, vm, 'vm.Snapshot.remove', async () => {
      const ids = new Set([snapshot.id]);
      if (below) for (const one of vm.snapshots) if (one.parent && ids.has(one.parent)) ids.add(one.id);
      await removal(vcenter, vm, [...ids]);
      return undefined;
    });
  },
  RemoveAllSnapshots_Task(vcenter, call) {
    const vm = vmOf(vcenter, call);
    needPrivilege(vcenter, call.self, 'VirtualMachine.State.RemoveSnapshot');
    return task(vcenter, call, vm, 'VirtualMachine.removeAllSnapshots', async () => {
      await removal(
        vcenter,
        vm,
        vm.snapshots.map(one => one.id),
      );
      return undefined;
    });
  },
  ConsolidateVMDisks_Task(vcenter, call) {
    const vm = vmOf(vcenter, call);
    needPrivilege(vcenter, call.self, 'VirtualMachine.State.RemoveSnapshot');
    return task(vcenter, call, vm, 'VirtualMachine.consolidateDisks', async () => {
      await vcenter.machines.consolidate(vm);
      return undefined;
    });
  },
  QueryChangedDiskAreas: queryChangedDiskAreas,
};

function power(vcenter: Vcenter, call: InSession, on: boolean): Ref {
  const vm = vmOf(vcenter, call);
  const wanted = on ? 'poweredOn' : 'poweredOff';
  return task(vcenter, call, vm, `VirtualMachine.power${on ? 'On' : 'Off'}`, async () => {
    if (vm.powerState === wanted) throw stateFault(vm, wanted);
    await vcenter.machines.setPower(vm, wanted);
    return undefined;
  });
}

async function queryChangedDiskAreas(vcenter: Vcenter, call: InSession): Promise<Value> {
  const vm = vmOf(vcenter, call);
  needPrivilege(vcenter, call.self, 'VirtualMachine.Provisioning.DiskRandomRead');
  const snapshotRef = refOf(call.args, 'snapshot');
  const snapshot = snapshotRef && snapshotOf(vcenter, snapshotRef);
  if (snapshot && snapshot.vm !== vm) throw invalidArgument('snapshot');
  if (!snapshot && vm.powerState === 'poweredOn') throw stateFault(vm, 'poweredOff');
  const deviceKey = integerOf(call.args, 'deviceKey');
  const state = (snapshot?.snapshot.disks ?? vm.disks).find(one => one.key === deviceKey);
  if (!state) throw invalidArgument('deviceKey');
  const disk = vcenter.machines.disk(state.uuid);
  const frozen =
    snapshot && disk.snapshots().includes(snapshot.snapshot.id) && disk.frozen(snapshot.snapshot.id);
  if (snapshot && !frozen) throw invalidArgument('deviceKey');
  const view = frozen || { capacity: disk.capacity(), layers: disk.layers() };
  const startOffset = integerOf(call.args, 'startOffset') ?? -1;
  if (startOffset < 0 || startOffset >= view.capacity) throw invalidArgument('startOffset');
  const fileFault = (type: string) =>
    new VimFault(type, `Error caused by file ${filePath(vm, state, view.layers.at(-1)!)}`, {
      file: text(filePath(vm, state, view.layers.at(-1)!)),
    });
  const failing = vcenter.rules.strike('fail-query');
  if (failing) throw fileFault(failing.fault ?? 'FileFault');
  const changeId = required(call.args, 'changeId');
  const since = changeId === '*' ? '*' : parseChangeId(changeId);
  if (!since) throw invalidArgument('changeId');
  const limits = {
    areas: vcenter.rules.all('page-limit').at(-1)?.areas ?? PAGE_AREAS,
    span: vcenter.rules.all('page-span').at(-1)?.bytes ?? Number.POSITIVE_INFINITY,
  };
  const page = await disk.changedAreas(snapshot?.snapshot.id, since, startOffset, limits).catch(error => {
    throw error instanceof ChangeIdRefused ? fileFault('FileFault') : error;
  });
  if (page.areas.length > 0 && vcenter.rules.strike('cbt-lies')) page.areas.shift();
  const piece = vcenter.rules.all('coarse').at(-1)?.bytes;
  const areas = piece === undefined ? page.areas : inPieces(page, piece);
  return data('DiskChangeInfo', {
    startOffset: long(page.startOffset),
    length: long(page.length),
    changedArea: list(
      'DiskChangeExtent',
      areas.map(one => data('DiskChangeExtent', { start: long(one.start), length: long(one.length) })),
    ),
  });
}

/** Rounded out to whole pieces within the page, as the coarser maps of older hosts are. */
function inPieces(page: { startOffset: number; length: number; areas: Range[] }, piece: number): Range[] {
  const end = page.startOffset + page.length;
  const found = new Map<number, Range>();
  for (const { start, length } of page.areas)
    for (let at = Math.floor(start / piece) * piece; at < start + length; at += piece) {
      const from = Math.max(at, page.startOffset);
      found.set(from, { start: from, length: Math.min(at + piece, end) - from });
    }
  return [...found.values()];
}
