import type { RunInstancesRequest } from '@aws-sdk/client-ec2';
import { ApiError } from '../../aws-model/error.ts';
import { makeVolume } from '../storage/volumes.ts';
import { addressFor } from '../world/addresses.ts';
import { type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import type { Attachment, LabImage, LabInstance, Subnet } from '../world/state.ts';
import { isOffered, typeOf } from './instance-types.ts';

/** Makes the instances that a request asks for, its template already merged into it. Throws ApiError. */
export function launch(call: Ec2Call, input: RunInstancesRequest): string[] {
  const { state } = call;
  const [count, least] = [input.MaxCount ?? 1, input.MinCount ?? 1];
  if (least < 1 || least > count)
    throw refuse.parameter(`Value (${least}) for parameter minCount is invalid: 1 to maxCount.`);
  if (input.ImageId === undefined) throw refuse.missing('ImageId');
  const image = byId('image', state.images, input.ImageId);
  if (image.state !== 'available')
    throw refuse.other('InvalidAMIID.Unavailable', `The image ID '${image.id}' is not available`);
  const type = typeOf(input.InstanceType ?? 'm1.small');
  checkImage(image, type);
  const network = networkOf(call, input);
  const { subnet } = network;
  if (!isOffered(type, subnet.zone))
    throw refuse.other(
      'Unsupported',
      `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${subnet.zone}).`,
    );
  if (
    input.KeyName !== undefined &&
    !Object.values(state.keyPairs).some(({ name }) => name === input.KeyName)
  )
    throw refuse.other('InvalidKeyPair.NotFound', `The key pair '${input.KeyName}' does not exist`);
  if (network.address !== undefined && count > 1)
    throw refuse.combination('A private address can be given for one instance alone');
  const groups = network.groups ?? [defaultGroup(call, subnet)];
  const foreign = byIds('group', Object.values(state.groups), groups).find(({ vpc }) => vpc !== subnet.vpc);
  if (foreign)
    throw refuse.parameter(
      `Security group ${foreign.id} and subnet ${subnet.id} belong to different networks.`,
    );
  if (call.fault('capacity', { type: type.name, zone: subnet.zone }))
    throw new ApiError(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${type.name} capacity in the Availability Zone you requested (${subnet.zone}). Our system will be working on provisioning additional capacity.`,
      500,
    );
  const others = ['volume', 'network-interface'];
  const instanceTags = requestedTags(input.TagSpecifications, 'instance', others);
  const volumeTags = requestedTags(input.TagSpecifications, 'volume', ['instance', 'network-interface']);
  const cardTags = requestedTags(input.TagSpecifications, 'network-interface', ['instance', 'volume']);
  if (input.MetadataOptions?.InstanceMetadataTags === 'enabled') checkMetadataTags(instanceTags);
  const reservation = call.newId('r');
  return Array.from({ length: count }, () => {
    const id = call.newId('i');
    const instance: LabInstance = {
      id,
      reservation,
      ...(input.ClientToken && { token: input.ClientToken }),
      image: image.id,
      type: type.name,
      subnet: subnet.id,
      privateIp: addressFor(call, subnet, network.address),
      groups,
      ...(input.KeyName !== undefined && { key: input.KeyName }),
      ...profileOf(call, input),
      launched: call.now,
      state: 'pending',
      systemCheck: 'initializing',
      instanceCheck: 'initializing',
      rootDevice: image.rootDevice,
      devices: volumesOf(call, input, image, subnet.zone).map(each => {
        setTags(call, each.volume, volumeTags);
        return each;
      }),
      interface: {
        id: call.newId('eni'),
        mac: `02:${call.random.bytes(5).toString('hex').match(/../g)!.join(':')}`,
        attachment: call.newId('eni-attach'),
      },
      ...(image.bootMode && { bootMode: image.bootMode }),
      ...(image.platform && { platform: image.platform }),
      platformDetails: image.platformDetails,
      usageOperation: image.usageOperation,
      tpm: image.tpm,
      architecture: image.architecture,
      tenancy: (input.Placement?.Tenancy ?? 'default') as LabInstance['tenancy'],
      ...(input.Placement?.HostResourceGroupArn !== undefined && {
        hostResourceGroup: input.Placement.HostResourceGroupArn,
      }),
      shutdownTerminates: input.InstanceInitiatedShutdownBehavior === 'terminate',
      protected: input.DisableApiTermination ?? false,
      ...(input.UserData !== undefined && { userData: input.UserData }),
      metadata: {
        tokens: input.MetadataOptions?.HttpTokens ?? (image.imdsV2 ? 'required' : 'optional'),
        tags: input.MetadataOptions?.InstanceMetadataTags ?? 'disabled',
        hops: input.MetadataOptions?.HttpPutResponseHopLimit ?? (image.imdsV2 ? 2 : 1),
      },
    };
    state.instances[id] = instance;
    setTags(call, id, instanceTags);
    setTags(call, instance.interface.id, cardTags);
    return id;
  });
}

/** Tags are parts of a path there. */
function checkMetadataTags(tags: readonly { Key?: string | undefined }[]): void {
  const wrong = tags
    .map(({ Key = '' }) => Key)
    .find(key => !/^[a-zA-Z0-9+\-=._:@,]+$/.test(key) || /^(\.{1,2}|_index)$/.test(key));
  if (wrong !== undefined)
    throw refuse.parameter(
      `Value (${wrong}) for parameter Tag Key is invalid: it can't be in the instance metadata.`,
    );
}

/** What a type asks of an image. The messages are those that EC2's users print. */
function checkImage(image: LabImage, type: ReturnType<typeof typeOf>): void {
  if (image.architecture !== type.architecture)
    throw refuse.parameter(
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  if (type.hypervisor === 'nitro' && !image.ena)
    throw refuse.combination(
      `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${type.name}' instance type. Ensure that you are using an AMI that is enabled for ENA.`,
    );
  const bootMode = image.bootMode === 'uefi-preferred' ? undefined : image.bootMode;
  if (bootMode && !type.bootModes.includes(bootMode))
    throw refuse.parameter(
      `The instance type '${type.name}' does not support the boot mode '${bootMode}' of the AMI '${image.id}'.`,
    );
  if (image.tpm && type.hypervisor !== 'nitro')
    throw refuse.parameter(`The instance type '${type.name}' does not support NitroTPM.`);
}

interface Network {
  subnet: Subnet;
  address?: string | undefined;
  groups?: string[] | undefined;
}

function networkOf(call: Ec2Call, input: RunInstancesRequest): Network {
  const { state } = call;
  const [first, ...more] = input.NetworkInterfaces ?? [];
  if (more.length > 0) throw refuse.parameter('The lab gives an instance one network interface');
  if (first && (input.SubnetId !== undefined || input.PrivateIpAddress !== undefined))
    throw refuse.combination(
      'Network interfaces and an instance-level subnet ID may not be specified on the same request',
    );
  if (first && (input.SecurityGroupIds ?? input.SecurityGroups ?? []).length > 0)
    throw refuse.combination(
      'Network interfaces and an instance-level security groups may not be specified on the same request',
    );
  const zone = input.Placement?.AvailabilityZone;
  const subnetId = first?.SubnetId ?? input.SubnetId;
  const subnet =
    subnetId === undefined
      ? Object.values(state.subnets).find(it => it.isDefault && (zone === undefined || it.zone === zone))
      : byId('subnet', state.subnets, subnetId);
  if (!subnet)
    throw refuse.other('MissingInput', 'No subnets found for the default VPC. Please specify a subnet.');
  if (zone !== undefined && zone !== subnet.zone)
    throw refuse.parameter(`The subnet ${subnet.id} is not in the Availability Zone ${zone}`);
  const named = input.SecurityGroups?.map(name => {
    const group = Object.values(state.groups).find(it => it.vpc === subnet.vpc && it.name === name);
    if (group) return group.id;
    throw refuse.other('InvalidGroup.NotFound', `The security group '${name}' does not exist`);
  });
  const groups = first?.Groups ?? input.SecurityGroupIds ?? named;
  return {
    subnet,
    address: first?.PrivateIpAddress ?? input.PrivateIpAddress,
    groups: groups && groups.length > 0 ? groups : undefined,
  };
}

const defaultGroup = ({ state }: Ec2Call, { vpc }: Subnet): string =>
  Object.values(state.groups).find(it => it.vpc === vpc && it.name === 'default')!.id;

function profileOf({ account }: Ec2Call, { IamInstanceProfile }: RunInstancesRequest): { profile?: string } {
  const { Arn, Name } = IamInstanceProfile ?? {};
  if (Arn !== undefined) return { profile: Arn };
  return Name === undefined ? {} : { profile: `arn:aws:iam::${account}:instance-profile/${Name}` };
}

function volumesOf(call: Ec2Call, input: RunInstancesRequest, image: LabImage, zone: string): Attachment[] {
  const asked = new Map((input.BlockDeviceMappings ?? []).map(each => [each.DeviceName ?? '', each]));
  const attach = (device: string, volume: string, deleteOnTermination: boolean): Attachment => ({
    device,
    volume,
    deleteOnTermination,
    at: call.now,
    state: 'attaching',
  });
  const attachments: Attachment[] = [];
  for (const device of image.devices) {
    const change = asked.get(device.device);
    asked.delete(device.device);
    if (change?.NoDevice !== undefined && device.device !== image.rootDevice) continue;
    const { Ebs = {} } = change ?? {};
    // Nobody brings a disk of his own into an image of others this way.
    if (
      Ebs.SnapshotId !== undefined &&
      Ebs.SnapshotId !== device.snapshot &&
      device.device === image.rootDevice
    )
      throw refuse.other('InvalidBlockDeviceMapping', 'snapshotId cannot be modified on root device');
    const volume = made(() =>
      makeVolume(call, {
        zone,
        size: Ebs.VolumeSize ?? device.size,
        type: Ebs.VolumeType ?? device.type,
        snapshot: Ebs.SnapshotId ?? device.snapshot,
        encrypted: Ebs.Encrypted ?? (device.encrypted ? true : undefined),
        key: Ebs.KmsKeyId,
        rate: Ebs.VolumeInitializationRate,
      }),
    );
    volume.state = 'in-use';
    attachments.push(attach(device.device, volume.id, Ebs.DeleteOnTermination ?? device.deleteOnTermination));
  }
  for (const [device, { Ebs }] of asked) {
    if (!Ebs) continue;
    const volume = made(() =>
      makeVolume(call, {
        zone,
        size: Ebs.VolumeSize,
        type: Ebs.VolumeType,
        snapshot: Ebs.SnapshotId,
        encrypted: Ebs.Encrypted,
        key: Ebs.KmsKeyId,
        rate: Ebs.VolumeInitializationRate,
      }),
    );
    volume.state = 'in-use';
    attachments.push(attach(device, volume.id, Ebs.DeleteOnTermination ?? true));
  }
  return attachments;
}

/** RunInstances says about each wrong volume that the mapping is wrong. */
function made<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ApiError && error.code === 'InvalidParameterValue')
      throw refuse.other('InvalidBlockDeviceMapping', error.message);
    throw error;
  }
}
