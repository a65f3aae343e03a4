import type { Ec2Fleet, FleetInstance } from '../../aws/fleet.ts';
import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import type { FleetBucket } from '../../masterless/content/bucket.ts';
import { isEnvironmentName } from '../../masterless/instance/environment-name.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { openSession, type Session } from '../session/open-session.ts';
import { contentUrl } from './content-bucket.ts';

/** The bucket that configures an environment's instances, and EC2, which knows them. */
export interface FleetHere {
  bucket: FleetBucket;
  ec2: Ec2Fleet;
  clock: Clock;
  session: Session;
}

export interface FleetOptions extends CommonOptions {
  self: string;
  region?: string;
}

/** Connects for as long as `use` runs. Credentials are those of AWS's default chain. */
export async function withFleet<T>(
  context: Context,
  environment: string,
  options: FleetOptions,
  use: (fleet: FleetHere) => Promise<T>,
): Promise<T> {
  if (!isEnvironmentName(environment))
    throw new Failure(
      given('wrong-environment', `${environment} is not a name of a Beanstalk environment`, {
        hint: '4 to 40 letters, digits and hyphens',
      }),
    );
  const place = contentUrl(options.self);
  const session = await openSession(context, options, { labMustExist: true });
  const closing: (() => void)[] = [];
  try {
    const calls = { made() {}, retried() {}, throttled() {} };
    const { aws } = session.reach;
    const [{ connectS3 }, { s3Store }, { ec2Fleet }] = await Promise.all([
      import('../../aws/s3-client.ts'),
      import('../../aws/s3-store.ts'),
      import('../../aws/fleet.ts'),
    ]);
    const connection = await connectS3(await aws.s3(undefined, calls, options.region));
    closing.push(() => connection.close());
    const ec2 = ec2Fleet(await aws.api(undefined, calls, options.region));
    closing.push(() => ec2.close());
    return await use({ bucket: s3Store(connection, place), ec2, clock: session.world.host.clock, session });
  } finally {
    for (const close of closing) close();
    await session.close();
  }
}

/** Those that run. Throws a Failure when there are none. */
export async function runningInstances(ec2: Ec2Fleet, environment: string): Promise<FleetInstance[]> {
  const running = (await ec2.instances(environment)).filter(({ state }) => state === 'running');
  if (running.length > 0) return running;
  throw new Failure(noInstances(environment));
}

export const noInstances = (environment: string) =>
  world('no-instances', `no running instance has the tag elasticbeanstalk:environment-name=${environment}`, {
    hint: 'check the name, the region (--region) and the account; in the lab `converge lab add-instances` makes some',
  });
