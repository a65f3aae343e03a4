import type { DnsCloud } from './dns.ts';
import type { DryRunCloud } from './dry-runs.ts';
import type { GroupCloud } from './groups.ts';
import type { ImportCloud, UploadCloud } from './imports.ts';
import type { TypeCloud } from './instance-types.ts';
import type { MachineCloud } from './machines.ts';
import type { NetworkCloud } from './networks.ts';
import type { ShellCloud } from './shells.ts';
import type { SnapshotStore } from './snapshots.ts';
import type { TeardownCloud } from './teardown.ts';
import type { VolumeCloud } from './volumes.ts';

/** One account and region that machines are recovered in. */
export interface RecoveryCloud {
  snapshots: SnapshotStore;
  machines: MachineCloud;
  networks: NetworkCloud;
  teardown: TeardownCloud;
  volumes: VolumeCloud;
  groups: GroupCloud;
  types: TypeCloud;
  shells: ShellCloud;
  imports: ImportCloud;
  uploads: UploadCloud;
  dryRuns: DryRunCloud;
  dns: DnsCloud;
}
