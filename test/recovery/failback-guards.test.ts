import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateVolumeCommand } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { bringHome, lookAhead, refuseStarted } from '../../src/recovery/failback/failback.ts';
import { FOLDER_INDEX } from '../../src/recovery/failback/folder.ts';
import { undo } from '../../src/recovery/failover/take-over.ts';
import { SNAPSHOT_BLOCK as BLOCK } from '../../src/recovery/model/snapshots.ts';
import { away, files, size } from './away.ts';
import { sha256, someBytes } from './fixture.ts';
import { attachAnother, become, seen } from './taken-over.ts';

const finals = async ({ recovery }: Awaited<ReturnType<typeof away>>) =>
  (await recovery.snapshots.list({ tags: { 'converge:failback': 'final' } })).map(({ id }) => id);

test('started again after it was brought home: what it wrote then comes along, too, and who starts it meanwhile is told', async () => {
  const world = await away();
  const { machines, live, dir } = world;
  const id = (await live())[0]!.InstanceId!;
  const start = async () => {
    await machines.start(id);
    await become(world, 'running');
  };
  await world.toFolder();
  const before = await finals(world);
  await start();
  await world.writes(4 * BLOCK, someBytes('after', 300));
  // It is looked at, and nothing is stopped by that.
  const again = { to: 'folder', directory: join(dir, 'again'), files } as const;
  const ahead = await lookAhead(await world.options(), again);
  expect((await live())[0]!.State!.Name).toBe('running');
  const { bytes } = await bringHome(await world.options(), again);
  expect(ahead.bytes).toBeGreaterThanOrEqual(bytes);
  expect(sha256(await world.applied(again.directory))).toBe(sha256(world.expected));
  const [now, ...more] = await finals(world);
  expect(more).toEqual([]);
  expect(before).not.toContain(now);
  const { run } = await world.at();
  expect(run.steps.filter(({ what }) => what === 'frozen')).toMatchObject([
    { disks: [{ snapshot: before[0] }] },
    { disks: [{ snapshot: now }] },
  ]);
  // Nothing has happened since, and nothing is taken anew.
  await refuseStarted(await world.options());
  await bringHome(await world.options(), again);
  expect(await finals(world)).toEqual([now]);

  await start();
  // Nor is it ended like one that home has all of.
  await expect(world.options().then(refuseStarted)).rejects.toMatchObject({
    diagnostics: [{ code: 'instance-started', category: 'blocked' }],
  });
  const brought = async () => (await world.at()).run.steps.filter(({ what }) => what === 'brought').length;
  const count = await brought();
  const startedAt = (step: string) => async (name: string) => {
    if (name === step) await start();
  };
  await expect(bringHome(await world.options(startedAt('index')), again)).rejects.toThrow(
    'was started in EC2',
  );
  await expect(bringHome(await world.options(startedAt('snapshot-final-0')), again)).rejects.toThrow(
    'was started in EC2',
  );
  expect(await brought()).toBe(count);
  await bringHome(await world.options(), again);

  // The volume was somewhere else meanwhile, and the instance was not started.
  await world.recovery.volumes.detach(world.volume, id);
  await world.writes(6 * BLOCK, someBytes('elsewhere', 300));
  await live();
  await world.recovery.volumes.list({});
  await world.recovery.volumes.attach(world.volume, id, (await live())[0]!.RootDeviceName!);
  await bringHome(await world.options(), again);
  expect(sha256(await world.applied(again.directory))).toBe(sha256(world.expected));
});

test('a volume that was attached in EC2 is named before anything is stopped, and left there if allowed; one that is gone, too', async () => {
  const world = await away();
  const { live, directory } = world;
  const id = (await live())[0]!.InstanceId!;
  const extra = await attachAnother(world, id);
  const where = { to: 'folder', directory, files } as const;
  for (const go of [lookAhead, bringHome])
    await expect(go(await world.options(), where)).rejects.toThrow(
      `${extra} (/dev/sdf, 2 GiB) was attached to web01 in EC2`,
    );
  expect((await live())[0]!.State!.Name).toBe('running');
  expect((await world.at()).run.steps.some(({ what }) => what === 'failback')).toBe(false);
  const allowed = { ...(await world.options()), mayLeave: true };
  const { left } = await lookAhead(allowed, where);
  expect(left).toEqual([{ volume: extra, device: '/dev/sdf', gib: 2, endsWithIt: false }]);
  await bringHome(allowed, where);
  expect(sha256(await world.applied())).toBe(sha256(world.expected));

  await world.recovery.volumes.detach(world.volume, id);
  await live();
  for (const go of [lookAhead, bringHome])
    await expect(go({ ...(await world.options()), mayLeave: true }, where)).rejects.toThrow(
      'has no volume at',
    );
  await undo({ ...(await world.at()), cloud: world.recovery });
  expect((await world.recovery.volumes.list({})).map(one => one.id)).toContain(extra);
});

test('a disk that was enlarged in EC2 comes home as large as it is, or not into the old one', async () => {
  const world = await away();
  const { live, directory, recovery, ec2 } = world;
  const [instance] = await live();
  const id = instance!.InstanceId!;
  await world.machines.stop(id);
  await become(world, 'stopped');
  const snapshot = await recovery.snapshots.take(world.volume, { description: 'to enlarge it', tags: {} });
  await seen(async () => (await recovery.snapshots.list({ ids: [snapshot] }))[0]!.state === 'completed');
  const wanted = {
    SnapshotId: snapshot,
    Size: 2,
    AvailabilityZone: 'eu-west-1a',
    VolumeType: 'gp3',
  } as const;
  const larger = (await ec2.send(new CreateVolumeCommand(wanted))).VolumeId!;
  await recovery.volumes.detach(world.volume, id);
  await seen(async () =>
    (await recovery.volumes.list({})).some(one => one.id === larger && one.state === 'available'),
  );
  await live();
  await recovery.volumes.attach(larger, id, instance!.RootDeviceName!);
  const file = join(world.dir, 'guest');
  await writeFile(file, someBytes('far', 100));
  await world.lab.command({ do: 'write-volume', volume: larger, offset: 3 * 2 ** 29, file });
  for (const go of [lookAhead, bringHome])
    await expect(go(await world.options(), { to: 'disk' })).rejects.toThrow(
      `Hard disk 1 has ${size} bytes there, and ${2 ** 31} in EC2`,
    );
  await bringHome(await world.options(), { to: 'folder', directory, files });
  const [disk] = (await world.index()).disks;
  expect(disk).toMatchObject({ bytes: 2 ** 31, mode: 'whole', why: 'it has another size at home by now' });
  expect(disk!.extents.at(-1)).toEqual([3 * 2 ** 29, BLOCK]);
});

test('a folder that has anything else is left alone, and nothing is stopped', async () => {
  const world = await away();
  const { directory, live } = world;
  await mkdir(directory);
  const where = { to: 'folder', directory, files } as const;
  const refused = async (why: string) => {
    for (const go of [lookAhead, bringHome])
      await expect(go(await world.options(), where)).rejects.toThrow(`${directory} has ${why}`);
    expect((await live())[0]!.State!.Name).toBe('running');
  };
  await writeFile(join(directory, 'notes'), 'mine');
  await refused('something in it already');
  const of = {
    version: 1,
    repository: world.repository.id,
    plan: 'web',
    failover: 7,
    vm: 'another',
    point: 'p',
  };
  await writeFile(join(directory, 'failback-of.json'), JSON.stringify(of));
  await writeFile(join(directory, FOLDER_INDEX), '{}');
  await refused('the failback of another from failover 7 of web');
  expect(await readFile(join(directory, FOLDER_INDEX), 'utf8')).toBe('{}');
});
