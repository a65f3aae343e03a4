import { join, resolve } from 'node:path';
import { whatAmI } from '../../aws/instance.ts';
import type { AwsSettings } from '../../aws/settings.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import type { ContentBucket } from '../../masterless/content/bucket.ts';
import type { TrustedKey } from '../../masterless/trust/keys.ts';
import { keyFile, keysIn } from '../../masterless/trust/trusted-files.ts';
import { networkOf } from '../../network/network.ts';
import type { S3Url } from '../../values/s3-url.ts';
import type { Context } from '../app-context.ts';
import { instanceHere } from '../aws/instance.ts';
import type { Lab } from '../lab/open-lab.ts';
import { labDir, openLabAt } from '../lab/open-lab.ts';
import { bucketOf } from '../masterless/content-bucket.ts';
import type { SelfOptions } from './self-options.ts';
import { labPlaces, type Places, systemPlaces } from './system-places.ts';
import { whoCanChange } from './who-can-change.ts';

/** This instance, and the bucket that says what it is to be. */
export interface Self {
  /** Its id, `i-…`. */
  instance: string;
  environment: string;
  bucket: ContentBucket;
  /** Of this instance alone: an image made of its disk leaves it behind. */
  stateDir: string;
  places: Places;
  /** The lab's when there is one. */
  clock: Clock;
  lab?: Lab;
  /** What the bucket's policy knows it by. */
  userId(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Asks what this machine is. Rejects with a Failure when it is not an instance of a Beanstalk environment.
 * @param place where its content is
 */
export async function openSelf(context: Context, place: S3Url, options: SelfOptions): Promise<Self> {
  const { host } = context.io;
  const dir = labDir(context, options.lab);
  const here = instanceHere(context, options.lab);
  const { instanceId, environmentName, region } = await whatAmI(here).finally(here.close);
  const lab =
    dir === undefined
      ? undefined
      : await openLabAt(context, dir, { seeded: true, lockTimeout: options.lockTimeout });
  const closing: (() => Promise<void> | void)[] = [() => lab?.close()];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const settings = settingsOf(context, region, lab);
    const { bucket, close: disconnect } = await bucketOf(
      place,
      lab ? { ...settings, endpoint: lab.s3.url } : settings,
    );
    closing.push(disconnect);
    const places = dir === undefined ? systemPlaces(host) : labPlaces(dir);
    const base = options.state === undefined ? places.state : resolve(host.cwd, options.state);
    return {
      instance: instanceId,
      environment: environmentName,
      bucket,
      stateDir: join(base, instanceId),
      places,
      clock: lab?.clock ?? host.clock,
      ...(lab && { lab }),
      async userId() {
        const { callerUserId } = await import('../../aws/caller-identity.ts');
        return callerUserId(lab ? { ...settings, endpoint: lab.api.url } : settings);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With the instance's own role, as the chain of the SDK finds it, in the instance's own region. */
const settingsOf = ({ io: { host } }: Context, region: string, lab: Lab | undefined): AwsSettings => ({
  region: lab?.settings.region ?? host.env.AWS_REGION ?? region,
  clock: host.clock,
  random: host.random,
  ...(lab ? { credentials: lab.roleCredentials } : { network: networkOf(host) }),
});

/** Whom this instance believes. Throws a Failure for keys that others could have put there. */
export async function trustedKeys(
  context: Context,
  { places }: Self,
  { trust, insecureUnsigned }: SelfOptions,
): Promise<TrustedKey[]> {
  if (insecureUnsigned) {
    if (trust)
      throw new Failure(
        given('trust-nobody', '--insecure-unsigned verifies nothing, so --trust does not go with it', {
          hint: 'leave one of them out',
        }),
      );
    return [];
  }
  const { files, cwd } = context.io.host;
  const others = whoCanChange(context.io.host);
  if (!trust) return keysIn(places.trust, files, others);
  return Promise.all(trust.map(path => keyFile(resolve(cwd, path), files, others)));
}
