import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  GetConsoleOutputCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { blockBytes, blockOf, bootBlock, ec2Lab } from './fixture.ts';

test('a snapshot by EBS direct, an image of it, and an instance that runs it', async () => {
  const { ec2, ebs } = await ec2Lab();
  const started = await ebs.start({ VolumeSize: 1, Description: 'replica' });
  expect(started.status).toBe(201);
  const id = String(started.json.SnapshotId);
  expect(started.json).toMatchObject({ Status: 'pending', BlockSize: blockBytes, VolumeSize: 1 });
  expect((await ebs.put(id, 0, bootBlock())).status).toBe(201);
  expect((await ebs.put(id, 7, blockOf(7))).status).toBe(201);
  expect((await ebs.complete(id, 2)).status).toBe(202);
  const shown = async () =>
    (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots![0]!.State;
  expect([await shown(), await shown()]).toEqual(['pending', 'completed']);

  const { ImageId } = await ec2.send(
    new RegisterImageCommand({
      Name: 'replica of web01',
      RootDeviceName: '/dev/xvda',
      VirtualizationType: 'hvm',
      Architecture: 'x86_64',
      EnaSupport: true,
      BootMode: 'legacy-bios',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: id, VolumeType: 'gp3' } }],
    }),
  );
  await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }));
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId,
      InstanceType: 'm6i.large',
      MinCount: 1,
      MaxCount: 1,
      ClientToken: 'once',
    }),
  );
  const instance = Instances![0]!.InstanceId!;
  expect(Instances![0]).toMatchObject({ State: { Name: 'pending' }, BootMode: 'legacy-bios' });
  const seen = async () =>
    (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }))).Reservations![0]!
      .Instances![0]!;
  expect([(await seen()).State!.Name, (await seen()).State!.Name]).toEqual(['pending', 'running']);
  const status = async () =>
    (await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [instance] }))).InstanceStatuses![0]!
      .InstanceStatus!.Status;
  expect([await status(), await status()]).toEqual(['initializing', 'ok']);
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: instance }));
  expect(Buffer.from(Output!, 'base64').toString()).toMatch(/not booted.*partition 1 of the MBR is active/);

  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: 'eu-west-1a', SnapshotId: id }),
  );
  await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId!] }));
  await ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: instance, Device: '/dev/sdf' }));
  expect((await seen()).BlockDeviceMappings!.map(it => it.DeviceName)).toEqual(['/dev/xvda', '/dev/sdf']);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
  await seen();
  expect((await seen()).State!.Name).toBe('terminated');
  const left = (await ec2.send(new DescribeVolumesCommand({}))).Volumes!;
  expect(left.map(it => [it.VolumeId, it.State])).toEqual([[VolumeId, 'available']]);
});
