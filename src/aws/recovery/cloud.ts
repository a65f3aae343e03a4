import { Failure } from '../../diagnostics/diagnostic.ts';
import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import { callerAccount } from '../caller-identity.ts';
import type { AwsSettings } from '../settings.ts';
import type { AdaptiveLimit } from './calls/adaptive-limit.ts';
import { connectRecovery, type RecoveryConnection } from './connection.ts';
import { awsDns } from './dns/route53.ts';
import { awsDryRuns } from './dry-runs.ts';
import { awsGroups } from './groups.ts';
import { awsImports } from './imports.ts';
import { awsTypes } from './instance-types.ts';
import { awsMachines } from './machines.ts';
import { awsNetworks } from './networks.ts';
import { awsUploads } from './put/uploads.ts';
import { awsShells } from './shells.ts';
import { awsSnapshots, ebsLimit } from './snapshots.ts';
import { awsTeardown } from './teardown.ts';
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

/** The limiters of a process, by account and region. */
export type EbsLimits = Map<string, AdaptiveLimit>;

/**
 * All that recovery needs of one account and region, over a connection that is made already.
 *
 * @param limitOf the limiter that all connections to the same account and region share; left out: its own
 * @param s3 where images of disks are put; left out: by the same settings
 */
export function recoveryOver(
  connection: RecoveryConnection,
  limitOf?: () => Promise<AdaptiveLimit>,
  s3: AwsSettings = connection.settings,
): AwsRecovery {
  const teardown = awsTeardown(connection);
  const uploads = awsUploads(s3);
  return {
    snapshots: awsSnapshots(connection, limitOf),
    machines: awsMachines(connection),
    networks: awsNetworks(connection),
    teardown,
    volumes: awsVolumes(connection),
    groups: awsGroups(connection),
    types: awsTypes(connection),
    shells: awsShells(connection),
    imports: awsImports(connection),
    uploads,
    dryRuns: awsDryRuns(connection),
    dns: awsDns(connection),
    templates: awsTemplates(connection),
    close() {
      uploads.close();
      teardown.close();
      connection.close();
    },
  };
}

/** @param limits shared by all that are opened in a process @param s3 as for `recoveryOver` */
export async function openRecovery(
  settings: AwsSettings,
  limits: EbsLimits,
  s3?: AwsSettings,
): Promise<AwsRecovery> {
  const connection = await connectRecovery(settings);
  // Whose the credentials are is asked for when the first block is to be moved: most commands move none.
  let found: Promise<AdaptiveLimit> | undefined;
  const limitOf = () => {
    found ??= limitFor(settings, limits);
    return found;
  };
  return recoveryOver(connection, limitOf, s3);
}

/** Where AWS doesn't say whose the credentials are, the connection has one of its own. */
async function limitFor(settings: AwsSettings, limits: EbsLimits): Promise<AdaptiveLimit> {
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
