import type {
  AttachVolumeRequest,
  CreateVolumeRequest,
  DeleteVolumeRequest,
  DescribeVolumeStatusRequest,
  DescribeVolumeStatusResult,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  DetachVolumeRequest,
  Volume,
  VolumeAttachment,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, once, requestedTags, setTags } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
import { keyFor } from '../world/encryption.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import { isOver } from '../world/pace.ts';
import type { Attachment, LabInstance, LabVolume } from '../world/state.ts';
import { useDisk } from './guest.ts';

type VolumeType = NonNullable<Volume['VolumeType']>;

/** Smallest and largest, GiB. Source: Amazon EBS user guide, "Amazon EBS volume types". */
const sizesOf: Record<string, [smallest: number, largest: number]> = {
  gp2: [1, 16_384],
  gp3: [1, 65_536],
  io1: [4, 16_384],
  io2: [4, 65_536],
  st1: [125, 16_384],
  sc1: [125, 16_384],
  standard: [1, 1024],
};

/** Where a volume is attached, and to which instance. */
export function attachmentOf(
  instances: Record<string, LabInstance>,
  volume: string,
): { instance: LabInstance; attachment: Attachment } | undefined {
  for (const instance of Object.values(instances)) {
    const attachment = instance.devices.find(each => each.volume === volume);
    if (attachment) return { instance, attachment };
  }
  return undefined;
}

export interface NewVolume {
  zone: string;
  size?: number | undefined;
  type?: string | undefined;
  iops?: number | undefined;
  throughput?: number | undefined;
  snapshot?: string | undefined;
  encrypted?: boolean | undefined;
  key?: string | undefined;
  rate?: number | undefined;
}

/** Makes a volume. Throws ApiError for what EBS refuses. */
export function makeVolume(call: Ec2Call, it: NewVolume): LabVolume {
  const { state, now } = call;
  const source = it.snapshot === undefined ? undefined : byId('snapshot', state.snapshots, it.snapshot);
  if (source && source.state !== 'completed')
    throw refuse.state(`Snapshot ${source.id} is in invalid state - ${source.state}`);
  const size = it.size ?? source?.size;
  if (size === undefined) throw refuse.missing('size/snapshot');
  const type = it.type ?? 'gp2';
  const [smallest, largest] = sizesOf[type] ?? [1, 0];
  if (size < smallest || size > largest)
    throw refuse.parameter(
      `Volume of ${size}GiB is invalid: ${type} volumes have ${smallest} to ${largest}GiB.`,
    );
  if (source && size < source.size)
    throw refuse.parameter(
      `Volume of size ${size}GB is smaller than snapshot '${source.id}', expect size >= ${source.size}GB`,
    );
  if (it.rate !== undefined && (it.rate < 100 || it.rate > 300 || !source))
    throw refuse.parameter('VolumeInitializationRate is 100 to 300 MiB/s, of a volume from a snapshot');
  const key = keyFor(call, { asked: it.encrypted, key: it.key, source });
  const id = call.newId('vol');
  const volume: LabVolume = {
    id,
    zone: it.zone,
    size,
    type,
    ...(it.iops !== undefined ? { iops: it.iops } : type === 'gp3' && { iops: 3000 }),
    ...(it.throughput !== undefined ? { throughput: it.throughput } : type === 'gp3' && { throughput: 125 }),
    state: 'creating',
    created: now,
    ...(source && { snapshot: source.id, base: source.table }),
    encrypted: key !== undefined,
    ...(key !== undefined && { key }),
    ...(it.rate !== undefined && { initializationRate: it.rate }),
    lineage: source?.lineage ?? id,
    own: id,
  };
  state.volumes[id] = volume;
  return volume;
}

/** Frees what was detaching, shows what was attaching as attached, and what was being created as there. */
function settleVolume(call: Pick<Ec2Call, 'state' | 'now' | 'pace'>, volume: LabVolume): void {
  const { state } = call;
  const found = attachmentOf(state.instances, volume.id);
  if (found?.attachment.state === 'detaching') {
    found.instance.devices = found.instance.devices.filter(each => each !== found.attachment);
    volume.state = 'available';
  } else if (found) found.attachment.state = 'attached';
  else if (volume.state === 'creating' && isOver(call, 'volume', volume.created)) volume.state = 'available';
}

const attached = (volume: string, instance: string, it: Attachment, state?: string): VolumeAttachment => ({
  VolumeId: volume,
  InstanceId: instance,
  Device: it.device,
  State: (state ?? it.state) as NonNullable<VolumeAttachment['State']>,
  AttachTime: new Date(it.at),
  DeleteOnTermination: it.deleteOnTermination,
});

function described({ state }: Ec2Call, it: LabVolume): Volume {
  const found = attachmentOf(state.instances, it.id);
  return {
    VolumeId: it.id,
    Size: it.size,
    SnapshotId: it.snapshot ?? '',
    AvailabilityZone: it.zone,
    State: it.state,
    CreateTime: new Date(it.created),
    Attachments: found ? [attached(it.id, found.instance.id, found.attachment)] : [],
    ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
    VolumeType: it.type as VolumeType,
    ...(it.iops !== undefined && { Iops: it.iops }),
    ...(it.throughput !== undefined && { Throughput: it.throughput }),
    Encrypted: it.encrypted,
    ...(it.key !== undefined && { KmsKeyId: it.key }),
    ...(it.initializationRate !== undefined && { VolumeInitializationRate: it.initializationRate }),
    MultiAttachEnabled: false,
  };
}

export const volumeActions = {
  async CreateVolume(input: CreateVolumeRequest, call: Ec2Call): Promise<Volume> {
    const zone = input.AvailabilityZone ?? '';
    if (zone === '') throw refuse.missing('AvailabilityZone');
    if (!Object.values(call.state.subnets).some(subnet => subnet.zone === zone))
      throw refuse.other('InvalidZone.NotFound', `The zone '${zone}' does not exist.`);
    const tags = requestedTags(input.TagSpecifications, 'volume');
    const [id] = await once(call, input.ClientToken, input, () => {
      const volume = makeVolume(call, {
        zone,
        size: input.Size,
        type: input.VolumeType,
        iops: input.Iops,
        throughput: input.Throughput,
        snapshot: input.SnapshotId === '' ? undefined : input.SnapshotId,
        encrypted: input.Encrypted,
        key: input.KmsKeyId,
        rate: input.VolumeInitializationRate,
      });
      setTags(call, volume.id, tags);
      return [volume.id];
    });
    return described(call, byId('volume', call.state.volumes, id));
  },

  DescribeVolumes(input: DescribeVolumesRequest, call: Ec2Call): DescribeVolumesResult {
    const { state } = call;
    const all = byIds('volume', Object.values(state.volumes), input.VolumeIds);
    const { page, ...token } = select(state, all, input, valuesOf(state.instances), {
      ids: input.VolumeIds,
      idsName: 'volumeIds',
      largest: 500,
    });
    const answer = { Volumes: page.map(it => described(call, it)), ...token };
    for (const volume of all) settleVolume(call, volume);
    return answer;
  },

  DescribeVolumeStatus(input: DescribeVolumeStatusRequest, call: Ec2Call): DescribeVolumeStatusResult {
    const { state } = call;
    const all = byIds('volume', Object.values(state.volumes), input.VolumeIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) => (filter === 'availability-zone' ? [it.zone] : undefined),
      { ids: input.VolumeIds, idsName: 'volumeIds' },
    );
    return {
      VolumeStatuses: page.map(it => ({
        VolumeId: it.id,
        AvailabilityZone: it.zone,
        VolumeStatus: { Status: 'ok', Details: [{ Name: 'io-enabled', Status: 'passed' }] },
        Actions: [],
        Events: [],
        ...(it.snapshot !== undefined && {
          InitializationStatusDetails: {
            InitializationType: it.initializationRate === undefined ? 'default' : 'provisioned-rate',
            Progress: 100,
          },
        }),
      })),
      ...token,
    };
  },

  AttachVolume(input: AttachVolumeRequest, call: Ec2Call): VolumeAttachment {
    const { state, now } = call;
    const volume = byId('volume', state.volumes, input.VolumeId);
    const instance = byId('instance', state.instances, input.InstanceId);
    const found = attachmentOf(state.instances, volume.id);
    if (found) throw refuse.other('VolumeInUse', `${volume.id} is already attached to an instance`);
    if (volume.state !== 'available')
      throw refuse.state(`Volume '${volume.id}' is not 'available': it is ${volume.state}.`);
    if (instance.state !== 'running' && instance.state !== 'stopped')
      throw refuse.state(`Instance '${instance.id}' is not 'running' or 'stopped': it is ${instance.state}.`);
    if (state.subnets[instance.subnet]!.zone !== volume.zone)
      throw refuse.other(
        'InvalidVolume.ZoneMismatch',
        `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
      );
    const device = input.Device ?? '';
    if (!/^(\/dev\/(sd[a-z]\d{0,2}|xvd[a-z]{1,2})|xvd[a-z]{1,2})$/.test(device))
      throw refuse.parameter(
        `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`,
      );
    if (instance.devices.some(each => each.device === device))
      throw refuse.parameter(
        `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
      );
    const attachment: Attachment = {
      device,
      volume: volume.id,
      deleteOnTermination: false,
      at: now,
      state: 'attaching',
    };
    instance.devices.push(attachment);
    volume.state = 'in-use';
    // A running system finds a new disk and writes to it.
    if (instance.state === 'running') useDisk(call, volume, instance);
    return attached(volume.id, instance.id, attachment);
  },

  DetachVolume(input: DetachVolumeRequest, call: Ec2Call): VolumeAttachment {
    const { state } = call;
    const volume = byId('volume', state.volumes, input.VolumeId);
    const found = attachmentOf(state.instances, volume.id);
    if (!found || found.attachment.state === 'detaching')
      throw refuse.state(`Volume '${volume.id}' is in the '${found ? 'detaching' : volume.state}' state.`);
    const { instance, attachment } = found;
    const isElsewhere = input.InstanceId !== undefined && input.InstanceId !== instance.id;
    if (isElsewhere || (input.Device !== undefined && input.Device !== attachment.device))
      throw refuse.other(
        'InvalidAttachment.NotFound',
        `The volume '${volume.id}' is not attached to ${input.InstanceId ?? instance.id} as ${input.Device ?? attachment.device}`,
      );
    if (attachment.device === instance.rootDevice && instance.state !== 'stopped')
      throw refuse.other(
        'OperationNotPermitted',
        `Unable to detach root volume '${volume.id}' from instance '${instance.id}'`,
      );
    attachment.state = 'detaching';
    return attached(volume.id, instance.id, attachment);
  },

  DeleteVolume(input: DeleteVolumeRequest, { state }: Ec2Call): object {
    const volume = byId('volume', state.volumes, input.VolumeId);
    const found = attachmentOf(state.instances, volume.id);
    if (found)
      throw refuse.other('VolumeInUse', `Volume ${volume.id} is currently attached to ${found.instance.id}`);
    delete state.volumes[volume.id];
    delete state.tags[volume.id];
    return {};
  },
} satisfies Ec2Actions;

const valuesOf =
  (instances: Record<string, LabInstance>) =>
  (it: LabVolume, filter: string): (string | undefined)[] | undefined => {
    const found = attachmentOf(instances, it.id);
    switch (filter) {
      case 'volume-id':
        return [it.id];
      case 'status':
        return [it.state];
      case 'availability-zone':
        return [it.zone];
      case 'snapshot-id':
        return [it.snapshot];
      case 'size':
        return [String(it.size)];
      case 'volume-type':
        return [it.type];
      case 'encrypted':
        return [String(it.encrypted)];
      case 'attachment.instance-id':
        return [found?.instance.id];
      case 'attachment.device':
        return [found?.attachment.device];
      case 'attachment.status':
        return [found?.attachment.state];
      case 'attachment.delete-on-termination':
        return [found && String(found.attachment.deleteOnTermination)];
      default:
        return undefined;
    }
  };
