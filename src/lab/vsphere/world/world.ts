import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import { diskSize, imageSize } from '../../disks/image.ts';
import type { DiskContent, Machines } from './machines.ts';
import type { FaultRule, Rules } from './rules.ts';
import {
  type DiskMode,
  type DiskState,
  type FolderState,
  filePath,
  type Hardware,
  type PowerState,
  VM_FOLDER,
  type VmState,
} from './state.ts';

/** A disk is an image's size and content, or so many zero bytes. */
export type NewDisk = ({ image: string } | { bytes: number }) & { mode?: DiskMode };

export interface VmInfo {
  name: string;
  /** instanceUuid. */
  uuid: string;
  moref: string;
  powerState: PowerState;
  /** Below the datacenter's VM folder: `Production/web`; '' is that itself. */
  folder: string;
  /** `category/name`. */
  tags: string[];
  changeTracking: boolean;
  consolidationNeeded: boolean;
  disks: { index: number; key: number; bytes: number; file: string; changeId?: string }[];
  /** Names, oldest first. */
  snapshots: string[];
}

/**
 * The world's events: what guests, administrators and mishaps do to the lab's VMs. `vm` is a name, an
 * instance UUID or a managed object id. All throw a Failure for a VM, disk or snapshot that isn't there.
 */
export interface VsphereWorld {
  vms(): VmInfo[];
  addVm(spec: {
    name: string;
    disks: NewDisk[];
    uuid?: string;
    folder?: string;
    tags?: string[];
    hardware?: Partial<Hardware>;
  }): Promise<VmInfo>;
  removeVm(vm: string): Promise<void>;
  addDisk(vm: string, disk: NewDisk): Promise<VmInfo>;
  removeDisk(vm: string, index: number): Promise<VmInfo>;
  /** Makes a disk equal to a raw image; `changedBytes` counts the whole 64 KiB blocks that differed. */
  setDisk(vm: string, index: number, imagePath: string): Promise<{ changedBytes: number }>;
  /** What the guest writes. */
  write(vm: string, index: number, offset: number, bytes: Buffer): Promise<void>;
  read(vm: string, index: number, offset: number, length: number): Promise<Buffer>;
  grow(vm: string, index: number, bytes: number): Promise<void>;
  addSnapshot(vm: string, name: string): Promise<void>;
  removeSnapshot(vm: string, name: string): Promise<void>;
  /** Change tracking starts a new epoch: earlier change ids are refused. */
  resetCbt(vm: string): Promise<void>;
  /** The host lost power and the VM was started again: tracking can't be trusted, so a new epoch begins. */
  powerCut(vm: string): Promise<void>;
  setPower(vm: string, to: PowerState): Promise<void>;
  /** Storage vMotion; `epoch`: change tracking doesn't survive it. */
  relocate(vm: string, options?: { epoch: boolean }): Promise<void>;
  /** An administrator goes back to the newest snapshot. */
  revert(vm: string): Promise<void>;
  setTemplate(vm: string, is: boolean): Promise<void>;
  /** An administrator switches change tracking; it takes effect when the VM stands still. */
  setTracking(vm: string, on: boolean): Promise<void>;
  rename(vm: string, name: string): Promise<void>;
  /** The folder is below the datacenter's VM folder; it is made when it isn't there. */
  moveVm(vm: string, folder: string): Promise<VmInfo>;
  /** `name` or `category/name`; whether the VM had it not, or had it, before. */
  tag(vm: string, tag: string): Promise<boolean>;
  untag(vm: string, tag: string): Promise<boolean>;
  fault(rule: FaultRule): void;
  /** The faults that didn't strike yet. */
  waitingFaults(): FaultRule[];
}

export function createWorld(machines: Machines, rules: Rules, endSessions: () => void): VsphereWorld {
  const find = (word: string): VmState => findVm(machines.state.vms, word);
  const diskOf = (vm: VmState, index: number): DiskState => {
    const found = vm.disks[index];
    if (found) return found;
    const has = vm.disks.length === 0 ? 'no disks' : `disks 0 to ${vm.disks.length - 1}`;
    throw new Failure(given('disk-not-found', `${vm.name} has no disk ${index}: it has ${has}`));
  };
  const refuseGrowth = (vm: VmState, index: number, bytes: number) => {
    if (vm.snapshots.length === 0 || bytes <= machines.disk(diskOf(vm, index).uuid).capacity()) return;
    throw new Failure(
      given('disk-has-snapshots', `disk ${index} of ${vm.name} can't grow while the VM has snapshots`, {
        hint: `remove the snapshot ${vm.snapshots[0]!.name} first`,
      }),
    );
  };
  const info = (vm: VmState): VmInfo => describe(machines, vm);

  async function contentOf(spec: NewDisk): Promise<DiskContent> {
    const mode = spec.mode && { mode: spec.mode };
    if ('image' in spec) return { image: spec.image, bytes: await imageSize(spec.image), ...mode };
    return { bytes: diskSize(spec.bytes, 'the disk'), ...mode };
  }

  return {
    vms: () => machines.state.vms.map(info),
    async addVm({ name, disks, uuid, folder, tags, hardware }) {
      if (!name) throw new Failure(given('vm-name', 'a VM needs a name'));
      if (uuid !== undefined) checkUuid(machines.state.vms, uuid);
      const contents = await Promise.all(disks.map(contentOf));
      const options = {
        ...(uuid && { uuid: uuid.toLowerCase() }),
        ...(folder && { folder }),
        ...(tags && { tags }),
        ...(hardware && { hardware }),
      };
      const vm = await machines.addVm(name, contents, options);
      return info(vm);
    },
    removeVm: async vm => machines.removeVm(find(vm)),
    async addDisk(word, spec) {
      const vm = find(word);
      await machines.addDisk(vm, await contentOf(spec));
      return info(vm);
    },
    async removeDisk(word, index) {
      const vm = find(word);
      await machines.removeDisk(vm, diskOf(vm, index));
      return info(vm);
    },
    async setDisk(word, index, image) {
      const vm = find(word);
      const disk = machines.disk(diskOf(vm, index).uuid);
      refuseGrowth(vm, index, await imageSize(image));
      return disk.setImage(image);
    },
    write: async (word, index, offset, bytes) =>
      machines.disk(diskOf(find(word), index).uuid).write(offset, bytes),
    read: async (word, index, offset, length) =>
      machines.disk(diskOf(find(word), index).uuid).read(offset, length),
    async grow(word, index, bytes) {
      const vm = find(word);
      refuseGrowth(vm, index, bytes);
      await machines.disk(diskOf(vm, index).uuid).grow(bytes);
    },
    async addSnapshot(word, name) {
      await machines.createSnapshot(find(word), { name, description: '', quiesce: false });
    },
    async removeSnapshot(word, name) {
      const vm = find(word);
      const found = vm.snapshots.findLast(one => one.name === name || one.id === name);
      if (!found) {
        const hint = suggest(
          name,
          vm.snapshots.map(one => one.name),
        );
        throw new Failure(
          given('snapshot-not-found', `${vm.name} has no snapshot ${name}`, { ...(hint && { hint }) }),
        );
      }
      await machines.removeSnapshots(vm, [found.id]);
    },
    resetCbt: async vm => machines.newEpoch(find(vm)),
    async powerCut(word) {
      const vm = find(word);
      await machines.newEpoch(vm);
      await machines.setPower(vm, 'poweredOn');
    },
    setPower: async (vm, to) => machines.setPower(find(vm), to),
    async relocate(word, options) {
      const vm = find(word);
      await machines.relocate(vm);
      if (options?.epoch) await machines.newEpoch(vm);
    },
    revert: async vm => machines.revert(find(vm)),
    setTracking: async (vm, changeTracking) => machines.configure(find(vm), { changeTracking }),
    setTemplate: async (vm, template) => machines.configure(find(vm), { template }),
    async moveVm(word, folder) {
      const vm = find(word);
      await machines.moveVm(vm, folder);
      return info(vm);
    },
    tag: async (vm, tag) => machines.tag(find(vm), tag),
    untag: async (vm, tag) => machines.untag(find(vm), tag),
    rename: async (vm, name) => machines.configure(find(vm), { name }),
    fault(rule) {
      if (rule.kind === 'expire-sessions') endSessions();
      else rules.add(rule);
    },
    waitingFaults: () => rules.waiting(),
  };
}

function findVm(vms: VmState[], word: string): VmState {
  const exact = vms.find(vm => vm.id === word || vm.instanceUuid === word.toLowerCase());
  if (exact) return exact;
  const named = vms.filter(vm => vm.name === word);
  if (named.length === 1) return named[0]!;
  if (named.length > 1) {
    const uuids = named.map(vm => vm.instanceUuid).join(', ');
    throw new Failure(
      given('vm-ambiguous', `${named.length} VMs have the name ${word}`, { hint: `give a UUID: ${uuids}` }),
    );
  }
  const hint = suggest(
    word,
    vms.map(vm => vm.name),
  );
  throw new Failure(given('vm-not-found', `the lab has no VM ${word}`, { ...(hint && { hint }) }));
}

function checkUuid(vms: VmState[], uuid: string): void {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new Failure(given('vm-uuid', `${uuid} is not a UUID`));
  }
  const holder = vms.find(vm => vm.instanceUuid === uuid.toLowerCase());
  if (holder) throw new Failure(given('vm-uuid', `the VM ${holder.name} has the UUID ${uuid} already`));
}

function folderPath(folders: readonly FolderState[], id: string): string {
  const folder = folders.find(one => one.id === id);
  if (!folder || folder.id === VM_FOLDER) return '';
  return [folderPath(folders, folder.parent), folder.name].filter(Boolean).join('/');
}

function describe(machines: Machines, vm: VmState): VmInfo {
  return {
    name: vm.name,
    uuid: vm.instanceUuid,
    moref: vm.id,
    powerState: vm.powerState,
    folder: folderPath(machines.state.folders, vm.folder),
    tags: (machines.state.tags ?? []).flatMap(({ uuid, name, category }) =>
      vm.tags?.includes(uuid) ? [`${category}/${name}`] : [],
    ),
    changeTracking: vm.changeTracking,
    consolidationNeeded: vm.consolidationNeeded,
    disks: vm.disks.map((one, index) => {
      const disk = machines.disk(one.uuid);
      const changeId = disk.changeId();
      return {
        index,
        key: one.key,
        bytes: disk.capacity(),
        file: filePath(vm, one, disk.layers().at(-1)!),
        ...(changeId !== undefined && { changeId }),
      };
    }),
    snapshots: vm.snapshots.map(one => one.name),
  };
}
