import type { Identity, Instance } from '../../aws/instance.ts';
import type { Metadata } from '../../aws/instance-metadata.ts';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { networkOf } from '../../network/network.ts';
import type { Context } from '../app-context.ts';
import { labDir, openInstanceAt } from '../lab/open-lab.ts';

/** The EC2 instance that a command runs on, opened when something of it is first asked for. */
export interface InstanceHere extends Instance {
  close(): Promise<void>;
}

/** This machine's instance, or with `--lab` the lab's. */
export function instanceHere(context: Context, lab: string | true | undefined): InstanceHere {
  const closing: (() => Promise<void>)[] = [];
  let opening: Promise<Instance> | undefined;
  const instance = () => {
    opening ??= open(context, lab, closing);
    return opening;
  };
  return {
    identity: async () => (await instance()).identity(),
    tags: async () => (await instance()).tags(),
    environment: async () => (await instance()).environment(),
    async close() {
      await opening?.catch(() => {});
      for (const close of closing) await close();
    },
  };
}

/** The metadata service of this machine's instance, or with `--lab` that of the lab's. */
export async function metadataHere(
  context: Context,
  lab: string | true | undefined,
): Promise<{ metadata: Metadata; close(): Promise<void> }> {
  const { instanceMetadata } = await import('../../aws/instance-metadata.ts');
  const dir = labDir(context, lab);
  if (dir === undefined)
    return { metadata: instanceMetadata({ endpoint: endpointOf(context) }), close: async () => {} };
  const { metadata, close } = await openInstanceAt(context, dir);
  return { metadata: instanceMetadata({ endpoint: metadata.url }), close };
}

async function open(
  context: Context,
  lab: string | true | undefined,
  closing: (() => Promise<void>)[],
): Promise<Instance> {
  const [{ instanceMetadata }, { thisInstance }] = await Promise.all([
    import('../../aws/instance-metadata.ts'),
    import('../../aws/instance.ts'),
  ]);
  const { host } = context.io;
  const describing = { clock: host.clock, random: host.random, network: networkOf(host) };
  const byApi = async (identity: Identity, settings = {}) => {
    const { describeTagsBy } = await import('../../aws/describe-tags.ts');
    return describeTagsBy({ ...describing, ...settings })(identity);
  };
  const dir = labDir(context, lab);
  if (dir !== undefined) {
    const { metadata, api, credentials, close } = await openInstanceAt(context, dir);
    closing.push(close);
    return thisInstance(instanceMetadata({ endpoint: metadata.url }), identity =>
      byApi(identity, { endpoint: api.url, credentials }),
    );
  }
  return thisInstance(instanceMetadata({ endpoint: endpointOf(context) }), identity => byApi(identity));
}

/** Undefined: EC2's own. @throws Failure `not-on-ec2` where the environment forbids to ask */
function endpointOf({ io: { host } }: Context): string | undefined {
  const { AWS_EC2_METADATA_DISABLED: off, AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint } = host.env;
  if (/^true$/i.test(off ?? ''))
    throw new Failure(
      world('not-on-ec2', 'AWS_EC2_METADATA_DISABLED says not to ask for instance metadata', {
        hint: 'unset it on an EC2 instance, or try it with --lab',
      }),
    );
  return endpoint ?? modeOf(host.env);
}

/** As the SDKs read it. */
const modeOf = (env: Readonly<Record<string, string | undefined>>): string | undefined =>
  /^ipv6$/i.test(env.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE ?? '') ? 'http://[fd00:ec2::254]' : undefined;
