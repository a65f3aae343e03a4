import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Progress } from '../../engine/model/io.ts';
import type { Clock, Random } from '../../io/ports.ts';
import type { Bundles } from '../model/clients.ts';
import type { Mode, Point } from '../model/point.ts';
import type { Repository } from '../model/repository.ts';
import type { SourceMachine, Transport } from '../model/source.ts';
import type { Reason } from './decide-mode.ts';
import type { Holders } from './holders.ts';

/**
 * `require`: no point without a quiesced guest. `prefer`: one try, then without, and the point says
 * so. `off`: never asked.
 */
export type Quiesce = 'require' | 'prefer' | 'off';

/** What the owner of the VM decided. */
export interface CyclePolicy {
  quiesce: Quiesce;
  /** Disks to leave out, by label ("Hard disk 2", in any case) or index. */
  exclude: readonly (string | number)[];
  /** Compare every block, whatever change tracking says. */
  rescan: boolean;
  /** Store every block anew, whatever the repository holds. */
  full?: boolean;
  /** Begin anew where points are gone that were there. */
  anew?: boolean;
  /** The highest generations that earlier runs have seen, by UUID. */
  seen?: Readonly<Record<string, number>>;
}

export interface CycleOptions {
  machine: SourceMachine;
  repository: Repository;
  policy: CyclePolicy;
  /** What is stored beside the point; default: what the point before has. */
  bundles?: Bundles;
  /** Default: this machine's. */
  holders?: Holders;
  clock: Clock;
  random: Random;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  progress?(progress: Progress): void;
  /**
   * Asked before a whole disk is read, which may take hours: whether there is room for that. False: the cycle
   * ends with `no-room`, and nothing is lost. Default: there is.
   */
  mayBeLong?(): boolean;
  signal?: AbortSignal;
}

export interface CycleDisk {
  index: number;
  label: string;
  mode: Mode;
  reason: Reason;
  /** Bytes of the disk. */
  bytes: number;
  /** Bytes read from the snapshot. */
  bytes_read: number;
  blocks_read: number;
  /** How it was read, where there is more than one way. */
  transport?: Transport;
  /** Blocks that had changed and that change tracking left out, where a full comparison told. */
  untold?: number;
}

export interface CycleResult {
  point: Point;
  disks: CycleDisk[];
  numbers: {
    bytes_read: number;
    bytes_stored: number;
    bytes_uploaded: number;
    blocks_read: number;
    blocks_stored: number;
    /** Of these, blocks that didn't change and whose stored copy was damaged or missing. */
    blocks_healed: number;
    /** Blocks that a cycle before had stored which made no point, and their bytes. */
    blocks_reused: number;
    bytes_reused: number;
    /** How long the VM ran on a snapshot, its removal included. */
    snapshot_ms: number;
  };
  /** What the user should know although the point is whole. */
  warnings: Diagnostic[];
}
