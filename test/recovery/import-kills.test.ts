import { DescribeImagesCommand, ImportImageCommand } from '@aws-sdk/client-ec2';
import { ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { takeOver, undo } from '../../src/recovery/failover/take-over.ts';
import { runTags } from '../../src/recovery/run/names.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { deaths } from './dying.ts';
import { expectNothingLeft, importedForReal, tasks } from './importing.ts';
import { bucket, ways } from './vm-import.ts';

type World = Awaited<ReturnType<typeof importedForReal>>;

const theirKey = 'dr/of-another-run.raw';

/** What others have beside the run: an object in its bucket, and an import. */
async function foreignIn({ s3, ec2, disks }: World): Promise<string> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: theirKey, Body: 'theirs' }));
  const SnapshotId = disks[0]!.snapshot;
  const begun = await ec2.send(
    new ImportImageCommand({ DiskContainers: [{ SnapshotId }], Description: 'theirs', Platform: 'Linux' }),
  );
  return begun.ImportTaskId!;
}

const keysIn = async ({ s3 }: World) =>
  ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key);

/** Runs `act` in one process after the other, each of which dies before a change, until one comes through. */
async function untilDone(world: World, act: (options: Awaited<ReturnType<World['at']>>) => Promise<unknown>) {
  const { died, next } = deaths();
  for (;;) {
    const { options, dead } = next(await world.at());
    await act(options).catch(error => {
      if (!dead()) throw error;
    });
    if (!dead()) return died;
  }
}

/** One image, one machine of it, and nothing that was only needed on the way. */
async function expectOneRuns(world: World, theirs: string) {
  const running = await world.live();
  expect(running).toHaveLength(1);
  const [own, ...more] = (await tasks(world)).filter(
    ({ ImportTaskId, Status }) => ImportTaskId !== theirs && Status !== 'deleted',
  );
  expect(more).toEqual([]);
  expect(own).toMatchObject({ Status: 'completed', ImageId: running[0]!.ImageId });
  const { run } = await world.at();
  const tags = runTags(world.repository.id, run.start);
  const Filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
  const { Images } = await world.ec2.send(new DescribeImagesCommand({ Filters }));
  expect(Images!.map(({ ImageId }) => ImageId)).toEqual([own!.ImageId]);
  expect(await keysIn(world)).toEqual([theirKey]);
  const unended = await world.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  expect(unended.Uploads ?? []).toEqual([]);
}

async function expectTheirsThere(world: World, theirs: string) {
  expect(await keysIn(world)).toEqual([theirKey]);
  const [task] = (await tasks(world)).filter(({ ImportTaskId }) => ImportTaskId === theirs);
  expect(task!.Status).not.toMatch(/delet/);
}

const onTheWay = {
  convert: ['imports.start', 'records.add importing', 'shells.tag', 'records.add imported', 'machines.run'],
  raw: [
    'uploads.begin',
    'uploads.put 1',
    'uploads.complete',
    'imports.start',
    'records.add importing',
    'uploads.remove',
    'records.add imported',
    'machines.run',
  ],
};

test.for(Object.keys(ways))(
  '%s for real, killed before each change: one machine runs in the end, and an undo of it leaves nothing',
  { timeout: 120_000 },
  async way => {
    const world = await importedForReal(way);
    const theirs = await foreignIn(world);
    const died = await untilDone(world, takeOver);
    expect(died).toEqual(expect.arrayContaining(onTheWay[way as keyof typeof onTheWay]));
    await expectOneRuns(world, theirs);
    await expectTheirsThere(world, theirs);
    const undone = await untilDone(world, undo);
    expect(undone).toEqual(expect.arrayContaining(['machines.terminate', 'shells.remove', 'volumes.remove']));
    expect(await world.live()).toEqual([]);
    await expectTheirsThere(world, theirs);
    expect(stateOf((await world.at()).run)).toBe('cleaned');
  },
);

const stops = Object.entries(onTheWay).flatMap(([way, names]) =>
  names.map((name): [string, string] => [way, name]),
);

test.for(stops)(
  '%s for real, killed before %s and undone: no import goes on, and nothing lies in the bucket',
  async ([way, stop]) => {
    const world = await importedForReal(way);
    const { next } = deaths(stop);
    const { options, dead } = next(await world.at());
    await expect(takeOver(options)).rejects.toThrow('killed');
    expect(dead()).toBe(true);
    await untilDone(world, undo);
    expect((await tasks(world)).filter(({ Status }) => Status === 'active')).toEqual([]);
    expect(await world.live()).toEqual([]);
    await expectNothingLeft(world);
  },
);

test('an import that fails, killed before each change: it is written down once, and the next is another one', async () => {
  const world = await importedForReal('convert');
  const message = 'ClientError: Unable to find an OS.';
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'import-fails', message } });
  const died = await untilDone(world, takeOver);
  expect(died).toContain('records.add import-failed');
  const { run } = await world.at();
  expect(run.steps.filter(({ what }) => what === 'import-failed')).toHaveLength(1);
  expect(await world.live()).toHaveLength(1);
  expect((await tasks(world)).map(({ Status }) => Status).sort()).toEqual(['completed', 'deleted']);
});
