import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import type { AwsSettings } from '../settings.ts';
import { connectRecovery } from './connection.ts';
import { awsMachines } from './machines.ts';
import { awsSnapshots } from './snapshots.ts';
import { awsTeardown } from './teardown.ts';
import { awsTemplates, type Templates } from './templates.ts';

export interface AwsRecovery extends RecoveryCloud {
  templates: Templates;
  close(): void;
}

declare module '../../engine/model/io.ts' {
  interface Clients {
    recovery: AwsRecovery;
  }
}

/** All that recovery needs of one account and region. */
export async function openRecovery(settings: AwsSettings): Promise<AwsRecovery> {
  const connection = await connectRecovery(settings);
  const teardown = awsTeardown(connection);
  return {
    teardown,
    snapshots: awsSnapshots(connection),
    machines: awsMachines(connection),
    templates: awsTemplates(connection),
    close() {
      teardown.close();
      connection.close();
    },
  };
}
