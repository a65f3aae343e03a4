import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { failedOf } from '../../src/recovery/failover/attempts.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { machineOf, obstacles } from '../../src/recovery/failover/prepare.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { RUN_TAG } from '../../src/recovery/model/machines.ts';
import { imageName } from '../../src/recovery/run/names.ts';
import { stateOf, tookOf } from '../../src/recovery/run/run.ts';
import { begun, firmware, killedBefore } from './begun.ts';

test('a point is registered, run and probed, and cleaned up until nothing is left', async () => {
  const world = await begun();
  const recovered = await rehearse(await world.at());
  expect(recovered).toMatchObject([
    { vm: 'web01', results: [{ probe: 'status checks', from: 'EC2', outcome: 'passed' }] },
  ]);
  const [instance, ...others] = await world.all();
  expect(others).toEqual([]);
  expect(instance).toMatchObject({
    InstanceId: recovered[0]!.instance,
    State: { Name: 'running' },
    BootMode: 'legacy-bios',
    SubnetId: world.network.subnet,
    SecurityGroups: [{ GroupId: world.network.group }],
    MetadataOptions: { HttpTokens: 'required' },
    BlockDeviceMappings: [{ Ebs: { DeleteOnTermination: true } }],
  });
  expect(instance!.IamInstanceProfile).toBeUndefined();
  const options = await world.at();
  expect(stateOf(options.run)).toBe('standing');
  expect(await standing(world.repository, options.run, world.recovery)).toMatchObject({
    instances: [instance!.InstanceId],
    volumes: [expect.stringMatching(/^vol-/)],
    images: [expect.stringMatching(/^ami-/)],
    foreign: [],
  });
  expect(await cleanUp(options)).toEqual({ instances: 1, images: 1, groups: 0, schedules: 1, foreign: [] });
  const after = await world.at();
  expect(stateOf(after.run)).toBe('cleaned');
  expect(await standing(world.repository, after.run, world.recovery)).toEqual({
    instances: [],
    images: [],
    imports: [],
    uploads: [],
    volumes: [],
    loose: [],
    snapshots: [],
    groups: [],
    schedules: [],
    foreign: [],
  });
  // The replica is still there, for the next one.
  expect(await world.store.list({ ids: world.disks.map(({ snapshot }) => snapshot) })).toHaveLength(1);
});

test.for([
  'proven',
  'schedule',
  'scheduled',
  'register-web01',
  'run-web01',
  'launched-web01',
  'picture-web01',
  'probed-web01',
  'finish',
])('killed before %s, the next run goes on: one instance, one image', async step => {
  const world = await begun({
    probes: {
      web01: [
        { kind: 'status', within: 60_000 },
        { kind: 'picture', within: 0 },
      ],
    },
  });
  await expect(rehearse(await world.at(killedBefore(step)))).rejects.toThrow('killed');
  const recovered = await rehearse(await world.at());
  expect(recovered).toHaveLength(1);
  const there = await world.all();
  expect(there.map(({ InstanceId }) => InstanceId)).toEqual([recovered[0]!.instance]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, images: 1, schedules: 1 });
});

test('interrupted for ten minutes, it says that it took these too, as the record does', async () => {
  const ago = 10 * 60_000;
  const world = await begun({ began: Date.now() - ago });
  await expect(rehearse(await world.at(killedBefore('probed-web01')))).rejects.toThrow('killed');
  const options = await world.at();
  const [web] = await rehearse(options);
  expect(web!.running).toBeGreaterThanOrEqual(ago);
  expect(web!.probed).toBeGreaterThanOrEqual(web!.running);
  expect(tookOf(options.run)).toBeGreaterThanOrEqual(web!.probed);
});

test.for(['found', 'terminate', 'deregister', 'unschedule', 'lift', 'cleaned'])(
  'killed before %s, the next cleanup ends it',
  async step => {
    const world = await begun();
    await rehearse(await world.at());
    await expect(cleanUp(await world.at(killedBefore(step)))).rejects.toThrow('killed');
    // What the first one removed is counted: nobody reads of 0 instances that were ended a moment ago.
    const counts = { instances: 1, images: 1, groups: 0, schedules: 1, foreign: [] };
    expect(await cleanUp(await world.at())).toEqual(counts);
    const { run } = await world.at();
    expect(stateOf(run)).toBe('cleaned');
    expect(run.steps.at(-1)).toMatchObject({ what: 'cleaned', instances: 1, images: 1, schedules: 1 });
    expect((await world.all()).every(({ State }) => State!.Name === 'terminated')).toBe(true);
  },
);

test('no capacity: EC2 says so at once, and the next run goes on when there is some', async () => {
  const world = await begun();
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', type: 'm6i.large' } });
  await expect(rehearse(await world.at())).rejects.toThrow(
    /no room for web01: m6i.large in subnet-\w+: InsufficientInstanceCapacity: We currently do not have/,
  );
  expect(await world.all()).toEqual([]);
  const recovered = await rehearse(await world.at());
  expect((await world.all()).map(({ InstanceId }) => InstanceId)).toEqual([recovered[0]!.instance]);
});

test('a probe that never passes: the group after it is not begun, and the record says so', async () => {
  const world = await begun({ probes: { web01: [{ kind: 'console', text: 'login:', within: 0 }] } }, [
    'web01',
    'db01',
  ]);
  const { run, ...options } = await world.at();
  const recovered = await rehearse({ ...options, run });
  expect(recovered.map(({ vm }) => vm)).toEqual(['web01']);
  expect(recovered[0]!.results.at(-1)).toMatchObject({
    outcome: 'failed',
    saw: expect.stringContaining('last line'),
  });
  expect(run.steps.at(-1)).toMatchObject({ what: 'finished', ok: false });
  expect(await world.all()).toHaveLength(1);
});

test('an answer that is lost launches nothing twice', async () => {
  const world = await begun();
  for (const operation of ['RunInstances', 'RegisterImage'])
    await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'lost-answer', operation } });
  const recovered = await rehearse(await world.at());
  expect((await world.all()).map(({ InstanceId }) => InstanceId)).toEqual([recovered[0]!.instance]);
});

test('an image that EC2 bills as anything but Linux is not launched from', async () => {
  const world = await begun();
  const options = await world.at();
  const { machines } = world;
  const images: typeof machines.images = async (...asked) =>
    (await machines.images(...asked)).map(one => ({ ...one, usageOperation: 'RunInstances:0002' }));
  const cloud = { ...world.recovery, machines: { ...machines, images } };
  await expect(rehearse({ ...options, cloud })).rejects.toThrow(
    /the image of web01 is no use: EC2 bills it as Linux\/UNIX \(RunInstances:0002\)/,
  );
  expect(await world.all()).toEqual([]);
});

test('somebody else’s image with the name of the run’s is neither launched from nor removed', async () => {
  const world = await begun();
  const { run } = await world.at();
  const theirs = await world.machines.registerImage({
    name: imageName(world.repository.id, run.start, 'web01'),
    bootMode: 'legacy-bios',
    tpm: false,
    endsWithIt: true,
    disks: [{ device: '/dev/sda1', snapshot: world.disks[0]!.snapshot }],
    tags: { owner: 'theirs' },
  });
  await expect(rehearse(await world.at())).rejects.toMatchObject({
    diagnostics: [{ code: 'image-name-taken' }],
  });
  expect(await world.all()).toEqual([]);
  expect(await cleanUp(await world.at())).toMatchObject({ images: 0, foreign: [] });
  expect((await world.machines.images({ owner: 'theirs' })).map(({ id }) => id)).toEqual([theirs]);
});

test('one that passed and was ended before the run was over does not count as recovered', async () => {
  const world = await begun({}, ['web01', 'db01']);
  await expect(rehearse(await world.at(killedBefore('run-db01')))).rejects.toThrow('killed');
  const [web] = await world.all();
  await world.machines.terminate([web!.InstanceId!]);
  await expect(rehearse(await world.at())).rejects.toMatchObject({
    diagnostics: [{ code: 'machine-not-launched', message: expect.stringContaining('it is terminated') }],
  });
  expect(await failedOf(await world.at(), false)).toMatchObject([{ vm: 'web01', anew: true }]);
});

test('what has the tag of the run, but no record of it, is left alone', async () => {
  const world = await begun();
  await rehearse(await world.at());
  const { ImageId } = (await world.all())[0]!;
  const answer = await world.machines.run({
    image: ImageId!,
    type: 'm6i.large',
    subnet: world.network.subnet,
    groups: [world.network.group],
    token: 'theirs',
    tags: {},
  });
  const theirs = 'instance' in answer ? answer.instance : '';
  const { run } = await world.at();
  const tag = `${world.repository.id.slice(0, 8)}/web/1`;
  await world.ec2.send(new CreateTagsCommand({ Resources: [theirs], Tags: [{ Key: RUN_TAG, Value: tag }] }));
  expect((await standing(world.repository, run, world.recovery)).foreign).toEqual([theirs]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, foreign: [theirs] });
  const left = (await world.all()).filter(({ State }) => State!.Name !== 'terminated');
  expect(left.map(({ InstanceId }) => InstanceId)).toEqual([theirs]);
});

test('a point that can’t be run says why, all of it', async () => {
  const world = await begun();
  const codes = (point: Parameters<typeof obstacles>[0]) => obstacles(point, {}).map(({ code }) => code);
  const { machine: _, ...older } = world.point;
  expect(codes(older)).toEqual(['machine-unknown']);
  const windows = { ...firmware, guest_id: 'windows2019srv_64Guest', boot_order: ['disk:2001'] };
  expect(codes({ ...world.point, machine: windows })).toEqual(['license-required', 'boot-disk-missing']);
  expect(codes(world.point)).toEqual([]);
});

test('the disk that it booted from comes first, whatever its unit', () => {
  const disk = (index: number) => ({
    index,
    key: 2000 + index,
    label: '',
    identity: `d${index}`,
    bytes: 1,
    blockSize: 65_536,
    mode: 'full' as const,
    reason: '',
  });
  const machine = { ...firmware, firmware: 'efi' as const, vtpm: true, boot_order: ['disk:2001'] };
  const point = {
    id: 'p',
    vm: { name: 'web01', uuid: 'u' },
    generation: 1,
    epoch: 1,
    time: 0,
    consistency: 'crash' as const,
    left_out: [],
    disks: [disk(0), disk(1)],
    machine,
  };
  const snapshots = new Map([
    [0, 'snap-0'],
    [1, 'snap-1'],
  ]);
  expect(machineOf(point, { vm: 'web01' }, { type: 't3.small' }, snapshots)).toMatchObject({
    boot_mode: 'uefi',
    tpm: true,
    disks: [
      { index: 1, snapshot: 'snap-1' },
      { index: 0, snapshot: 'snap-0' },
    ],
  });
});
