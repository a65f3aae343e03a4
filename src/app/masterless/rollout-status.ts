import type { FleetInstance } from '../../aws/fleet.ts';
import { Failure } from '../../diagnostics/diagnostic.ts';
import { type Reports, reportReader } from '../../masterless/reports/read-reports.ts';
import { haltRollout, readRollout } from '../../masterless/rollout/announce.ts';
import type { Rollout } from '../../masterless/rollout/rollout.ts';
import type { InstanceStatus } from '../../masterless/rollout/status.ts';
import { fleetStatus } from '../../masterless/rollout/status.ts';
import type { Context } from '../app-context.ts';
import { type FleetOptions, noInstances, withFleet } from './fleet.ts';

/** How the instances of an environment stand. */
export interface RolloutStatus {
  environment: string;
  /** URL. */
  bucket: string;
  now: number;
  rollout: Rollout | undefined;
  statuses: InstanceStatus[];
  instances: ReadonlyMap<string, FleetInstance>;
  refused: Reports['refused'];
}

export interface StatusOptions extends FleetOptions {
  /** Silent is whoever's last report is older, ms; undefined: however old. */
  silentAfter?: number | undefined;
}

/** Who runs what, who is silent, who failed and why. Throws a Failure when nobody is known. */
export const rolloutStatus = (
  context: Context,
  environment: string,
  options: StatusOptions,
): Promise<RolloutStatus> =>
  withFleet(context, environment, options, async ({ bucket, ec2, clock }) => {
    const [instances, { told, refused }, announced] = await Promise.all([
      ec2.instances(environment),
      reportReader(bucket, environment)(),
      readRollout(bucket, environment),
    ]);
    if (instances.length === 0 && told.size === 0) throw new Failure(noInstances(environment));
    const now = clock.now();
    return {
      environment,
      bucket: bucket.url,
      now,
      rollout: announced?.rollout,
      instances: new Map(instances.map(one => [one.id, one])),
      statuses: fleetStatus(
        instances.map(({ id }) => id),
        told,
        announced?.rollout,
        { now, silentAfter: options.silentAfter },
      ),
      refused,
    };
  });

/** Ends a running rollout, whoever began it; undefined when none is running. */
export const haltRolloutOf = (
  context: Context,
  environment: string,
  options: FleetOptions,
): Promise<Rollout | undefined> =>
  withFleet(context, environment, options, ({ bucket }) => haltRollout(bucket, environment));
