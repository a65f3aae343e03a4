/**
 * What a replication cycle needs from the place where a VM lives. `src/vsphere/client/machine.ts`
 * implements it over SOAP; tests implement it in memory.
 */

import type { MachineRecord } from './machine.ts';

/** Half-open range of bytes on a disk: `start` to `start + length`. */
export interface Extent {
  start: number;
  length: number;
}

/** How the bytes of a disk come here, and why that way. */
export interface Transport {
  /** `datastore`: ranges of its flat file over HTTPS. `nbd`: nbdkit with VMware's VDDK. */
  name: 'datastore' | 'nbd';
  /** A clause, where it isn't the way that needs nothing: "the target declares nbdkit". */
  why?: string;
}

/** A run of bytes of a disk that its server holds for zeros, or for what has to be read. */
export interface Allocation extends Extent {
  zero: boolean;
}

/**
 * Random access to the frozen content of one disk. Once its snapshot is removed, reads may give newer
 * content.
 */
export interface BlockSource {
  /** Bytes. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `offset` on; fewer of them are an error, never a short result. A call
   * that rejected may go on writing there.
   */
  readInto(target: Buffer, offset: number, signal?: AbortSignal): Promise<void>;
  /**
   * Whatever `start` to `start + length` holds, in order and without gaps; left out where nothing is known.
   */
  status?(start: number, length: number, signal?: AbortSignal): Promise<Allocation[]>;
  readonly transport?: Transport;
  close(): Promise<void>;
}

/** The same, of a disk that may be written. */
export interface BlockTarget extends BlockSource {
  /** They last once `flush` has resolved. */
  write(offset: number, bytes: Buffer, signal?: AbortSignal): Promise<void>;
  flush(signal?: AbortSignal): Promise<void>;
}

export interface SourceDisk {
  /** Device key, e.g. 2000; an address within the VM, not an identity. */
  key: number;
  /** 0-based position among the VM's disks in order of controller and unit. N of `disk-N.raw`. */
  index: number;
  /** "Hard disk 1". */
  label: string;
  /** Identity that survives moves and renames: the backing's uuid, else controller:unit. */
  identity: string;
  /** Bytes. */
  capacity: number;
  /** Change id of the disk as the snapshot froze it; undefined when tracking is off for it. */
  changeId?: string;
  /**
   * Its content is spread over several files, as below a snapshot: this source can't read what is frozen of
   * it.
   */
  onDelta?: true;
  /** Why a snapshot doesn't contain it (independent, physical RDM, ...); undefined when it does. */
  unprotectable?: string;
  /** Name of the datastore that its file is in. */
  datastore?: string;
  /** The setting that keeps changes of this disk from being tracked: `scsi0:1.ctkEnabled`. */
  untracked?: string;
  /** Why its content isn't one flat file in plain text, snapshots aside; undefined when it is. */
  notFlat?: string;
}

export interface SourceVm {
  /** Managed object id. */
  moref: string;
  name: string;
  /** instanceUuid. */
  uuid: string;
  changeTracking: boolean;
  changeTrackingSupported: boolean;
  poweredOn: boolean;
  /** It can't be started, and no snapshot is made of it. */
  template?: true;
  /** What a quiesced snapshot of it is consistent by, as far as its settings tell. */
  quiescing: 'application' | 'file-system';
  consolidationNeeded: boolean;
  /** Why vSphere itself can't reach it at present, as a clause: "its host is disconnected". */
  away?: string;
  disks: SourceDisk[];
  snapshots: SourceSnapshot[];
  /**
   * Milliseconds since the epoch, by the source's clock, when this was asked: what `created` is held against.
   */
  now: number;
}

export interface SourceSnapshot {
  moref: string;
  name: string;
  /** Names of the snapshots below it, the oldest first. */
  below?: string[];
  /** Milliseconds since the epoch, the source's clock. */
  created: number;
  quiesced: boolean;
}

/** What is around a VM, as far as the user may see it. */
export interface Surroundings {
  /** Those that its disks and its own files are in, in bytes. `kind`: VMFS, NFS, vsan, VVOL. */
  datastores: { name: string; free: number; capacity: number; kind?: string }[];
  /** Names of those that no host can reach at present; what is free in them isn't known. */
  lost?: string[];
  /** Where it runs. */
  host?: { name: string; version: string; build: string };
  /** Privileges that the server was asked for; empty where it can't be asked. */
  asked: string[];
  /**
   * Privileges that a cycle needs and the user hasn't, each with the object that it is missing on. `perhaps`:
   * why a cycle may do without, as a clause.
   */
  missing: { privilege: string; on: string; perhaps?: string }[];
  /** Those of which the server's answer says nothing, each with its object; left out where there is none. */
  untold?: string[];
}

/** A snapshot that is held open for reading, with the disks as they were frozen. */
export interface FrozenVm {
  snapshot: SourceSnapshot;
  disks: SourceDisk[];
}

export interface ChangedAreas {
  /** The range that this answer speaks of; it may end before the disk does (ask again from there). */
  startOffset: number;
  length: number;
  areas: Extent[];
}

/** Thrown as the `cause` of a Failure by `changedAreas` when the change id itself was refused. */
export class ChangeIdRejected extends Error {}
/** Thrown by `createSnapshot` when the guest could not be quiesced. */
export class QuiesceFailed extends Error {}

/** One VM at its home. All calls may reject with a Failure. */
export interface SourceMachine {
  /** Instance UUID. */
  readonly uuid: string;
  inspect(signal?: AbortSignal): Promise<SourceVm>;
  surroundings(signal?: AbortSignal): Promise<Surroundings>;
  /** Takes effect at the next snapshot or power cycle. */
  enableChangeTracking(signal?: AbortSignal): Promise<void>;
  /** Not idempotent at the source: the caller has looked for a snapshot of this name before. */
  createSnapshot(
    options: { name: string; description: string; quiesce: boolean },
    signal?: AbortSignal,
  ): Promise<SourceSnapshot>;
  /** What the machine was when `snapshot` froze it; its addresses are those of now. */
  record(snapshot: SourceSnapshot, signal?: AbortSignal): Promise<MachineRecord>;
  /** The disks as `snapshot` froze them: capacity and change ids come from there, not from the VM. */
  frozen(snapshot: SourceSnapshot, signal?: AbortSignal): Promise<FrozenVm>;
  changedAreas(
    snapshot: SourceSnapshot,
    disk: SourceDisk,
    startOffset: number,
    changeId: string,
    signal?: AbortSignal,
  ): Promise<ChangedAreas>;
  open(snapshot: SourceSnapshot, disk: SourceDisk, signal?: AbortSignal): Promise<BlockSource>;
  /** Resolves when the removal task has ended; a snapshot that is gone already is success as well. */
  removeSnapshot(snapshot: SourceSnapshot, signal?: AbortSignal): Promise<'removed' | 'gone'>;
  consolidate(signal?: AbortSignal): Promise<void>;
  /** Whether it was removed from where it was found, or moved elsewhere. */
  isGone(signal?: AbortSignal): Promise<boolean>;
}

/**
 * A machine at its home, as far as it is put to rest there and something is brought back to it. But for
 * `shutDown` it has to be off and without snapshots. All calls may reject with a Failure.
 */
export interface RestingMachine {
  /** Instance UUID. */
  readonly uuid: string;
  inspect(signal?: AbortSignal): Promise<SourceVm>;
  /** Asks its guest to shut down. The answer comes before it has, and it may never. */
  shutDown(signal?: AbortSignal): Promise<void>;
  /** As `changedAreas` of a snapshot; of the disk as it is now. */
  changedSince(
    disk: SourceDisk,
    startOffset: number,
    changeId: string,
    signal?: AbortSignal,
  ): Promise<ChangedAreas>;
  open(disk: SourceDisk, signal?: AbortSignal): Promise<BlockSource>;
  /**
   * Why its disks can only be written as a whole: a clause, and the way out. Undefined: ranges can be, too.
   */
  readonly wholeOnly?: { why: string; hint: string };
  /** Opens a disk whose ranges are to be written. */
  openToWrite(disk: SourceDisk, signal?: AbortSignal): Promise<BlockTarget>;
  /** Has these bytes, as many as the disk has, take the place of all that is on it. */
  replace(disk: SourceDisk, content: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<void>;
  /** No change id that was given before is accepted any more once the machine has run again. */
  endTracking(signal?: AbortSignal): Promise<void>;
}

/**
 * Where a new machine is put, as it was typed. What is left out is like the machine that it stands in for.
 */
export interface WantedPlace {
  pool?: string;
  folder?: string;
  datastore?: string;
  host?: string;
  /** One for all network cards, or one for each in their order. */
  networks: readonly string[];
}

/** A machine that is to be made, switched off. */
export interface NewMachine {
  name: string;
  machine: MachineRecord;
  /** The disks that it gets, by their keys in the record. */
  disks: readonly { key: number; bytes: number }[];
  /** Kept in its configuration: what it is recognised by, whatever became of whoever made it. */
  mark: string;
  /** Instance UUID of the machine that it stands in for. */
  like: string;
}

/** A machine that has a name. */
export interface NamedMachine {
  /** Instance UUID. */
  uuid: string;
  poweredOn: boolean;
  /** What was given as its mark when it was made; undefined: converge hasn't made it. */
  mark?: string;
  /** `finish` was called of it. */
  finished: boolean;
}

/** A machine that is there in name, and waits for the content of its disks. */
export interface Import {
  /** @param disk its key in the record @param content a streamOptimized VMDK */
  upload(
    disk: number,
    content: { length: number; bytes: AsyncIterable<Buffer> },
    signal?: AbortSignal,
  ): Promise<void>;
  /** Answers with its instance UUID. */
  complete(): Promise<string>;
  /** Leaves nothing of it, or what goes by itself. Rejects never. */
  abort(): Promise<void>;
}

/** Makes machines at home. All calls may reject with a Failure. */
export interface MachineMaker {
  /** Where it goes, in words. @throws Failure `new-vm-place`, with all that can't be decided */
  place(machine: NewMachine, wanted: WantedPlace, signal?: AbortSignal): Promise<string>;
  /** The machine that has this name; undefined: none. */
  named(name: string, signal?: AbortSignal): Promise<NamedMachine | undefined>;
  begin(machine: NewMachine, wanted: WantedPlace, signal?: AbortSignal): Promise<Import>;
  /** Opens a disk of one that is off, by what it is in the record. */
  open(uuid: string, machine: MachineRecord, disk: number, signal?: AbortSignal): Promise<BlockSource>;
  /** It is what it was to be: it boots from the disk that the record says. */
  finish(uuid: string, machine: NewMachine, signal?: AbortSignal): Promise<void>;
  /** Removes one that is off, with its disks. One that is gone is success. */
  remove(uuid: string, signal?: AbortSignal): Promise<void>;
}
