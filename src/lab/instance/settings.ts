import { join } from 'node:path';
import { readJson, writeJson } from '../disks/write-json.ts';
import type { Policy } from './policy.ts';

/** The lab's one EC2 instance: the host that a run with `--lab` is on. */
export interface InstanceSettings {
  instanceId: string;
  instanceType: string;
  region: string;
  availabilityZone: string;
  accountId: string;
  imageId: string;
  tags: Record<string, string>;
  /** Whether the instance has metadata at all; without, the lab's host is not an EC2 instance. */
  metadata: boolean;
  /** Whether tags are in the metadata, which is off for new instances of EC2. */
  metadataTags: boolean;
  /** Whether the instance's role may ask EC2 for its tags. */
  describeTags: boolean;
  /** What its role may do in S3; without one, nothing. */
  policy?: Policy;
}

const usual: InstanceSettings = {
  instanceId: 'i-0c0ffee0c0ffee000',
  instanceType: 't3.medium',
  region: 'eu-west-1',
  availabilityZone: 'eu-west-1a',
  accountId: '123456789012',
  imageId: 'ami-0c0ffee0c0ffee000',
  tags: {},
  metadata: true,
  metadataTags: true,
  describeTags: true,
};

const fileOf = (dir: string) => join(dir, 'instance.json');

/** That of the lab in `dir`; the usual one where nobody has said anything. */
export async function readInstance(dir: string): Promise<InstanceSettings> {
  return { ...usual, ...(await readJson<Partial<InstanceSettings>>(fileOf(dir))) };
}

export const writeInstance = (dir: string, settings: InstanceSettings): Promise<void> =>
  writeJson(fileOf(dir), settings);
