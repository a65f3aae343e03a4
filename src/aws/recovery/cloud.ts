import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import type { AwsSettings } from '../settings.ts';
import { connectRecovery, type RecoveryConnection } from './connection.ts';
import { awsGroups } from './groups.ts';
import { awsTypes } from './instance-types.ts';
import { awsMachines } from './machines.ts';
import { awsShells } from './shells.ts';
import { awsSnapshots } from './snapshots.ts';
import { awsTemplates, type Templates } from './templates.ts';
import { awsVolumes } from './volumes.ts';

export interface AwsRecovery extends RecoveryCloud {
  templates: Templates;
  close(): void;
}

declare module '../../engine/model/io.ts' {
  interface Clients {
    recovery: AwsRecovery;
  }
}

/** All that recovery needs of one account and region, over a connection that is made already. */
export const recoveryOver = (connection: RecoveryConnection): AwsRecovery => ({
  snapshots: awsSnapshots(connection),
  machines: awsMachines(connection),
  volumes: awsVolumes(connection),
  groups: awsGroups(connection),
  types: awsTypes(connection),
  shells: awsShells(connection),
  templates: awsTemplates(connection),
  close: () => connection.close(),
});

export const openRecovery = async (settings: AwsSettings): Promise<AwsRecovery> =>
  recoveryOver(await connectRecovery(settings));
