import type { S3Connection } from '../../aws/s3-client.ts';
import type { AwsSettings } from '../../aws/settings.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import type { CatalogTarget, SecretRef } from '../../engine/model/catalog.ts';
import type { Host } from '../../io/ports.ts';
import type { Declared } from '../../network/authorities.ts';
import { type Network, networkOf } from '../../network/network.ts';
import type { Throttle } from '../../network/throttle.ts';
import type { Lab } from '../lab/open-lab.ts';
import { uploadsTo } from './uploads.ts';

type Settings = (
  /** Undefined (a repository command without manifests): the default chain of AWS decides. */
  target: CatalogTarget | undefined,
  calls: CallCounter,
  /** In the place of the target's; a lab has one region. */
  region?: string,
) => Promise<AwsSettings>;

/** How services of AWS are reached: as manifests say, or the lab's. */
export interface AwsAccess {
  s3: Settings;
  /** All other services: the endpoint of a target is that of another S3 service, which has none of them. */
  api: Settings;
}

const common = ({ clock, random }: Host, calls: CallCounter, uploads: Throttle | undefined) => ({
  ...(uploads && { uploads }),
  // Signatures carry this machine's time, also in a lab whose clock was set ahead.
  clock,
  random,
  onCall: (kind: 'made' | 'retried' | 'throttled') => calls[kind](),
  ...(calls.long && { long: calls.long }),
});

export function worldAws(
  machine: Host,
  network: Network,
  secret: (reference: SecretRef) => Promise<string>,
): AwsAccess {
  const s3: Settings = async (target, calls, wanted) => {
    const properties = (target?.properties ?? {}) as Record<string, string | SecretRef | undefined>;
    const { region, endpoint, profile, ca, access_key_id: id, secret_access_key: key } = properties;
    const { AWS_REGION, AWS_DEFAULT_REGION } = machine.env;
    const chain = async () =>
      (await import('../../aws/default-chain.ts')).configured(profile as string | undefined);
    // As for the AWS CLI, a file that the environment names counts in the place of the profile's.
    const { ca: bundle } = machine.env.AWS_CA_BUNDLE ? {} : await chain();
    const own: Declared[] = [];
    if (bundle !== undefined) {
      const named = (profile ?? machine.env.AWS_PROFILE) || 'default';
      own.push({ ca: bundle, from: `\`ca_bundle\` of the profile ${named}` });
    }
    if (ca !== undefined) own.push({ ca: ca as string, from: `\`ca\` of target ${target!.name}` });
    return {
      ...common(machine, calls, uploadsTo(target, machine.clock)),
      network: own.length === 0 ? network : networkOf(machine, ...own),
      region:
        wanted ??
        (region as string | undefined) ??
        // What is set and empty says nothing.
        (AWS_REGION || AWS_DEFAULT_REGION || (await chain()).region || 'us-east-1'),
      ...(endpoint !== undefined && { endpoint: endpoint as string }),
      ...(profile !== undefined && { profile: profile as string }),
      ...(id !== undefined &&
        key !== undefined && {
          credentials: { accessKeyId: id as string, secretAccessKey: await secret(key as SecretRef) },
        }),
    };
  };
  const api: Settings = async (...asked) => {
    const { endpoint: _, ...settings } = await s3(...asked);
    return settings;
  };
  return { s3, api };
}

export function labAws(machine: Host, { settings, s3, api }: Lab): AwsAccess {
  const at =
    (endpoint: string): Settings =>
    async (target, calls) => ({
      ...common(machine, calls, uploadsTo(target, machine.clock)),
      region: settings.region,
      endpoint,
      credentials: settings.s3,
    });
  return { s3: at(s3.url), api: at(api.url) };
}

/** The S3 connection of an aws target. */
export async function connectS3Of(
  { s3 }: AwsAccess,
  target: CatalogTarget | undefined,
  calls: CallCounter,
): Promise<S3Connection> {
  const { connectS3 } = await import('../../aws/s3-client.ts');
  return connectS3(await s3(target, calls));
}
