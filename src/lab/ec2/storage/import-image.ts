import type {
  CancelImportTaskRequest,
  CancelImportTaskResult,
  DescribeImportImageTasksRequest,
  DescribeImportImageTasksResult,
  ImportImageRequest,
  ImportImageResult,
  ImportImageTask,
} from '@aws-sdk/client-ec2';
import { readBytes, writeBytes } from '../../blocks/bytes.ts';
import { blockBytes, zeroBlock } from '../../blocks/store.ts';
import type { Policy } from '../../instance/policy.ts';
import { isAllowed } from '../../instance/role.ts';
import { type Ec2Actions, type Ec2Call, once, requestedTags } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import { shareOf } from '../world/pace.ts';
import type { ImageDevice, ImportTask, LabImage } from '../world/state.ts';
import { lookAtDisk } from './bootable.ts';

const GiB = 2 ** 30;
/** Source: VM Import/Export user guide, "Limitations and considerations". */
const mostDisks = 21;
/** What an active task says it is doing, one after the other. Source: VM Import/Export user guide. */
const phases = [
  'pending',
  'validating',
  'updating',
  'converting',
  'preparing to boot',
  'booting',
  'preparing ami',
];

type Source = ImportTask['disks'][number];

/** A disk that is imported: its bytes, and how they become those of a snapshot. */
interface OpenDisk {
  /** GiB. */
  size: number;
  bytes: number;
  encrypted: boolean;
  key?: string;
  read(offset: number, length: number): Promise<Buffer>;
  copyTo(table: string): Promise<void>;
}

const sayDisk = (disk: Source): string =>
  'snapshot' in disk ? disk.snapshot : `s3://${disk.bucket}/${disk.key}`;

/** Undefined when it is gone. */
async function openDisk(call: Ec2Call, disk: Source): Promise<OpenDisk | undefined> {
  const { state, blocks, tables } = call;
  if ('snapshot' in disk) {
    const found = state.snapshots[disk.snapshot];
    if (!found) return undefined;
    const map = await tables.read(found.table);
    return {
      size: found.size,
      bytes: found.size * GiB,
      encrypted: found.encrypted,
      ...(found.key !== undefined && { key: found.key }),
      read: (offset, length) => readBytes(blocks, map, offset, length),
      copyTo: id => tables.write(id, new Map(map)),
    };
  }
  const object = await call.object(disk.bucket, disk.key);
  if (!object) return undefined;
  const size = Math.max(1, Math.ceil(object.bytes / GiB));
  // Behind the end of the image a volume has zeros.
  const read = async (offset: number, length: number) => {
    const there = Math.max(0, Math.min(length, object.bytes - offset));
    const bytes = Buffer.alloc(length);
    if (there > 0) (await object.read(offset, there)).copy(bytes);
    return bytes;
  };
  return {
    size,
    bytes: size * GiB,
    encrypted: state.encryptByDefault,
    read,
    async copyTo(id) {
      await tables.write(id, new Map());
      for (let at = 0; at < object.bytes; at += blockBytes) {
        const bytes = await read(at, blockBytes);
        if (!bytes.equals(zeroBlock)) await writeBytes(call, { own: id }, at, bytes);
      }
    },
  };
}

/** How the image is billed. Source: EC2 user guide, "AMI billing information fields". */
function licenceOf(task: ImportTask): Pick<LabImage, 'platformDetails' | 'usageOperation'> {
  const isByol = task.licenseType === 'BYOL' || task.usageOperation === 'RunInstances:0800';
  if (task.platform === 'Linux') return { platformDetails: 'Linux/UNIX', usageOperation: 'RunInstances' };
  if (isByol) return { platformDetails: 'Windows BYOL', usageOperation: 'RunInstances:0800' };
  return { platformDetails: 'Windows', usageOperation: 'RunInstances:0002' };
}

function check(input: ImportImageRequest, disks: number): void {
  const wrong = (message: string) => refuse.other('InvalidParameter', message);
  if (disks === 0) throw refuse.missing('DiskContainers');
  if (disks > mostDisks) throw wrong(`A machine of ${disks} disks can't be imported: at most ${mostDisks}`);
  if (input.BootMode === 'uefi-preferred')
    throw wrong('The boot mode uefi-preferred is not supported by VM Import');
  if (input.BootMode === 'uefi' && input.Platform === undefined)
    throw wrong('Platform is required for a UEFI machine that is imported from a snapshot');
  if (input.LicenseType !== undefined && input.UsageOperation !== undefined)
    throw refuse.combination('Either LicenseType or UsageOperation can be given');
  if (input.LicenseType !== undefined && !['AWS', 'BYOL'].includes(input.LicenseType))
    throw wrong(`The license type ${input.LicenseType} is not AWS or BYOL`);
}

/**
 * What VM Import reads of S3 it reads as a role. That it needs one for snapshots too the lab doesn't ask.
 * Source: VM Import/Export user guide, "Required service role".
 */
async function refuseRole({ RoleName = 'vmimport', DiskContainers = [] }: ImportImageRequest, call: Ec2Call) {
  const role = await call.iamRole(RoleName);
  const statements = Object.values(role?.policies ?? {}).flatMap(
    text => (JSON.parse(text) as Policy).Statement,
  );
  const isAs = role !== undefined && /vmie\.amazonaws\.com/.test(role.trust);
  const asked = { userId: RoleName, policy: { Version: '2012-10-17', Statement: statements } };
  for (const { UserBucket } of DiskContainers) {
    if (!UserBucket) continue;
    const arn = `arn:aws:s3:::${UserBucket.S3Bucket}`;
    const may =
      isAllowed(asked, 's3:GetObject', `${arn}/${UserBucket.S3Key}`) &&
      isAllowed(asked, 's3:ListBucket', arn);
    if (!isAs || !may)
      throw refuse.other(
        'InvalidParameter',
        `The service role ${RoleName} provided does not exist or does not have sufficient permissions`,
      );
  }
}

async function finish(call: Ec2Call, task: ImportTask): Promise<void> {
  const { state, account, now } = call;
  const opened = await Promise.all(task.disks.map(disk => openDisk(call, disk)));
  const gone = opened.indexOf(undefined);
  const disks = opened.flatMap(disk => disk ?? []);
  const [root] = disks;
  const seen = root && (await lookAtDisk(root, task.bootMode ?? 'legacy-bios'));
  const failure =
    task.fail ??
    (gone >= 0
      ? `ClientError: Disk validation failed [We do not have access to the given resource. Reason ${sayDisk(task.disks[gone]!)} is not there]`
      : undefined) ??
    (seen!.boots ? undefined : `ClientError: No valid partitions. Not a valid volume. (${seen!.why})`);
  if (failure !== undefined) {
    task.state = 'deleting';
    task.message = failure;
    return;
  }
  const devices = disks.map((source, index): ImageDevice => {
    const id = call.newId('snap');
    // It installs drivers and more: the disk is no longer what was imported.
    const changed = Buffer.from(`altered by ${task.id}`);
    call.defer(async () => {
      await source.copyTo(id);
      await writeBytes(call, { own: id }, source.size * GiB - 131_072, changed);
    });
    state.snapshots[id] = {
      id,
      size: source.size,
      state: 'completed',
      started: now,
      description: `Created by AWS-VMImport service for ${task.id}`,
      owner: account,
      encrypted: source.encrypted,
      ...(source.key !== undefined && { key: source.key }),
      lineage: id,
      table: id,
    };
    return {
      device: index === 0 ? '/dev/sda1' : `/dev/xvd${String.fromCharCode(101 + index)}`,
      snapshot: id,
      size: source.size,
      type: 'gp2',
      deleteOnTermination: index === 0,
      encrypted: source.encrypted,
    };
  });
  const id = call.newId('ami');
  state.images[id] = {
    id,
    name: task.id,
    description: `AWS-VMImport service: ${task.platform} - ${task.description ?? ''}`,
    owner: account,
    isPublic: false,
    created: now,
    state: 'available',
    architecture: 'x86_64',
    rootDevice: '/dev/sda1',
    devices,
    bootMode: task.bootMode ?? 'legacy-bios',
    tpm: false,
    ena: true,
    ...(task.platform === 'Windows' && { platform: 'windows' as const }),
    ...licenceOf(task),
    imdsV2: false,
    importTask: task.id,
  };
  task.image = id;
  task.state = 'completed';
  task.message = '';
}

/** Goes one phase on, after the last one was seen. */
async function settle(call: Ec2Call, task: ImportTask): Promise<void> {
  if (task.state === 'deleting') task.state = 'deleted';
  if (task.state !== 'active') return;
  const share = shareOf(call, 'import', task.began);
  task.step = call.pace ? Math.floor(share * phases.length) : task.step + 1;
  const phase = phases[task.step];
  if (phase === undefined) await finish(call, task);
  else task.message = phase;
}

const described = ({ state }: Ec2Call, it: ImportTask): ImportImageTask => ({
  ImportTaskId: it.id,
  Architecture: 'x86_64',
  ...(it.description !== undefined && { Description: it.description }),
  Platform: it.platform,
  ...(it.licenseType !== undefined && { LicenseType: it.licenseType }),
  ...(it.bootMode && { BootMode: it.bootMode }),
  ...(it.image !== undefined && { ImageId: it.image, UsageOperation: licenceOf(it).usageOperation }),
  Status: it.state,
  ...(it.message !== '' && { StatusMessage: it.message }),
  ...(it.state === 'active' && { Progress: String(Math.round((100 * it.step) / phases.length)) }),
  SnapshotDetails: it.disks.map(disk => ({
    Status: 'completed',
    ...('snapshot' in disk
      ? { SnapshotId: disk.snapshot }
      : { Format: 'RAW', UserBucket: { S3Bucket: disk.bucket, S3Key: disk.key } }),
  })),
  ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
});

export const importActions = {
  async ImportImage(input: ImportImageRequest, call: Ec2Call): Promise<ImportImageResult> {
    const { state } = call;
    const containers = input.DiskContainers ?? [];
    const [id = ''] = await once(call, input.ClientToken, input, async () => {
      check(input, containers.length);
      await refuseRole(input, call);
      const disks = containers.map(({ SnapshotId, Format, UserBucket }): Source => {
        if (SnapshotId === undefined) {
          const { S3Bucket: bucket, S3Key: key } = UserBucket ?? {};
          if (bucket === undefined || key === undefined)
            throw refuse.other('InvalidParameter', 'A disk container needs a SnapshotId, or a UserBucket');
          if (Format?.toUpperCase() !== 'RAW')
            throw refuse.other('InvalidParameter', `The lab imports images of the format RAW, not ${Format}`);
          return { bucket, key };
        }
        const snapshot = byId('snapshot', state.snapshots, SnapshotId);
        if (snapshot.state !== 'completed')
          throw refuse.state(`Snapshot ${snapshot.id} is ${snapshot.state}`);
        return { snapshot: snapshot.id };
      });
      const made = call.newId('import-ami');
      const fault = call.fault('import-fails', {});
      state.importTasks[made] = {
        id: made,
        state: 'active',
        began: call.now,
        step: 0,
        message: phases[0]!,
        ...(input.Description !== undefined && { description: input.Description }),
        platform: input.Platform === 'Linux' ? 'Linux' : 'Windows',
        ...(input.LicenseType !== undefined && { licenseType: input.LicenseType }),
        ...(input.UsageOperation !== undefined && { usageOperation: input.UsageOperation }),
        ...(input.BootMode && { bootMode: input.BootMode }),
        disks,
        ...(fault && {
          fail: fault.message ?? 'ClientError: Unsupported Windows OS: the guest could not be prepared',
        }),
      };
      const tags = requestedTags(input.TagSpecifications, 'import-image-task');
      if (tags.length > 0)
        state.tags[made] = Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
      return [made];
    });
    const { BootMode: _, ...task } = described(call, state.importTasks[id]!);
    return task;
  },

  async DescribeImportImageTasks(
    input: DescribeImportImageTasksRequest,
    call: Ec2Call,
  ): Promise<DescribeImportImageTasksResult> {
    const { state } = call;
    const all = byIds('importTask', Object.values(state.importTasks), input.ImportTaskIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) => (filter === 'task-state' ? [it.state] : undefined),
      { ids: input.ImportTaskIds, smallest: 1, largest: 100 },
    );
    const answer = { ImportImageTasks: page.map(it => described(call, it)), ...token };
    for (const task of all) await settle(call, task);
    return answer;
  },

  CancelImportTask(input: CancelImportTaskRequest, { state }: Ec2Call): CancelImportTaskResult {
    const task = byId('importTask', state.importTasks, input.ImportTaskId);
    const before = task.state;
    if (before !== 'active') throw refuse.state(`The task ${task.id} is ${before}`);
    task.state = 'deleting';
    task.message = 'User initiated';
    return { ImportTaskId: task.id, PreviousState: before, State: task.state };
  },
} satisfies Ec2Actions;
