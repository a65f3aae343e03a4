import type { Quiesce } from '../../replication/cycle/options.ts';
import type { DueJob } from '../../replication/movers/due.ts';
import type { RepositoryProperty } from '../shared/repository-property.ts';

/** As written. */
export interface ProtectedVmProperties {
  repository: RepositoryProperty;
  schedule: string;
  rpo?: string;
  quiesce?: Quiesce;
  disks?: { exclude?: string[] };
}

export interface ProtectedVmState {
  /** `due`: older than the interval, or of other disks than the VM has now. */
  point: 'newest' | 'due';
  /** Why it is due, and since when (ms since the epoch). */
  due?: Pick<DueJob, 'reason' | 'due'>;
  /** `breached`: the newest point is older than `rpo` allows, twice the interval when it isn't declared. */
  rpo: 'kept' | 'breached';
  /** `unavailable`: off, and it can't be switched on as things are; every cycle reads the whole VM. */
  change_tracking: 'on' | 'off' | 'unavailable';
  /** Labels of the disks that the next point will hold. Shown, never declared. */
  disks: string[];
  /** Names of snapshots that cycles of ours left behind when they died. */
  left_snapshots: string[];
  /** `lost`: a repository or points are gone that were there. */
  history: 'kept' | 'lost';
}
