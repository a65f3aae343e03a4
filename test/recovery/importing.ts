import { DescribeImportImageTasksCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished } from 'vitest';
import { connectRoles } from '../../src/aws/iam/roles.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import type { Imported } from '../../src/recovery/import/imported.ts';
import type { RunMachine, RunStart } from '../../src/recovery/run/run.ts';
import { policyOf, trustOf } from '../../src/resources/aws/pilot/policies.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { begun } from './begun.ts';
import { real } from './taken-over.ts';

export const bucket = 'gdh-vmimport';

export const ways: Record<string, Imported> = {
  convert: { by: 'convert' },
  raw: { by: 'raw', images: `s3://${bucket}/dr` },
};

/** A run of one machine that is imported so; of one small part, unless `image` says otherwise. */
export async function importing(way: string, { withRole = true, image = bootBlock() } = {}) {
  return brought(way, withRole, image, await begun(startOf(way), ['web01'], { image }));
}

/** The same of one that takes over. */
export const importedForReal = async (way: string, image = bootBlock()) =>
  brought(way, true, image, await real({ image }, startOf(way)));

const startOf =
  (way: string) =>
  async ({ machine: { disks, ...machine } }: { machine: RunMachine }): Promise<Partial<RunStart>> => ({
    groups: [
      {
        machines: [
          {
            ...machine,
            imported: ways[way]!,
            disks: way === 'raw' ? disks.map(({ index }) => ({ index })) : disks,
          },
        ],
        wait: 0,
      },
    ],
  });

async function brought<W extends Awaited<ReturnType<typeof begun>>>(
  way: string,
  withRole: boolean,
  image: Buffer,
  world: W,
) {
  const { region, s3: credentials } = world.lab.settings;
  const s3 = new S3Client({ region, credentials, endpoint: world.lab.s3.url, forcePathStyle: true });
  onTestFinished(() => s3.destroy());
  const LocationConstraint = region as 'eu-west-1';
  await s3.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint } }),
  );
  const roles = await connectRoles(world.connection.settings);
  onTestFinished(() => roles.close());
  const asImporter = async () => {
    const trust = JSON.stringify(trustOf(['vmie.amazonaws.com']));
    await roles.create({ name: 'vmimport', trust, description: '', tags: {} });
    const policy = policyOf({ may: 'importer', images: `s3://${bucket}` }, { account: '1', region });
    await roles.putPolicy('vmimport', 'converge', JSON.stringify(policy));
  };
  if (way === 'raw' && withRole) await asImporter();
  return { ...world, s3, image, asImporter };
}
export type Importing = Awaited<ReturnType<typeof importing>>;

export const tasks = async ({ ec2 }: Pick<Importing, 'ec2'>) =>
  (await ec2.send(new DescribeImportImageTasksCommand({}))).ImportImageTasks!;

export async function expectNothingLeft(world: Importing) {
  const { run } = await world.at();
  expect(await standing(world.repository, run, world.recovery)).toMatchObject({
    instances: [],
    images: [],
    imports: [],
    uploads: [],
    volumes: [],
    foreign: [],
  });
  expect((await world.s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(0);
  expect((await world.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []).toEqual(
    [],
  );
  const owned = await world.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  // Those of the replica are there for the next one.
  expect(owned.Snapshots!.map(({ SnapshotId }) => SnapshotId)).toEqual(world.disks.map(one => one.snapshot));
}
