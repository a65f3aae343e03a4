import { expect, test } from 'vitest';
import { cover } from '../../src/recovery/cover/cover.ts';
import { coversIn } from '../../src/recovery/cover/covers.ts';
import { commit, takeOver } from '../../src/recovery/failover/take-over.ts';
import { VM } from '../support/repository.ts';
import { killedBefore } from './begun.ts';
import { attachAnother, become, real } from './taken-over.ts';

const hour = 3_600_000;

/** A machine that stays in AWS, and its cover. */
async function staying() {
  const world = await real();
  await takeOver(await world.at());
  await commit(await world.at());
  const time = { now: Date.now() };
  const take = async (step: (name: string) => Promise<void> = async () => {}) => {
    const { run } = await world.at();
    return cover({
      repository: world.repository,
      run,
      machine: run.start.groups[0]!.machines[0]!,
      cloud: world.recovery,
      clock: { now: () => time.now, sleep: async () => {} },
      step,
      every: hour,
      keep: 2,
    });
  };
  const tagged = async () =>
    (await world.recovery.snapshots.list({ tags: { 'converge:vm': VM.uuid } })).filter(
      ({ tags }) => tags['converge:cover'],
    );
  return { ...world, time, take, tagged };
}

test('a volume that was attached in AWS is covered, too, and until it is that is said', async () => {
  const world = await staying();
  const { take, tagged, repository, time } = world;
  const first = (await take())!;
  const [instance] = await world.live();
  const extra = await attachAnother(world, instance!.InstanceId!);
  // It is not due yet, and the newest set hasn't all that is there.
  await expect(take(killedBefore('cover-1'))).rejects.toThrow('killed');
  expect(await coversIn(repository)).toEqual([
    { vm: VM.uuid, at: first.at, every: hour, lacks: [`${extra} (/dev/sdf)`] },
  ]);
  time.now += 1000;
  const second = (await take())!;
  expect(second.snapshots).toHaveLength(2);
  const its = (await tagged()).find(({ ofVolume }) => ofVolume === extra);
  expect(its!.tags).toMatchObject({ 'converge:device': '/dev/sdf' });
  expect(await coversIn(repository)).toEqual([{ vm: VM.uuid, at: second.at, every: hour }]);
  // A set that was whole when it was taken is one of those that are kept.
  expect((await tagged()).map(({ id }) => id)).toEqual(expect.arrayContaining(first.snapshots));
  expect(await take()).toBeUndefined();

  await world.machines.stop(instance!.InstanceId!);
  await become(world, 'stopped');
  const [root] = instance!.BlockDeviceMappings!;
  await world.recovery.volumes.detach(root!.Ebs!.VolumeId!, instance!.InstanceId!);
  time.now += 2 * hour;
  await expect(take()).rejects.toThrow(`has no volume at ${root!.DeviceName}`);
  expect((await tagged()).map(({ id }) => id)).toEqual(expect.arrayContaining(second.snapshots));
});

test('what lives in AWS is covered on time, by whole sets of which so many are kept, whoever dies between', async () => {
  const world = await staying();
  const { take, tagged, time } = world;
  const { snapshots } = world.recovery;

  await expect(take(killedBefore('cover-0'))).rejects.toThrow('killed');
  await expect(take(killedBefore('note-cover'))).rejects.toThrow('killed');
  expect(await coversIn(world.repository)).toEqual([]);
  expect(await take()).toBeUndefined();
  expect(await coversIn(world.repository)).toHaveLength(1);

  const own = (await tagged()).map(({ id }) => id);
  // Somebody wrote a snapshot from outside, and gave it the very tags of an old set.
  const [first] = await tagged();
  const foreign = await snapshots.start({
    gib: 1,
    token: 'foreign',
    description: 'foreign',
    tags: { ...first!.tags, 'converge:cover': '1' },
    timeout: 60,
  });
  for (let n = 0; n < 3; n++) {
    time.now += hour;
    const taken = await take();
    expect(taken).toMatchObject({ at: time.now });
    expect(await coversIn(world.repository)).toEqual([{ vm: VM.uuid, at: time.now, every: hour }]);
    expect(await take()).toBeUndefined();
    own.push(...taken!.snapshots);
  }
  expect((await tagged()).map(({ id }) => id).sort()).toEqual([...own.slice(-2), foreign].sort());

  time.now += hour;
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'snapshot-fails' } });
  await expect(take()).rejects.toThrow('could not complete');
  // The last whole ones are left alone until there is another.
  expect((await tagged()).map(({ id }) => id)).toEqual(expect.arrayContaining(own.slice(-2)));
  time.now += hour;
  const { removed } = (await take())!;
  expect(removed).toContain(own.at(-2));
  // With what failed there would be as many sets as are kept.
  expect(removed).not.toContain(own.at(-1));
});
