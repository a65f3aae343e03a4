import { Failure } from '../../src/diagnostics/diagnostic.ts';
import type { Clock } from '../../src/io/ports.ts';
import type { MachineRecord } from '../../src/replication/model/machine.ts';
import {
  type BlockSource,
  type ChangedAreas,
  ChangeIdRejected,
  type Extent,
  type FrozenVm,
  QuiesceFailed,
  type SourceDisk,
  type SourceMachine,
  type SourceSnapshot,
  type SourceVm,
  type Surroundings,
} from '../../src/replication/model/source.ts';
import { world } from './made-up.ts';
import { SeededRandom } from './seeded-random.ts';

interface Journalled extends Extent {
  sequence: number;
}

/** One virtual disk with its content, and the journal that change tracking keeps. */
export class FakeDisk {
  content: Buffer;
  /** A snapshot has the same content still: whoever writes next leaves that as it is. */
  #isShared = false;
  /** UUID of the tracking data, undefined while tracking isn't effective. */
  epoch: string | undefined;
  sequence = 1;
  journal: Journalled[] = [];
  readonly key: number;
  readonly identity: string;
  unprotectable: string | undefined;

  constructor(key: number, size: number, identity = `backing-${key}`) {
    this.key = key;
    this.identity = identity;
    this.content = Buffer.alloc(size);
  }

  write(offset: number, bytes: Buffer): void {
    if (this.#isShared) this.content = Buffer.from(this.content);
    this.#isShared = false;
    const length = bytes.copy(this.content, offset);
    this.journal.push({ start: offset, length, sequence: this.sequence });
  }

  /** The content as it is now, whatever is written from now on. */
  freeze(): Buffer {
    this.#isShared = true;
    return this.content;
  }

  /** What vSphere's hot-extend does: more bytes, and change tracking goes on as if nothing was. */
  grow(size: number): void {
    this.content = Buffer.concat([this.content, Buffer.alloc(size - this.content.length)]);
  }

  get changeId(): string | undefined {
    return (
      this.epoch &&
      `${this.epoch
        .match(/../g)!
        .join(' ')
        .replace(/^(.{23}) /, '$1-')}/${this.sequence}`
    );
  }
}

interface Frozen {
  snapshot: SourceSnapshot;
  disks: { disk: SourceDisk; content: Buffer; journal: Journalled[]; epoch: string | undefined }[];
}

type Operation = Exclude<keyof SourceMachine, never> | 'read';

/**
 * A VM in memory. Snapshots really freeze, for as long as they are there; change tracking speaks of whole
 * granules and answers in pages. `faults` are taken once each; `dead` makes every call reject, as for a
 * process that is gone.
 */
export class FakeMachine implements SourceMachine {
  readonly disks: FakeDisk[];
  name = 'dc02';
  readonly uuid: string;
  changeTracking = true;
  changeTrackingSupported = true;
  poweredOn = true;
  consolidationNeeded = false;
  /** Whether disks can be read that are on files below a snapshot. */
  readsDeltas = true;
  /** Milliseconds by which the clock of the place where the VM lives is ahead. */
  clockAhead = 0;
  quiesces = true;
  around: Surroundings = {
    datastores: [{ name: 'ds1', free: 2 ** 42, capacity: 2 ** 43 }],
    asked: [],
    missing: [],
  };
  /** Bytes that a tracked area is rounded out to; 1 leaves writes as they were. */
  granularity = 1;
  /** Areas that `*` tells, of whatever disk; the change id is refused when left out, as by NFS. */
  inUse: Extent[] | undefined;
  /** Where its disks are. */
  datastore: string | undefined;
  /** Most areas in one answer of `changedAreas`. */
  pageAreas = 3;
  /** Bytes that one answer speaks of at most. */
  pageSpan = Number.POSITIVE_INFINITY;
  snapshots: Frozen[] = [];
  faults = new Map<Operation, unknown>();
  dead = false;
  readonly calls: string[] = [];
  readonly #clock: Clock;
  readonly #random = new SeededRandom('machine');
  #morefs = 0;

  constructor(clock: Clock, disks: FakeDisk[], uuid = '5031b9c2-0000-4000-8000-000000000001') {
    this.#clock = clock;
    this.disks = disks;
    this.uuid = uuid;
    this.resetTracking();
  }

  /** A power cut, a reset, a restore: all change ids so far become worthless. */
  resetTracking(): void {
    for (const disk of this.disks) {
      disk.epoch = this.#random.bytes(16).toString('hex');
      disk.sequence = 1;
      disk.journal = [];
    }
  }

  switchTrackingOff(): void {
    this.changeTracking = false;
    for (const disk of this.disks) disk.epoch = undefined;
  }

  /** A snapshot that an administrator made. */
  addForeignSnapshot(name: string): void {
    this.snapshots.push({ snapshot: this.#snapshot(name, false), disks: [] });
  }

  get snapshotNames(): string[] {
    return this.snapshots.map(s => s.snapshot.name);
  }

  async inspect(): Promise<SourceVm> {
    this.#call('inspect');
    return {
      moref: 'vm-1',
      name: this.name,
      uuid: this.uuid,
      changeTracking: this.changeTracking,
      changeTrackingSupported: this.changeTrackingSupported,
      poweredOn: this.poweredOn,
      quiescing: 'application',
      consolidationNeeded: this.consolidationNeeded,
      disks: this.#describe(),
      snapshots: this.snapshots.map(s => s.snapshot),
      now: this.#clock.now() + this.clockAhead,
    };
  }

  async surroundings(): Promise<Surroundings> {
    this.#call('surroundings');
    return this.around;
  }

  async enableChangeTracking(): Promise<void> {
    this.#call('enableChangeTracking');
    this.changeTracking = true;
  }

  async createSnapshot({ name, quiesce }: { name: string; quiesce: boolean }): Promise<SourceSnapshot> {
    this.#call('createSnapshot', `${quiesce ? 'quiesced' : 'plain'}`);
    if (quiesce && !this.quiesces) throw new QuiesceFailed('the guest did not answer');
    const snapshot = this.#snapshot(name, quiesce);
    this.snapshots.push({
      snapshot,
      disks: this.#describe()
        .filter(disk => disk.unprotectable === undefined)
        .map(disk => {
          const live = this.disks[disk.index]!;
          return { disk, content: live.freeze(), journal: [...live.journal], epoch: live.epoch };
        }),
    });
    for (const disk of this.disks) {
      // The stun: tracking that was switched on becomes effective, too late for this snapshot.
      if (this.changeTracking && disk.epoch === undefined) {
        disk.epoch = this.#random.bytes(16).toString('hex');
        disk.sequence = 0;
        disk.journal = [];
      }
      disk.sequence++;
    }
    const late = this.faults.get('createSnapshot');
    if (late) {
      this.faults.delete('createSnapshot');
      throw late; // the answer was lost, the snapshot is there
    }
    return snapshot;
  }

  async record(snapshot: SourceSnapshot): Promise<MachineRecord> {
    this.#call('record');
    const { disks } = this.#find(snapshot);
    return {
      guest_id: 'windows2019srv_64Guest',
      firmware: 'bios',
      secure_boot: false,
      vtpm: false,
      encrypted: false,
      boot_order: [],
      cpus: 2,
      memory: 4096,
      nics: [{ key: 4000, mac: '00:50:56:00:00:01', addresses: ['192.0.2.1'] }],
      disks: disks.map(({ disk }, unit) => ({
        key: disk.key,
        controller: 'ParaVirtualSCSIController',
        bus: 0,
        unit,
      })),
    };
  }
  async frozen(snapshot: SourceSnapshot): Promise<FrozenVm> {
    this.#call('frozen');
    return { snapshot, disks: this.#find(snapshot).disks.map(d => d.disk) };
  }

  async changedAreas(
    snapshot: SourceSnapshot,
    disk: SourceDisk,
    startOffset: number,
    changeId: string,
  ): Promise<ChangedAreas> {
    this.#call('changedAreas', `${disk.index}@${startOffset}`);
    const frozen = this.#find(snapshot).disks.find(d => d.disk.key === disk.key)!;
    if (startOffset >= disk.capacity) throw new Failure(world('invalid-argument', 'startOffset'));
    if (changeId === '*' && this.inUse)
      return { startOffset, length: disk.capacity - startOffset, areas: this.inUse };
    const [epoch, sequence] = changeId.replace(/[ -]/g, '').split('/');
    if (epoch !== frozen.epoch)
      throw new Failure(world('change-id-rejected', 'Error caused by file'), {
        cause: new ChangeIdRejected('x'),
      });
    const grain = this.granularity;
    const areas = frozen.journal
      .filter(w => w.sequence > Number(sequence) && w.length > 0)
      .map(({ start, length }) => {
        const from = Math.floor(start / grain) * grain;
        return { start: from, length: Math.ceil((start + length) / grain) * grain - from };
      })
      .filter(area => area.start + area.length > startOffset);
    // Newest first: unsorted and overlapping, cut so that one answer never holds too many.
    const starts = [...new Set(areas.map(a => Math.max(a.start, startOffset)))].sort((a, b) => a - b);
    const cut = starts[this.pageAreas] ?? disk.capacity;
    const end = Math.min(cut > startOffset ? cut : disk.capacity, startOffset + this.pageSpan, disk.capacity);
    return {
      startOffset,
      length: end - startOffset,
      areas: areas
        .filter(a => a.start < end)
        .map(a => {
          const from = Math.max(a.start, startOffset);
          return { start: from, length: Math.min(a.start + a.length, end) - from };
        })
        .reverse(),
    };
  }

  async open(snapshot: SourceSnapshot, disk: SourceDisk): Promise<BlockSource> {
    this.#call('open', String(disk.index));
    const { content } = this.#find(snapshot).disks.find(d => d.disk.key === disk.key)!;
    return {
      size: content.length,
      readInto: async (target, offset, signal) => {
        signal?.throwIfAborted();
        const { length } = target;
        this.#call('read', `${disk.index}@${offset}+${length}`);
        // The file goes on under its name when the snapshot is removed: it is merged, then the guest writes
        // to it.
        const held = this.snapshots.some(s => s.snapshot.moref === snapshot.moref);
        const now = held ? content : this.disks.find(d => d.key === disk.key)!.content;
        if (offset + length > now.length) throw new Failure(world('vsphere-bad-range', 'past the end'));
        now.copy(target, 0, offset, offset + length);
      },
      close: async () => {},
    };
  }

  async removeSnapshot(snapshot: SourceSnapshot): Promise<'removed' | 'gone'> {
    this.#call('removeSnapshot', snapshot.name);
    const left = this.snapshots.filter(s => s.snapshot.moref !== snapshot.moref);
    const isGone = left.length === this.snapshots.length;
    this.snapshots = left;
    return isGone ? 'gone' : 'removed';
  }

  isGone = async (): Promise<boolean> => false;

  async consolidate(): Promise<void> {
    this.#call('consolidate');
    this.consolidationNeeded = false;
  }

  #call(operation: Operation, detail = ''): void {
    if (this.dead) throw new Failure(world('unreachable', 'this process is gone'));
    this.calls.push(`${operation} ${detail}`.trim());
    const fault = this.faults.get(operation);
    if (fault === undefined || operation === 'createSnapshot') return;
    this.faults.delete(operation);
    throw fault;
  }

  #snapshot(name: string, quiesced: boolean): SourceSnapshot {
    return {
      moref: `snapshot-${++this.#morefs}`,
      name,
      created: this.#clock.now() + this.clockAhead,
      quiesced,
    };
  }

  #find(snapshot: SourceSnapshot): Frozen {
    const found = this.snapshots.find(s => s.snapshot.moref === snapshot.moref);
    if (found === undefined)
      throw new Failure(world('managed-object-not-found', `${snapshot.name} is not there`));
    return found;
  }

  #describe(): SourceDisk[] {
    return this.disks.map((disk, index) => ({
      key: disk.key,
      index,
      label: `Hard disk ${index + 1}`,
      identity: disk.identity,
      capacity: disk.content.length,
      ...(disk.changeId !== undefined && this.changeTracking && { changeId: disk.changeId }),
      ...(!this.readsDeltas && this.snapshots.length > 0 && { onDelta: true as const }),
      ...(disk.unprotectable !== undefined && { unprotectable: disk.unprotectable }),
      ...(this.datastore !== undefined && { datastore: this.datastore }),
    }));
  }
}
