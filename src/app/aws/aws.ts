import type { S3Connection } from '../../aws/s3-client.ts';
import type { AwsSettings } from '../../aws/settings.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import type { CatalogTarget, SecretRef } from '../../engine/model/catalog.ts';
import type { ConnectionOptions } from '../connections.ts';

type Surroundings = Pick<ConnectionOptions, 'machine' | 'secret' | 'lab'>;

/** The S3 connection of an aws target: the lab's when there is one, what the manifest says otherwise. */
export async function awsOf(
  target: CatalogTarget | undefined,
  options: Surroundings,
  calls: CallCounter,
): Promise<S3Connection> {
  const { connectS3 } = await import('../../aws/s3-client.ts');
  return connectS3(await awsSettings(target, options, calls));
}

/**
 * How to reach AWS as a target says. Without one (a repository command without manifests) the default
 * chain of AWS decides. `endpoint` is that of S3: another S3 service has none of the other services.
 */
export async function awsSettings(
  target: CatalogTarget | undefined,
  { machine, secret, lab }: Surroundings,
  calls: CallCounter,
): Promise<AwsSettings> {
  const common = {
    // Signatures carry this machine's time, also in a lab whose clock was set ahead.
    clock: machine.clock,
    random: machine.random,
    onCall: (kind: keyof CallCounter) => calls[kind](),
  };
  if (lab) {
    const { region, s3 } = lab.settings;
    return { ...common, region, endpoint: lab.s3.url, credentials: s3 };
  }
  const properties = (target?.properties ?? {}) as Record<string, string | SecretRef | undefined>;
  const { region, endpoint, profile, access_key_id: id, secret_access_key: key } = properties;
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = machine.env;
  const chainEndpoint = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
  const chainRegion = async () =>
    (await import('../../aws/default-chain.ts')).configured(profile as string | undefined);
  return {
    ...common,
    region:
      (region as string | undefined) ??
      AWS_REGION ??
      AWS_DEFAULT_REGION ??
      (await chainRegion()).region ??
      'us-east-1',
    ...(chainEndpoint && { chainEndpoint }),
    ...(endpoint !== undefined && { endpoint: endpoint as string }),
    ...(profile !== undefined && { profile: profile as string }),
    ...(id !== undefined &&
      key !== undefined && {
        credentials: { accessKeyId: id as string, secretAccessKey: await secret(key as SecretRef) },
      }),
  };
}
