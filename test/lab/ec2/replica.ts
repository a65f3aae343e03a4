import {
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeReplaceRootVolumeTasksCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type EC2Client,
  type Instance,
  RegisterImageCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  type Volume,
} from '@aws-sdk/client-ec2';
import { bootBlock, type ebsDirect } from './fixture.ts';

type Ebs = ReturnType<typeof ebsDirect>;

/** What is usually done before the thing that a test is about. Each waits as a client has to: by looking. */
export function steps({ ec2, ebs }: { ec2: EC2Client; ebs: Ebs }) {
  const instance = async (id: string): Promise<Instance> =>
    (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations![0]!.Instances![0]!;
  const volume = async (id: string): Promise<Volume> =>
    (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }))).Volumes![0]!;

  /** A completed snapshot of 1 GiB that a BIOS boots, with these blocks besides. */
  async function snapshot(blocks: Record<number, Buffer> = {}, more: object = {}): Promise<string> {
    const id = String((await ebs.start({ VolumeSize: 1, ...more })).json.SnapshotId);
    const all = { 0: bootBlock(), ...blocks };
    for (const [index, block] of Object.entries(all)) await ebs.put(id, Number(index), block);
    await ebs.complete(id, Object.keys(all).length);
    await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return id;
  }

  async function image(
    SnapshotId: string,
    more: Partial<RegisterImageCommand['input']> = {},
  ): Promise<string> {
    const { ImageId } = await ec2.send(
      new RegisterImageCommand({
        Name: `image of ${SnapshotId}`,
        RootDeviceName: '/dev/xvda',
        VirtualizationType: 'hvm',
        Architecture: 'x86_64',
        EnaSupport: true,
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }],
        ...more,
      }),
    );
    await ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }));
    return ImageId!;
  }

  async function run(ImageId: string, more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId, InstanceType: 'm6i.large', MinCount: 1, MaxCount: 1, ...more }),
    );
    const id = Instances![0]!.InstanceId!;
    await instance(id);
    return id;
  }

  async function available(SnapshotId: string, AvailabilityZone = 'eu-west-1a'): Promise<string> {
    const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone, SnapshotId }));
    await volume(VolumeId!);
    return VolumeId!;
  }

  /** The state of a task when it no longer changes. */
  async function replaced(id: string): Promise<string> {
    const look = async () =>
      (await ec2.send(new DescribeReplaceRootVolumeTasksCommand({ ReplaceRootVolumeTaskIds: [id] })))
        .ReplaceRootVolumeTasks![0]!.TaskState!;
    await look();
    await look();
    return look();
  }

  return { instance, volume, snapshot, image, run, available, replaced };
}
