import {
  AttachVolumeCommand,
  CreateReplaceRootVolumeTaskCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeSnapshotsCommand,
  DetachVolumeCommand,
  EnableEbsEncryptionByDefaultCommand,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../../src/lab/s3/protocol/sigv4.ts';
import { blockBytes, blockOf, bootBlock, ec2Lab, refusal } from './fixture.ts';
import { steps } from './replica.ts';

const GiB = 2 ** 30;

test('a volume is of its zone, its size and its state', async () => {
  const opened = await ec2Lab();
  const { ec2 } = opened;
  const { snapshot, image, run, available } = steps(opened);
  const source = await snapshot();
  const create = (more: object) =>
    refusal(ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'eu-west-1a', ...more })));
  expect(await create({})).toBe('MissingParameter');
  expect(await create({ Size: 1, AvailabilityZone: 'eu-west-1z' })).toBe('InvalidZone.NotFound');
  expect(await create({ SnapshotId: 'snap-00000000000000000' })).toBe('InvalidSnapshot.NotFound');
  expect(await create({ Size: 0 })).toBe('InvalidParameterValue');
  expect(await create({ Size: 70_000 })).toBe('InvalidParameterValue');
  expect(await create({ SnapshotId: source, VolumeInitializationRate: 99 })).toBe('InvalidParameterValue');
  const instance = await run(await image(source));
  const attach = (VolumeId: string, Device = '/dev/sdf') =>
    refusal(ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: instance, Device })));
  expect(await attach(await available(source, 'eu-west-1b'))).toBe('InvalidVolume.ZoneMismatch');
  const fresh = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: 'eu-west-1a', SnapshotId: source }),
  );
  expect(await attach(fresh.VolumeId!)).toBe('IncorrectState');
  const volume = await available(source);
  expect(await attach(volume, '/dev/xvda')).toBe('InvalidParameterValue');
  expect(await attach(volume)).toBe('none');
  expect(await attach(volume, '/dev/sdg')).toBe('VolumeInUse');
  expect(await refusal(ec2.send(new DeleteVolumeCommand({ VolumeId: volume })))).toBe('VolumeInUse');
});

test('a root is detached of a stopped instance alone, and without one none starts', async () => {
  const opened = await ec2Lab();
  const { ec2 } = opened;
  const { snapshot, image, run, available, instance, volume } = steps(opened);
  const source = await snapshot();
  const id = await run(await image(source));
  const old = (await instance(id)).BlockDeviceMappings![0]!.Ebs!.VolumeId!;
  const detach = () => ec2.send(new DetachVolumeCommand({ VolumeId: old }));
  expect(await refusal(detach())).toBe('OperationNotPermitted');
  await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  const start = () => ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  expect(await refusal(start())).toBe('IncorrectInstanceState');
  await instance(id);
  await detach();
  expect(await refusal(detach())).toBe('IncorrectState');
  await volume(old);
  expect(await refusal(start())).toBe('IncorrectInstanceState');
  const other = await available(source);
  await ec2.send(new AttachVolumeCommand({ VolumeId: other, InstanceId: id, Device: '/dev/xvda' }));
  await start();
  await instance(id);
  expect(await instance(id)).toMatchObject({
    State: { Name: 'running' },
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: other, DeleteOnTermination: false } }],
  });
  await ec2.send(
    new ModifyInstanceAttributeCommand({
      InstanceId: id,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true } }],
    }),
  );
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await instance(id);
  expect(await refusal(volume(other))).toBe('InvalidVolume.NotFound');
  expect((await volume(old)).State).toBe('available');
});

test('a running system writes to each disk that it finds; what was there before is kept', async () => {
  const opened = await ec2Lab();
  const { ec2, lab } = opened;
  const { snapshot, image, run, available } = steps(opened);
  const source = await snapshot({ 3: blockOf(3) });
  const whole = Buffer.concat([bootBlock(), Buffer.alloc(2 * blockBytes), blockOf(3)]);
  const shell = await run(await image(source));
  const data = await available(source);
  const look = async (firstStart: boolean, length = GiB) => {
    const { data: found } = await lab.command({ do: 'volume', volume: data, firstStart, length });
    return found as { sha256: string; restIsZero: boolean; firstStart?: { instance: string } };
  };
  expect(await look(false, whole.length)).toMatchObject({ sha256: sha256Hex(whole), restIsZero: true });
  await expect(look(true)).rejects.toThrow(/no instance ever ran/);
  await ec2.send(new AttachVolumeCommand({ VolumeId: data, InstanceId: shell, Device: '/dev/sdf' }));
  expect(await look(false, whole.length)).toMatchObject({
    restIsZero: false,
    firstStart: { instance: shell },
  });
  expect(await look(true, whole.length)).toMatchObject({ sha256: sha256Hex(whole), restIsZero: true });
  const shorter = whole.length - blockBytes / 2;
  expect(await look(true, shorter)).toMatchObject({
    sha256: sha256Hex(whole.subarray(0, shorter)),
    restIsZero: false,
  });
});

test('a root is replaced by a volume of the zone, available, encrypted if the old one is', async () => {
  const opened = await ec2Lab();
  const { ec2 } = opened;
  const { snapshot, image, run, available, instance, replaced, volume } = steps(opened);
  const source = await snapshot();
  const id = await run(await image(source));
  const replace = (more: object) =>
    ec2.send(new CreateReplaceRootVolumeTaskCommand({ InstanceId: id, ...more }));
  const other = await available(source);
  const stranger = await snapshot({ 5: blockOf(5) });
  expect(await refusal(replace({ VolumeId: await available(source, 'eu-west-1b') }))).toBe(
    'InvalidVolume.ZoneMismatch',
  );
  expect(await refusal(replace({ SnapshotId: stranger }))).toBe('InvalidParameterValue');
  expect(await refusal(replace({ SnapshotId: source, VolumeId: other }))).toBe('InvalidParameterCombination');
  const old = (await instance(id)).BlockDeviceMappings![0]!.Ebs!.VolumeId!;
  const { ReplaceRootVolumeTask } = await replace({ VolumeId: other, ClientToken: 'swap' });
  const again = await replace({ VolumeId: other, ClientToken: 'swap' });
  const task = ReplaceRootVolumeTask!.ReplaceRootVolumeTaskId!;
  expect(again.ReplaceRootVolumeTask!.ReplaceRootVolumeTaskId).toBe(task);
  expect(await refusal(replace({ VolumeId: other }))).toBe('OperationNotPermitted');
  expect(await replaced(task)).toBe('succeeded');
  expect((await instance(id)).BlockDeviceMappings![0]!.Ebs!.VolumeId).toBe(other);
  expect((await volume(old)).State).toBe('available');
  // Without anything named: what the root began as.
  const back = await replace({});
  expect(await replaced(back.ReplaceRootVolumeTask!.ReplaceRootVolumeTaskId!)).toBe('succeeded');
  // A snapshot of a volume that came from ours goes on our lineage.
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId: other }));
  expect((await opened.ebs.changed(SnapshotId!, { firstSnapshotId: source })).json.Reason).toBe(
    'INVALID_SNAPSHOT_ID',
  );
  await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [SnapshotId!] }));
  const { json } = await opened.ebs.changed(SnapshotId!, { firstSnapshotId: source });
  expect((json.ChangedBlocks as { BlockIndex: number }[]).map(it => it.BlockIndex)).toEqual([2047]);
});

test('a replacement can fail, with the old root in place or with none', async () => {
  const opened = await ec2Lab();
  const { ec2, lab } = opened;
  const { snapshot, image, run, available, instance, replaced } = steps(opened);
  const source = await snapshot();
  const id = await run(await image(source));
  for (const state of ['failed', 'failed-detached']) {
    await lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'replace-fails', state } });
    const { ReplaceRootVolumeTask } = await ec2.send(
      new CreateReplaceRootVolumeTaskCommand({ InstanceId: id, VolumeId: await available(source) }),
    );
    expect(await replaced(ReplaceRootVolumeTask!.ReplaceRootVolumeTaskId!)).toBe(state);
    expect((await instance(id)).BlockDeviceMappings!.length).toBe(state === 'failed' ? 1 : 0);
  }
});

test('with encryption by default all that is new is encrypted, and an encrypted root stays one', async () => {
  const opened = await ec2Lab();
  const { ec2 } = opened;
  const { snapshot, image, run, available, volume } = steps(opened);
  const plain = await snapshot();
  const before = await available(plain);
  await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  expect([(await volume(before)).Encrypted, (await volume(await available(plain))).Encrypted]).toEqual([
    false,
    true,
  ]);
  const id = await run(await image(plain));
  expect(
    await refusal(ec2.send(new CreateReplaceRootVolumeTaskCommand({ InstanceId: id, VolumeId: before }))),
  ).toBe('InvalidParameterValue');
});
