import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Clock, Random } from '../../../io/ports.ts';
import { createDisk, type Disk, openDisk } from '../../disks/disk.ts';
import { takeTurns } from '../../disks/take-turns.ts';
import { readJson, writeJson } from '../../disks/write-json.ts';
import { takeFromTree } from './snapshot-tree.ts';
import { folderFor, tagCalled, tagFound } from './sorting.ts';
import {
  type DiskMode,
  type DiskState,
  diskKeys,
  type Hardware,
  type PowerState,
  plainHardware,
  type SnapshotState,
  VM_FOLDER,
  type VmState,
  type WorldState,
} from './state.ts';

export interface NewSnapshot {
  name: string;
  description: string;
  quiesce: boolean;
  /** The guest wrote to the frozen disks before they were taken. */
  onDelta?: boolean;
}

export interface DiskContent {
  bytes: number;
  /** Path of a raw image of so many bytes; zeros without one. */
  image?: string;
  mode?: DiskMode;
  /** Default: the next that is free. */
  key?: number;
}

interface NewVm {
  uuid?: string;
  folder?: string;
  /** In the place of a path: the folder itself. */
  folderId?: string;
  tags?: string[];
  hardware?: Partial<Hardware>;
  /** Default: it runs. */
  power?: PowerState;
  extra?: Record<string, string>;
}

/**
 * The virtual machines with their disks, and every change that the world or a client makes to them.
 * A change is in the files before its promise resolves; `open` finishes or undoes what a kill cut off.
 */
export interface Machines {
  state: Readonly<WorldState>;
  disk(uuid: string): Disk;
  addVm(name: string, disks: DiskContent[], options: NewVm): Promise<VmState>;
  removeVm(vm: VmState): Promise<void>;
  addDisk(vm: VmState, content: DiskContent): Promise<DiskState>;
  /** Throws a Failure while the VM has snapshots. */
  removeDisk(vm: VmState, disk: DiskState): Promise<void>;
  configure(
    vm: VmState,
    change: {
      changeTracking?: boolean;
      name?: string;
      template?: boolean;
      importing?: VmState['importing'] | undefined;
      extra?: Record<string, string>;
      hardware?: Hardware;
    },
  ): Promise<void>;
  /** To other files of the datastore, as storage vMotion does; the disks keep their UUIDs. */
  relocate(vm: VmState): Promise<void>;
  /** Back to the newest snapshot; tracking begins anew. Throws a Failure when there is none. */
  revert(vm: VmState): Promise<void>;
  /** To the folder below the datacenter's VM folder, which is made when it isn't there; '' is that itself. */
  moveVm(vm: VmState, folder: string): Promise<void>;
  /** `name`, or `category/name`; a tag that isn't there is made. Whether anything was changed. */
  tag(vm: VmState, tag: string): Promise<boolean>;
  untag(vm: VmState, tag: string): Promise<boolean>;
  setPower(vm: VmState, to: PowerState): Promise<void>;
  createSnapshot(vm: VmState, wanted: NewSnapshot): Promise<SnapshotState>;
  /** With `consolidate: false` the layers stay and the VM says that it needs consolidation. */
  removeSnapshots(vm: VmState, ids: string[], options?: { consolidate: boolean }): Promise<void>;
  consolidate(vm: VmState): Promise<void>;
  /** A new epoch for every disk that is tracked now. */
  newEpoch(vm: VmState): Promise<void>;
  close(): Promise<void>;
}

export async function openMachines(
  dir: string,
  ports: { clock: Clock; random: Random },
  changed: () => void,
): Promise<Machines> {
  const { clock, random } = ports;
  const file = join(dir, 'world.json');
  await mkdir(join(dir, 'disks'), { recursive: true });
  const state: WorldState = (await readJson<WorldState>(file)) ?? {
    version: 1,
    next: 100,
    instanceUuid: random.uuid(),
    folders: [{ id: VM_FOLDER, name: 'vm', parent: '' }],
    vms: [],
  };
  const disks = new Map<string, Disk>();
  const turn = takeTurns();
  const commit = async () => {
    await writeJson(file, state);
    changed();
  };
  const diskDir = (uuid: string) => join(dir, 'disks', uuid);
  const disk = (uuid: string) => disks.get(uuid)!;
  const all = (vm: VmState) => vm.disks.map(one => disk(one.uuid));
  const snapshotted = (vm: VmState) => vm.disks.filter(one => one.mode === 'persistent');
  await recover();

  async function recover(): Promise<void> {
    const wanted = new Set(state.vms.flatMap(vm => vm.disks.map(one => one.uuid)));
    for (const uuid of await readdir(join(dir, 'disks'))) {
      if (wanted.has(uuid)) disks.set(uuid, await openDisk(diskDir(uuid)));
      else await rm(diskDir(uuid), { recursive: true });
    }
    for (const vm of state.vms) {
      const known = new Set(vm.snapshots.map(one => one.id));
      for (const one of all(vm)) {
        for (const id of one.snapshots()) if (!known.has(id)) await one.forgetSnapshot(id);
        // The hypervisor goes on with a removal whoever asked for it; so does the lab when it comes back.
        if (!vm.consolidationNeeded) await one.consolidate();
      }
    }
  }

  /** What takes effect only when the VM stands still. Tracking is never begun under older snapshots. */
  async function stun(vm: VmState): Promise<void> {
    if (vm.snapshots.length > 0) return;
    for (const one of all(vm)) {
      if (vm.changeTracking && one.changeId() === undefined) await one.startTracking(random);
      if (!vm.changeTracking && one.changeId() !== undefined) await one.stopTracking();
    }
  }

  const touch = (vm: VmState) => {
    vm.modified = clock.now();
    vm.changeVersion++;
  };

  async function discard({ uuid }: DiskState): Promise<void> {
    await disk(uuid).close();
    disks.delete(uuid);
    await rm(diskDir(uuid), { recursive: true });
  }

  const macTail = (number: number) =>
    [(number >> 16) % 0x40, (number >> 8) % 256, number % 256]
      .map(byte => byte.toString(16).padStart(2, '0'))
      .join(':');

  async function addVm(name: string, contents: DiskContent[], options: NewVm): Promise<VmState> {
    const taken = new Set(state.vms.map(vm => vm.directory));
    const plain = name.replace(/[^\w. ()-]/g, '_') || 'vm';
    let directory = plain;
    for (let number = 1; taken.has(directory); number++) directory = `${plain}_${number}`;
    const vm: VmState = {
      id: `vm-${state.next++}`,
      name,
      instanceUuid: options.uuid ?? random.uuid(),
      uuid: random.uuid(),
      folder: options.folderId ?? folderFor(state, options.folder),
      ...(options.tags && { tags: options.tags.map(tag => tagCalled(state, tag, random).uuid) }),
      directory,
      powerState: options.power ?? 'poweredOn',
      ...(options.extra && { extra: options.extra }),
      booted: clock.now(),
      modified: clock.now(),
      changeVersion: 1,
      changeTracking: false,
      consolidationNeeded: false,
      disks: [],
      snapshots: [],
      hardware: {
        ...plainHardware,
        // 00:50:56 with a fourth byte below 0x40 is VMware's range for addresses that are set by hand.
        nics: [{ mac: `00:50:56:${macTail(state.next)}`, addresses: [`192.0.2.${state.next % 256}`] }],
        ...options.hardware,
      },
    };
    // The disks come first: a VM is there whole or not at all.
    for (const content of contents) await attachDisk(vm, content);
    state.vms.push(vm);
    await commit();
    return vm;
  }

  async function attachDisk(
    vm: VmState,
    { bytes, image, mode = 'persistent', key: wanted }: DiskContent,
  ): Promise<DiskState> {
    const used = new Set(vm.disks.map(one => one.key));
    const key = wanted ?? diskKeys().find(one => !used.has(one));
    if (key === undefined)
      throw new Failure(given('too-many-disks', `${vm.name} has all the disks that a VM can have`));
    const stems = new Set(vm.disks.map(one => one.stem));
    let stem = vm.directory;
    for (let number = 1; stems.has(stem); number++) stem = `${vm.directory}_${number}`;
    const made: DiskState = { key, uuid: random.uuid(), stem, mode };
    const disk = await createDisk(diskDir(made.uuid), bytes);
    if (image !== undefined) await disk.setImage(image);
    disks.set(made.uuid, disk);
    vm.disks.push(made);
    vm.disks.sort((a, b) => a.key - b.key);
    return made;
  }

  async function createSnapshot(vm: VmState, wanted: NewSnapshot): Promise<SnapshotState> {
    await stun(vm);
    const number = state.next++;
    const made: SnapshotState = {
      id: `snapshot-${number}`,
      number,
      name: wanted.name,
      description: wanted.description,
      created: clock.now(),
      quiesced: wanted.quiesce,
      powerState: vm.powerState,
      ...(vm.currentSnapshot !== undefined && { parent: vm.currentSnapshot }),
      vmName: vm.name,
      changeTracking: vm.changeTracking,
      disks: structuredClone(vm.disks),
    };
    for (const { uuid } of snapshotted(vm)) {
      const one = disk(uuid);
      // A layer of its own for what was written while the guest was still.
      if (wanted.onDelta) await one.snapshot(`${made.id}-writers`);
      await one.snapshot(made.id);
      if (wanted.onDelta) await one.forgetSnapshot(`${made.id}-writers`);
    }
    vm.snapshots.push(made);
    vm.currentSnapshot = made.id;
    touch(vm);
    await commit();
    return made;
  }

  async function removeSnapshots(vm: VmState, ids: string[], consolidate: boolean): Promise<void> {
    const gone = takeFromTree(vm, ids);
    if (!consolidate) vm.consolidationNeeded = true;
    touch(vm);
    await commit();
    for (const one of all(vm)) {
      for (const id of one.snapshots()) if (gone.has(id)) await one.forgetSnapshot(id);
      if (!vm.consolidationNeeded) await one.consolidate();
    }
    await stun(vm);
    changed();
  }

  return {
    state,
    disk,
    addVm: (name, contents, options) => turn(() => addVm(name, contents, options)),
    removeVm: vm =>
      turn(async () => {
        state.vms.splice(state.vms.indexOf(vm), 1);
        await commit();
        for (const one of vm.disks) await discard(one);
      }),
    addDisk: (vm, content) =>
      turn(async () => {
        const made = await attachDisk(vm, content);
        touch(vm);
        await commit();
        return made;
      }),
    removeDisk: (vm, gone) =>
      turn(async () => {
        if (vm.snapshots.length > 0) {
          throw new Failure(
            given('disk-has-snapshots', `${vm.name} can't lose a disk while it has snapshots`),
          );
        }
        vm.disks.splice(vm.disks.indexOf(gone), 1);
        touch(vm);
        await commit();
        await discard(gone);
      }),
    configure: (vm, change) =>
      turn(() => {
        Object.assign(vm, change);
        touch(vm);
        return commit();
      }),
    moveVm: (vm, folder) =>
      turn(() => {
        vm.folder = folderFor(state, folder);
        return commit();
      }),
    tag: (vm, words) =>
      turn(async () => {
        const { uuid } = tagCalled(state, words, random);
        if (vm.tags?.includes(uuid)) return false;
        vm.tags = [...(vm.tags ?? []), uuid];
        await commit();
        return true;
      }),
    untag: (vm, words) =>
      turn(async () => {
        const tag = tagFound(state, words);
        if (!tag || !vm.tags?.includes(tag.uuid)) return false;
        vm.tags = vm.tags.filter(one => one !== tag.uuid);
        await commit();
        return true;
      }),
    relocate: vm =>
      turn(() => {
        vm.directory = `${vm.directory}_moved`;
        touch(vm);
        return commit();
      }),
    revert: vm =>
      turn(async () => {
        const to = vm.snapshots.find(one => one.id === vm.currentSnapshot);
        if (!to) throw new Failure(given('snapshot-not-found', `${vm.name} has no snapshot to go back to`));
        for (const one of all(vm)) {
          await one.revert(to.id);
          if (one.changeId() !== undefined) await one.startTracking(random);
        }
        touch(vm);
        await commit();
      }),
    setPower: (vm, to) =>
      turn(async () => {
        if (to === 'poweredOn') await stun(vm);
        if (to === 'poweredOn') vm.booted = clock.now();
        vm.powerState = to;
        await commit();
      }),
    createSnapshot: (vm, wanted) => turn(() => createSnapshot(vm, wanted)),
    removeSnapshots: (vm, ids, options) => turn(() => removeSnapshots(vm, ids, options?.consolidate ?? true)),
    consolidate: vm =>
      turn(async () => {
        for (const one of all(vm)) await one.consolidate();
        vm.consolidationNeeded = false;
        await commit();
      }),
    newEpoch: vm =>
      turn(async () => {
        for (const one of all(vm)) if (one.changeId() !== undefined) await one.startTracking(random);
        changed();
      }),
    close: () =>
      turn(async () => {
        for (const one of disks.values()) await one.close();
      }),
  };
}
