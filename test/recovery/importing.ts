import { DescribeImportImageTasksCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { standing } from '../../src/recovery/failover/standing.ts';
import type { RunMachine, RunStart } from '../../src/recovery/run/run.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { begun } from './begun.ts';
import { real } from './taken-over.ts';
import { bucket, importedBy, vmImport } from './vm-import.ts';

/** A run of one machine that is imported so; of one small part, unless `image` says otherwise. */
export async function importing(way: string, { withRole = true, image = bootBlock() } = {}) {
  return brought(way, withRole, image, await begun(startOf(way), ['web01'], { image }));
}

/** The same of one that takes over. */
export const importedForReal = async (way: string, image = bootBlock()) =>
  brought(way, true, image, await real({ image }, startOf(way)));

const startOf =
  (way: string) =>
  async ({ machine }: { machine: RunMachine }): Promise<Partial<RunStart>> => ({
    groups: [{ machines: [importedBy(way, machine)], wait: 0 }],
  });

async function brought<W extends Awaited<ReturnType<typeof begun>>>(
  way: string,
  withRole: boolean,
  image: Buffer,
  world: W,
) {
  const { s3, asImporter } = await vmImport(world);
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
