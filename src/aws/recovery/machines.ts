import type { EC2Client } from '@aws-sdk/client-ec2';
import type { AddressHolder, MachineCloud, NotRun } from '../../recovery/model/machines.ts';
import { ofSnapshots } from './calls/gone.ts';
import type { RecoveryConnection } from './connection.ts';
import { readNetwork } from './network.ts';
import { awsReads } from './reads.ts';
import { tagsOf, toTags } from './tags.ts';

/** Everything that EC2 makes for an instance carries its tags. */
export const taggedTypes = ['instance', 'volume', 'network-interface'] as const;

/**
 * Another type, subnet or address may do. Source: EC2 API reference, "Error codes"; `Unsupported` is a type
 * that a zone hasn't got, and quotas of vCPUs are those of a class of types.
 */
const refusals: readonly [code: RegExp, NotRun['refused']][] = [
  [
    /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientCapacityOnHost|Unsupported|VcpuLimitExceeded|InstanceLimitExceeded)$/,
    'no-room',
  ],
  [/^InsufficientFreeAddressesInSubnet$/, 'subnet-full'],
  [/^InvalidIPAddress\.InUse$/, 'address-taken'],
];

export function awsMachines(connection: RecoveryConnection): MachineCloud {
  const { ec2, onEc2 } = connection;
  const { images, instances, checks } = awsReads(connection);
  return {
    network: (subnets, group, signal) => readNetwork(connection, subnets, group, signal),
    addressHolder: (subnet, address, signal) => findHolder(connection, subnet, address, signal),
    picture: (instance, signal) => takePicture(connection, instance, signal),

    images,

    async registerImage({ name, bootMode, tpm, endsWithIt, disks, tags }, signal) {
      const command = new ec2.RegisterImageCommand({
        Name: name,
        Architecture: 'x86_64',
        VirtualizationType: 'hvm',
        EnaSupport: true,
        BootMode: bootMode,
        ...(tpm && { TpmSupport: 'v2.0' as const }),
        RootDeviceName: disks[0]!.device,
        BlockDeviceMappings: disks.map(({ device, snapshot }) => ({
          DeviceName: device,
          Ebs: { SnapshotId: snapshot, VolumeType: 'gp3' as const, DeleteOnTermination: endsWithIt },
        })),
        TagSpecifications: [{ ResourceType: 'image', Tags: toTags(tags) }],
      });
      const answer = await onEc2(
        'RegisterImage',
        name,
        (client, options) => ofSnapshots(name, () => client.send(command, options)),
        // It does not know a token: a second attempt after a lost answer finds the name taken, by ourselves.
        { signal, expected: /^InvalidAMIName\.Duplicate$/ },
      );
      return answer?.ImageId;
    },

    async removeImage(id, signal) {
      const command = new ec2.DeregisterImageCommand({ ImageId: id });
      await onEc2('DeregisterImage', id, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidAMIID\.(NotFound|Unavailable)$/,
      });
    },

    instances,

    async run(wanted, signal) {
      const { image, type, subnet, groups, keyPair, address, tenancy, hostResourceGroup, token, tags } =
        wanted;
      const { readsTags } = wanted;
      const command = new ec2.RunInstancesCommand({
        ImageId: image,
        InstanceType: type as 'm6i.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        SecurityGroupIds: groups,
        ...(keyPair !== undefined && { KeyName: keyPair }),
        ...(address !== undefined && { PrivateIpAddress: address }),
        ...(tenancy !== undefined && {
          Placement: {
            Tenancy: tenancy,
            ...(hostResourceGroup !== undefined && { HostResourceGroupArn: hostResourceGroup }),
          },
        }),
        ClientToken: token,
        InstanceInitiatedShutdownBehavior: wanted.endsItself ? 'terminate' : 'stop',
        ...(wanted.userData !== undefined && {
          UserData: Buffer.from(wanted.userData).toString('base64'),
        }),
        MetadataOptions: {
          HttpTokens: 'required',
          HttpEndpoint: 'enabled',
          ...(readsTags && { InstanceMetadataTags: 'enabled' as const }),
        },
        TagSpecifications: taggedTypes.map(ResourceType => ({ ResourceType, Tags: toTags(tags) })),
      });
      let notRun: NotRun | undefined;
      const answer = await onEc2(
        'RunInstances',
        tags.Name ?? image,
        async (client, options) => {
          try {
            return await client.send(command, options);
          } catch (error) {
            const { name, message } = error as Error;
            const refused = refusals.find(([code]) => code.test(name))?.[1];
            if (refused === undefined) throw error;
            notRun = { refused, why: `${name}: ${message}` };
            return undefined;
          }
        },
        { signal },
      );
      return notRun ?? { instance: answer?.Instances?.[0]?.InstanceId ?? '' };
    },

    async tag(instance, tags, signal) {
      const command = new ec2.CreateTagsCommand({ Resources: [instance], Tags: toTags(tags) });
      await onEc2('CreateTags', instance, (client, options) => client.send(command, options), { signal });
    },

    async terminate(ids, signal) {
      if (ids.length === 0) return;
      const command = new ec2.TerminateInstancesCommand({ InstanceIds: ids });
      await onEc2('TerminateInstances', ids.join(', '), (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidInstanceID\.NotFound$/,
      });
    },

    async stop(instance, signal) {
      const command = new ec2.StopInstancesCommand({ InstanceIds: [instance] });
      await onEc2('StopInstances', instance, (client, options) => client.send(command, options), { signal });
    },

    async start(instance, signal) {
      const command = new ec2.StartInstancesCommand({ InstanceIds: [instance] });
      await onEc2('StartInstances', instance, (client, options) => client.send(command, options), { signal });
    },

    async setGroups(instance, groups, signal) {
      const command = new ec2.ModifyInstanceAttributeCommand({ InstanceId: instance, Groups: [...groups] });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('ModifyInstanceAttribute', instance, send, { signal });
    },

    async setProfile(instance, profile, signal) {
      const command = new ec2.AssociateIamInstanceProfileCommand({
        InstanceId: instance,
        IamInstanceProfile: { Name: profile },
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      await onEc2('AssociateIamInstanceProfile', `${profile} with ${instance}`, send, { signal });
    },

    checks,

    async console(instance, signal) {
      const command = new ec2.GetConsoleOutputCommand({ InstanceId: instance, Latest: true });
      const answer = await onEc2(
        'GetConsoleOutput',
        instance,
        (client, options) => client.send(command, options),
        { signal },
      );
      return Buffer.from(answer?.Output ?? '', 'base64').toString('utf8');
    },
  };
}

/**
 * What an instance shows on its screen. Undefined where EC2 can't take a picture: of some types it never can,
 * and of an instance that isn't running. Source: EC2 API reference, GetConsoleScreenshot.
 */
async function takePicture(
  { ec2, onEc2 }: RecoveryConnection,
  instance: string,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const command = new ec2.GetConsoleScreenshotCommand({ InstanceId: instance });
  const answer = await onEc2(
    'GetConsoleScreenshot',
    instance,
    (client, options) => client.send(command, options),
    { signal, expected: /^(UnsupportedOperation|IncorrectInstanceState|InvalidInstanceType)$/ },
  );
  return answer?.ImageData ? Buffer.from(answer.ImageData, 'base64') : undefined;
}

/**
 * Who has an address of a subnet. Whatever has one does so by a network interface: an instance, a load
 * balancer, an endpoint.
 */
async function findHolder(
  { ec2, onEc2 }: RecoveryConnection,
  subnet: string,
  address: string,
  signal?: AbortSignal,
): Promise<AddressHolder | undefined> {
  const command = new ec2.DescribeNetworkInterfacesCommand({
    Filters: [
      { Name: 'subnet-id', Values: [subnet] },
      { Name: 'addresses.private-ip-address', Values: [address] },
    ],
  });
  const answer = await onEc2(
    'DescribeNetworkInterfaces',
    `${address} in ${subnet}`,
    (client, options) => client.send(command, options),
    { signal },
  );
  const [found] = answer?.NetworkInterfaces ?? [];
  if (!found) return undefined;
  const tags = tagsOf(found.TagSet);
  const instance = found.Attachment?.InstanceId;
  const what =
    instance === undefined ? `network interface ${found.NetworkInterfaceId}` : `instance ${instance}`;
  const called = tags.Name ?? (found.Description || undefined);
  return { words: called === undefined ? what : `${what} (${called})`, tags };
}
