import { expect, test } from 'vitest';
import { cover } from '../../src/recovery/cover/cover.ts';
import { coversIn } from '../../src/recovery/cover/covers.ts';
import { commit, takeOver } from '../../src/recovery/failover/take-over.ts';
import { VM } from '../support/repository.ts';
import { killedBefore } from './begun.ts';
import { real } from './taken-over.ts';

const hour = 3_600_000;

test('what lives in AWS is covered on time, by whole sets of which so many are kept, whoever dies between', async () => {
  const world = await real();
  await takeOver(await world.at());
  await commit(await world.at());
  const { snapshots } = world.recovery;
  let now = Date.now();
  const take = async (step: (name: string) => Promise<void> = async () => {}) => {
    const { run } = await world.at();
    return cover({
      repository: world.repository,
      run,
      machine: run.start.groups[0]!.machines[0]!,
      cloud: world.recovery,
      clock: { now: () => now, sleep: async () => {} },
      step,
      every: hour,
      keep: 2,
    });
  };
  const tagged = async () =>
    (await snapshots.list({ tags: { 'converge:vm': VM.uuid } })).filter(({ tags }) => tags['converge:cover']);

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
    now += hour;
    const taken = await take();
    expect(taken).toMatchObject({ at: now });
    expect(await coversIn(world.repository)).toEqual([{ vm: VM.uuid, at: now, every: hour }]);
    expect(await take()).toBeUndefined();
    own.push(...taken!.snapshots);
  }
  expect((await tagged()).map(({ id }) => id).sort()).toEqual([...own.slice(-2), foreign].sort());

  now += hour;
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'snapshot-fails' } });
  await expect(take()).rejects.toThrow('could not complete');
  // The last whole ones are left alone until there is another.
  expect((await tagged()).map(({ id }) => id)).toEqual(expect.arrayContaining(own.slice(-2)));
  expect(await take()).toMatchObject({ removed: expect.arrayContaining([own.at(-2)]) });
});
