import { Failure } from '../../diagnostics/diagnostic.ts';
import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import { callerAccount } from '../caller-identity.ts';
import type { AwsSettings } from '../settings.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import { connectRecovery } from './connection.ts';
import { awsMachines } from './machines.ts';
import { awsSnapshots, ebsLimit } from './snapshots.ts';
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

/** The limiters of a process, by account and region. */
export type EbsLimits = Map<string, AdaptiveLimit>;

/**
 * All that recovery needs of one account and region.
 *
 * @param limits shared by all that are opened in a process
 */
export async function openRecovery(settings: AwsSettings, limits: EbsLimits): Promise<AwsRecovery> {
  const connection = await connectRecovery(settings);
  const limit = await limitOf(settings, limits);
  const teardown = awsTeardown(connection);
  return {
    teardown,
    snapshots: awsSnapshots(connection, limit),
    machines: awsMachines(connection),
    templates: awsTemplates(connection),
    close() {
      teardown.close();
      connection.close();
    },
  };
}

/** Where AWS doesn't say whose the credentials are, the connection has one of its own. */
async function limitOf(settings: AwsSettings, limits: EbsLimits): Promise<AdaptiveLimit> {
  const account = await callerAccount(settings).catch(error => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (account === undefined) return ebsLimit();
  const key = `${account}/${settings.region}`;
  const limit = limits.get(key) ?? ebsLimit();
  limits.set(key, limit);
  return limit;
}
