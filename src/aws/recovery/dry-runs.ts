import type { EC2Client } from '@aws-sdk/client-ec2';
import { Failure } from '../../diagnostics/diagnostic.ts';
import type { DryRun, DryRunCloud } from '../../recovery/model/dry-runs.ts';
import { RUN_TAG } from '../../recovery/model/machines.ts';
import { replicaTags } from '../../recovery/replica/names.ts';
import { classify, codeOf, statusOf } from '../errors.ts';
import type { RecoveryConnection } from './connection.ts';
import { taggedTypes } from './machines.ts';
import { toTags } from './tags.ts';

/** Source: EC2 API reference, "Error codes": what it would have done is an error, too. */
const WOULD = 'DryRunOperation';

/**
 * What policies go by is in each request, as in that of a recovery: without the tag of a run whoever may
 * make nothing else is refused.
 */
const ofRun = toTags({ [RUN_TAG]: 'readiness' });

/** No id of EC2 is that. */
const nobodys = 'snap-00000000000000000';

/** Source: EC2 API reference, "Error codes". */
function reasonOf(code: string): NonNullable<DryRun['against']> {
  if (/^(UnauthorizedOperation|AccessDenied\w*)$/.test(code)) return 'policy';
  if (/LimitExceeded$/.test(code)) return 'quota';
  return /^Insufficient\w*Capacity|^InsufficientCapacityOnHost$|^InsufficientFreeAddressesInSubnet$/.test(
    code,
  )
    ? 'room'
    : 'request';
}

export function awsDryRuns({ ec2, onEc2, ebs, onEbs }: RecoveryConnection): DryRunCloud {
  const asked = async (
    action: string,
    thing: string,
    send: (client: EC2Client, options: object) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<DryRun> => {
    const said = await onEc2(
      action,
      thing,
      async (client, options) => {
        try {
          await send(client, options);
          return { code: '', message: 'it was done' };
        } catch (error) {
          // What may be otherwise in a moment is asked again; only an answer about the request counts.
          if (statusOf(error) === undefined || classify(error) !== 'final') throw error;
          return { code: codeOf(error), message: (error as Error).message };
        }
      },
      { signal },
    );
    const { code = '', message = '' } = said ?? {};
    const answer = { action: `ec2:${action}`, answer: `${code}: ${message}` };
    return code === WOULD
      ? { ...answer, allowed: true }
      : { ...answer, allowed: false, against: reasonOf(code) };
  };
  return {
    launch({ image, type, subnet, keyPair }, signal) {
      const command = new ec2.RunInstancesCommand({
        DryRun: true,
        ImageId: image,
        InstanceType: type as 'm6i.large',
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnet,
        ...(keyPair !== undefined && { KeyName: keyPair }),
        MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
        TagSpecifications: taggedTypes.map(ResourceType => ({ ResourceType, Tags: ofRun })),
      });
      return asked('RunInstances', type, (client, options) => client.send(command, options), signal);
    },
    registerImage({ snapshot, bootMode, tpm }, signal) {
      const command = new ec2.RegisterImageCommand({
        DryRun: true,
        Name: `converge-readiness-${snapshot}`,
        Architecture: 'x86_64',
        VirtualizationType: 'hvm',
        EnaSupport: true,
        BootMode: bootMode,
        ...(tpm && { TpmSupport: 'v2.0' as const }),
        RootDeviceName: '/dev/xvda',
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { SnapshotId: snapshot, VolumeType: 'gp3' as const } },
        ],
        TagSpecifications: [{ ResourceType: 'image', Tags: ofRun }],
      });
      return asked('RegisterImage', snapshot, (client, options) => client.send(command, options), signal);
    },
    async writeSnapshot(signal) {
      const command = new ebs.StartSnapshotCommand({
        VolumeSize: 1,
        ParentSnapshotId: nobodys,
        Tags: toTags({ [replicaTags.repository]: 'readiness' }),
      });
      const action = 'ebs:StartSnapshot';
      try {
        await onEbs('StartSnapshot', nobodys, (client, options) => client.send(command, options), { signal });
        return { action, allowed: true, answer: 'it was begun' };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const code = codeOf(error.cause);
        const allowed = /^(ResourceNotFound|Validation)Exception$/.test(code);
        if (!allowed && !error.hasOnly('aws-access-denied', 'aws-unreachable')) throw error;
        return allowed
          ? { action, allowed, answer: code }
          : { action, allowed, answer: error.message, against: 'policy' };
      }
    },
    async createVolume({ snapshot, subnet }, signal) {
      const find = new ec2.DescribeSubnetsCommand({ SubnetIds: [subnet] });
      const found = await onEc2('DescribeSubnets', subnet, (client, options) => client.send(find, options), {
        signal,
      });
      const command = new ec2.CreateVolumeCommand({
        DryRun: true,
        SnapshotId: snapshot,
        AvailabilityZone: found?.Subnets?.[0]?.AvailabilityZone,
        VolumeType: 'gp3',
        TagSpecifications: [{ ResourceType: 'volume', Tags: ofRun }],
      });
      return asked('CreateVolume', snapshot, (client, options) => client.send(command, options), signal);
    },
  };
}
