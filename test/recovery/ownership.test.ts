import { expect, test } from 'vitest';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { machineTags, runTags, VM_TAG } from '../../src/recovery/run/names.ts';
import { begun, killedBefore } from './begun.ts';

test('an image, a volume and a group with the tag of the run that no record explains are left alone', async () => {
  const world = await begun();
  await rehearse(await world.at());
  const { repository, recovery, disks, network } = world;
  const { run } = await world.at();
  const tags = runTags(repository.id, run.start);
  const { snapshot } = disks[0]!;
  const image = await recovery.machines.registerImage({
    name: 'theirs',
    bootMode: 'legacy-bios',
    tpm: false,
    endsWithIt: true,
    disks: [{ device: '/dev/sda1', snapshot }],
    tags,
  });
  const made = { snapshot, zone: 'eu-west-1a', encrypted: false };
  const volumes = [
    await recovery.volumes.create({ ...made, token: 'of-another-vm', tags: { ...tags, [VM_TAG]: 'theirs' } }),
    await recovery.volumes.create({ ...made, token: 'of-no-vm', tags }),
  ];
  const group = await recovery.groups.create({ name: 'theirs', vpc: network.vpc, description: 'x', tags });
  const theirs = [image!, ...volumes, group!];

  const { foreign, images, instances, groups } = await standing(repository, run, recovery);
  expect(foreign).toEqual(theirs);
  expect([instances.length, images.length, groups.length]).toEqual([1, 1, 0]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, images: 1, foreign: theirs });
  expect((await recovery.machines.images(tags)).map(({ id }) => id)).toEqual([image]);
  expect((await recovery.volumes.list(tags)).map(({ id }) => id).sort()).toEqual(volumes.sort());
  expect((await recovery.groups.list({ tags })).map(({ id }) => id)).toEqual([group]);
});

test('an instance of another account than the run began in is not the run’s, whatever its token', async () => {
  const world = await begun();
  const [recovered] = await rehearse(await world.at());
  const { run } = await world.at();
  const elsewhere = { ...run, start: { ...run.start, account: '210987654321' } };
  expect(await standing(world.repository, elsewhere, world.recovery)).toMatchObject({
    instances: [],
    foreign: [recovered!.instance],
  });
});

test('an instance with all tags of a machine of the run, and another token, is not taken for it', async () => {
  const world = await begun();
  await expect(rehearse(await world.at(killedBefore('run-web01')))).rejects.toThrow('killed');
  const { repository, machines, network } = world;
  const { run } = await world.at();
  const tags = machineTags(repository.id, run.start, run.start.groups[0]!.machines[0]!.uuid);
  const [image] = await machines.images(tags);
  const made = await machines.run({
    image: image!.id,
    type: 'm6i.large',
    subnet: network.subnet,
    groups: [network.group],
    token: 'theirs',
    tags,
  });
  const [recovered] = await rehearse(await world.at());
  const theirs = 'instance' in made ? made.instance : '';
  expect(await standing(repository, run, world.recovery)).toMatchObject({
    instances: [recovered!.instance],
    foreign: [theirs],
  });
  expect(recovered!.instance).not.toBe(theirs);
});
