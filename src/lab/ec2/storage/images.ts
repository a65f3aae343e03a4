import type {
  BlockDeviceMapping,
  CreateImageRequest,
  CreateImageResult,
  DeregisterImageRequest,
  DeregisterImageResult,
  DescribeImagesRequest,
  DescribeImagesResult,
  Image,
  RegisterImageRequest,
  RegisterImageResult,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import { isOver } from '../world/pace.ts';
import { type ImageDevice, type LabImage, PENDING } from '../world/state.ts';
import { snapshotActions } from './snapshots.ts';

/** Throws ApiError for a name that is taken or can't be one. Source: API reference, RegisterImage, Name. */
function checkImageName({ state, account }: Ec2Call, name: string): void {
  if (!/^[\w()[\] ./'@-]{3,128}$/.test(name))
    throw refuse.other('InvalidAMIName.Malformed', `AMI names are 3 to 128 characters: '${name}'`);
  const taken = Object.values(state.images).find(it => it.name === name && it.owner === account);
  if (taken)
    throw refuse.other('InvalidAMIName.Duplicate', `AMI name ${name} is already in use by AMI ${taken.id}`);
}

function deviceOf({ state }: Ec2Call, { DeviceName, Ebs, VirtualName }: BlockDeviceMapping): ImageDevice[] {
  if (VirtualName !== undefined || !Ebs) return [];
  const snapshot =
    Ebs.SnapshotId === undefined ? undefined : byId('snapshot', state.snapshots, Ebs.SnapshotId);
  if (snapshot && snapshot.state !== 'completed')
    throw refuse.other(
      'InvalidBlockDeviceMapping',
      `snapshotId ${snapshot.id} is not completed: it is ${snapshot.state}`,
    );
  if (Ebs.Encrypted !== undefined && snapshot)
    throw refuse.other(
      'InvalidBlockDeviceMapping',
      'the encrypted flag cannot be specified since device has a snapshot specified.',
    );
  const size = Ebs.VolumeSize ?? snapshot?.size;
  if (size === undefined) throw refuse.missing('size/snapshotId');
  if (snapshot && size < snapshot.size)
    throw refuse.other(
      'InvalidBlockDeviceMapping',
      `Volume of size ${size}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.size}GB`,
    );
  return [
    {
      device: DeviceName ?? '',
      ...(snapshot && { snapshot: snapshot.id }),
      size,
      type: Ebs.VolumeType ?? 'gp2',
      deleteOnTermination: Ebs.DeleteOnTermination ?? true,
      encrypted: snapshot?.encrypted ?? Ebs.Encrypted ?? false,
    },
  ];
}

/** An image as EC2 tells of it. */
export function imageOf({ state, region }: Pick<Ec2Call, 'state' | 'region'>, it: LabImage): Image {
  return {
    ImageId: it.id,
    ImageLocation: `${it.ownerAlias ?? it.owner}/${it.name}`,
    State: it.state,
    OwnerId: it.owner,
    CreationDate: new Date(it.created).toISOString(),
    Public: it.isPublic,
    Architecture: it.architecture,
    ImageType: 'machine',
    ...(it.platform && { Platform: it.platform as 'Windows' }),
    PlatformDetails: it.platformDetails,
    UsageOperation: it.usageOperation,
    Name: it.name,
    ...(it.description !== undefined && { Description: it.description }),
    ...(it.ownerAlias && { ImageOwnerAlias: it.ownerAlias }),
    RootDeviceType: 'ebs',
    RootDeviceName: it.rootDevice,
    BlockDeviceMappings: it.devices.map(device => ({
      DeviceName: device.device,
      Ebs: {
        ...(device.snapshot !== undefined && { SnapshotId: device.snapshot }),
        VolumeSize: device.size,
        VolumeType: device.type as 'gp3',
        DeleteOnTermination: device.deleteOnTermination,
        Encrypted: device.encrypted,
      },
    })),
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: it.ena,
    SriovNetSupport: 'simple',
    ...(it.bootMode && { BootMode: it.bootMode }),
    ...(it.tpm && { TpmSupport: 'v2.0' as const }),
    ...(it.imdsV2 && { ImdsSupport: 'v2.0' as const }),
    ...(it.importTask !== undefined && region !== '' && { SourceImageId: it.importTask }),
    ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
  };
}

/** What every image has that this account makes, however it does. */
const ownImage = (
  { account, now }: Ec2Call,
  id: string,
  { Name, Description }: Pick<RegisterImageRequest, 'Name' | 'Description'>,
) => ({
  id,
  name: Name!,
  ...(Description !== undefined && { description: Description }),
  owner: account,
  isPublic: false,
  created: now,
  state: 'pending' as const,
});

function settleImage(call: Ec2Call, image: LabImage): void {
  if (image.state === 'pending' && isOver(call, 'image', image.created)) image.state = 'available';
}

export const imageActions = {
  RegisterImage(input: RegisterImageRequest, call: Ec2Call): RegisterImageResult {
    const { state, account } = call;
    checkImageName(call, input.Name ?? '');
    if (input.ImageLocation !== undefined)
      throw refuse.parameter('The lab registers images of snapshots alone');
    if (input.BillingProducts && input.BillingProducts.length > 0)
      throw refuse.other(
        'AuthFailure',
        `The account ${account} is not authorized to specify billing products.`,
      );
    const rootDevice = input.RootDeviceName ?? '';
    if (rootDevice === '') throw refuse.missing('rootDeviceName');
    const devices = (input.BlockDeviceMappings ?? []).flatMap(each => deviceOf(call, each));
    const root = devices.find(({ device }) => device === rootDevice);
    if (root?.snapshot === undefined)
      throw refuse.other(
        'InvalidBlockDeviceMapping',
        `The root device ${rootDevice} has no snapshot among the block device mappings`,
      );
    if (input.VirtualizationType !== 'hvm')
      throw refuse.parameter(
        'The lab, like all newer instance types, only knows images of VirtualizationType hvm',
      );
    const isUefi = input.BootMode === 'uefi' || input.BootMode === 'uefi-preferred';
    if (input.TpmSupport !== undefined && input.BootMode !== 'uefi')
      throw refuse.combination('TpmSupport requires the boot mode uefi');
    if (input.UefiData !== undefined && !isUefi)
      throw refuse.combination('UefiData requires the boot mode uefi');
    const id = call.newId('ami');
    const image: LabImage = {
      ...ownImage(call, id, input),
      architecture: (input.Architecture ?? 'x86_64') as LabImage['architecture'],
      rootDevice,
      devices,
      ...(input.BootMode && { bootMode: input.BootMode }),
      tpm: input.TpmSupport === 'v2.0',
      ena: input.EnaSupport ?? false,
      // What it is billed as comes from the snapshot, which has nothing of Windows where EBS direct wrote it.
      platformDetails: 'Linux/UNIX',
      usageOperation: 'RunInstances',
      imdsV2: input.ImdsSupport === 'v2.0',
    };
    state.images[id] = image;
    setTags(call, id, requestedTags(input.TagSpecifications, 'image', ['snapshot']));
    return { ImageId: id };
  },

  CreateImage(input: CreateImageRequest, call: Ec2Call): CreateImageResult {
    const { state } = call;
    checkImageName(call, input.Name ?? '');
    const instance = byId('instance', state.instances, input.InstanceId);
    const source = byId('image', state.images, instance.image);
    const devices: ImageDevice[] = [];
    for (const each of instance.devices) {
      const volume = byId('volume', state.volumes, each.volume);
      const { SnapshotId } = snapshotActions.CreateSnapshot(
        { VolumeId: volume.id, Description: `Created by CreateImage(${instance.id})` },
        call,
      );
      devices.push({
        device: each.device,
        snapshot: SnapshotId!,
        size: volume.size,
        type: volume.type,
        deleteOnTermination: each.deleteOnTermination,
        encrypted: volume.encrypted,
      });
    }
    const id = call.newId('ami');
    const { ownerAlias: _, importTask: __, description: ___, ...rest } = source;
    state.images[id] = {
      ...rest,
      ...ownImage(call, id, input),
      rootDevice: instance.rootDevice,
      devices,
    };
    setTags(call, id, requestedTags(input.TagSpecifications, 'image', ['snapshot']));
    return { ImageId: id };
  },

  DescribeImages(input: DescribeImagesRequest, call: Ec2Call): DescribeImagesResult {
    const { state, account } = call;
    const owners = input.Owners?.map(owner => (owner === 'self' ? account : owner));
    const all = byIds('image', Object.values(state.images), input.ImageIds).filter(
      it =>
        !owners ||
        owners.length === 0 ||
        owners.includes(it.owner) ||
        (it.ownerAlias !== undefined && owners.includes(it.ownerAlias)),
    );
    for (const each of all)
      if (each.state === 'pending' && call.now - each.created >= PENDING) settleImage(call, each);
    const { page, ...token } = select(state, all, input, valuesOf, {
      ids: input.ImageIds,
      idsName: 'imageIds',
      smallest: 1,
    });
    const answer = { Images: page.map(it => imageOf(call, it)), ...token };
    for (const each of all) settleImage(call, each);
    return answer;
  },

  DeregisterImage(input: DeregisterImageRequest, { state, account }: Ec2Call): DeregisterImageResult {
    const image = byId('image', state.images, input.ImageId);
    if (image.owner !== account)
      throw refuse.other('AuthFailure', `Not authorized for images: [${image.id}]`);
    delete state.images[image.id];
    delete state.tags[image.id];
    if (input.DeleteAssociatedSnapshots !== true) return { Return: true };
    const snapshots = image.devices.flatMap(({ snapshot }) => snapshot ?? []);
    for (const id of snapshots) {
      delete state.snapshots[id];
      delete state.tags[id];
    }
    return {
      Return: true,
      DeleteSnapshotResults: snapshots.map(SnapshotId => ({ SnapshotId, ReturnCode: 'success' })),
    };
  },
} satisfies Ec2Actions;

const valuesOf = filtersBy<LabImage>({
  'image-id': it => [it.id],
  name: it => [it.name],
  state: it => [it.state],
  architecture: it => [it.architecture],
  'owner-id': it => [it.owner],
  'owner-alias': it => [it.ownerAlias],
  platform: it => [it.platform],
  'platform-details': it => [it.platformDetails],
  'usage-operation': it => [it.usageOperation],
  'boot-mode': it => [it.bootMode],
  'root-device-type': () => ['ebs'],
  'virtualization-type': () => ['hvm'],
  'is-public': it => [String(it.isPublic)],
  'ena-support': it => [String(it.ena)],
  'block-device-mapping.snapshot-id': it => it.devices.map(({ snapshot }) => snapshot),
});
