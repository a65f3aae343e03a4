import type { MachineCloud } from './machines.ts';
import type { SnapshotStore } from './snapshots.ts';
import type { TeardownCloud } from './teardown.ts';

/** One account and region that machines are recovered in. */
export interface RecoveryCloud {
  snapshots: SnapshotStore;
  machines: MachineCloud;
  teardown: TeardownCloud;
}
