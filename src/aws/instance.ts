import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Metadata } from './instance-metadata.ts';

/** What an instance is, by its identity document. */
export interface Identity {
  instanceId: string;
  instanceType: string;
  region: string;
  availabilityZone: string;
  /** Twelve digits. */
  accountId: string;
  imageId: string;
}

export interface Environment {
  name: string;
  /** Empty when the instance is tagged with the name alone. */
  id: string;
}

/** The instance that this runs on. Each part is read at most once, and only when it is asked for. */
export interface Instance {
  identity(): Promise<Identity>;
  /** All tags: from the metadata where they are allowed there, else by ec2:DescribeTags. */
  tags(): Promise<Record<string, string>>;
  /** The Beanstalk environment it belongs to. Rejects with a Failure when there is none. */
  environment(): Promise<Environment>;
}

/** Tags of the resource with this id, by EC2's API. */
export type DescribeTags = (instance: Identity) => Promise<Record<string, string>>;

const environmentName = 'elasticbeanstalk:environment-name';
const environmentId = 'elasticbeanstalk:environment-id';

export function thisInstance(metadata: Metadata, describeTags: DescribeTags): Instance {
  const identity = once(async () => {
    const text = await metadata.get('dynamic/instance-identity/document');
    const document = identityOf(text);
    if (document) return document;
    throw new Failure(
      world('not-on-ec2', 'the instance metadata holds no identity document of an EC2 instance', {
        hint: 'what answers there may be of another cloud; run it on EC2, or try it with --lab',
      }),
    );
  });
  const tags = once(async () => (await tagsIn(metadata)) ?? describeTags(await identity()));
  return {
    identity,
    tags,
    async environment() {
      const all = await tags();
      const name = all[environmentName];
      if (name !== undefined) return { name, id: all[environmentId] ?? '' };
      const { instanceId } = await identity();
      throw new Failure(
        world(
          'no-environment',
          `${instanceId} belongs to no Beanstalk environment: it has no tag ${environmentName}`,
          {
            hint: 'Beanstalk sets the tag; in the lab `converge lab instance --environment NAME` does',
          },
        ),
      );
    },
  };
}

/** What this instance is to Beanstalk: where it belongs and how it is named. */
export async function whatAmI(
  instance: Instance,
): Promise<Identity & { environmentName: string; environmentId: string }> {
  const [identity, { name, id }] = await Promise.all([instance.identity(), instance.environment()]);
  return { ...identity, environmentName: name, environmentId: id };
}

/** Undefined when the metadata holds no tags: they are off, as for every instance that says nothing. */
async function tagsIn(metadata: Metadata): Promise<Record<string, string> | undefined> {
  const list = await metadata.get('meta-data/tags/instance');
  if (list === undefined) return undefined;
  // The characters that EC2 lets a tag have while it is in the metadata.
  const keys = list.split('\n').filter(key => /^[a-zA-Z0-9+=.,_:@-]+$/.test(key));
  const tags: Record<string, string> = {};
  for (const key of keys) {
    const value = await metadata.get(`meta-data/tags/instance/${key}`);
    if (value !== undefined) tags[key] = value;
  }
  return tags;
}

function identityOf(text: string | undefined): Identity | undefined {
  let document: Partial<Identity> | null;
  try {
    document = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  const names = ['instanceId', 'instanceType', 'region', 'availabilityZone', 'accountId', 'imageId'] as const;
  if (!document || names.some(name => typeof document[name] !== 'string')) return undefined;
  const { instanceId, instanceType, region, availabilityZone, accountId, imageId } = document as Identity;
  if (!/^i-[0-9a-f]+$/.test(instanceId) || !/^[a-z0-9-]+$/.test(region)) return undefined;
  return { instanceId, instanceType, region, availabilityZone, accountId, imageId };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}
