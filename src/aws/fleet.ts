import type { Instance } from '@aws-sdk/client-ec2';
import { codeOf, toFailure } from './errors.ts';
import { type AwsSettings, awsClient } from './settings.ts';
import { withRetries } from './with-retries.ts';

/** An instance of an environment, as EC2 tells it. */
export interface FleetInstance {
  id: string;
  /** `pending`, `running`, `stopping`, `stopped` or `shutting-down`. */
  state: string;
  /** Milliseconds since the epoch. */
  launched?: number;
  privateIp?: string;
  publicIp?: string;
}

export interface Ec2Fleet {
  /** Instances with the tag that Beanstalk gives them, but for those that are terminated; by id. */
  instances(environment: string): Promise<FleetInstance[]>;
  /** Why EC2 thinks that instances aren't well; those that are have no entry. */
  ill(ids: readonly string[]): Promise<Map<string, string>>;
  close(): void;
}

/** Milliseconds without traffic. */
const silence = 30_000;
/** The most that EC2 takes: API reference, DescribeInstances and DescribeInstanceStatus. */
const pageSize = 1000;
const mostIds = 100;
const mostPages = 100;

const states = ['pending', 'running', 'stopping', 'stopped', 'shutting-down'];

/** Loads the SDK with the first call. Every rejection is a Failure that names the permission. */
export function ec2Fleet(settings: AwsSettings): Ec2Fleet {
  const closing = new AbortController();
  let opened: Promise<Awaited<ReturnType<typeof open>>> | undefined;
  const open = async () => {
    const sdk = await import('@aws-sdk/client-ec2');
    return { sdk, client: awsClient(sdk.EC2Client, settings, silence) };
  };
  const connection = () => {
    opened ??= open();
    return opened;
  };
  const call = async <T>(action: string, thing: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await withRetries(run, { ...settings, closed: closing.signal });
    } catch (error) {
      if (gone(error)) throw error;
      throw toFailure(error, { service: 'EC2', action: `ec2:${action}`, thing, region: settings.region });
    }
  };

  const statusOf = async (ids: string[]): Promise<Map<string, string>> => {
    const { sdk, client } = await connection();
    const command = new sdk.DescribeInstanceStatusCommand({ InstanceIds: ids, IncludeAllInstances: true });
    try {
      const { InstanceStatuses = [] } = await call('DescribeInstanceStatus', ids.join(', '), () =>
        client.send(command),
      );
      const ill = new Map(ids.map(id => [id, 'EC2 says nothing of it']));
      for (const { InstanceId, InstanceState, SystemStatus, InstanceStatus } of InstanceStatuses) {
        if (InstanceId === undefined) continue;
        const [state, system, own] = [InstanceState?.Name, SystemStatus?.Status, InstanceStatus?.Status];
        if (state !== 'running') ill.set(InstanceId, `it is ${state ?? 'in an unknown state'}`);
        else if (system !== 'ok') ill.set(InstanceId, `EC2's check of its system: ${system ?? 'unknown'}`);
        else if (own !== 'ok') ill.set(InstanceId, `EC2's check of the instance: ${own ?? 'unknown'}`);
        else ill.delete(InstanceId);
      }
      return ill;
    } catch (error) {
      if (!gone(error)) throw error;
      // One unknown id fails the whole call: which one it was is found out.
      if (ids.length === 1) return new Map([[ids[0]!, 'it no longer exists']]);
      const half = Math.ceil(ids.length / 2);
      return new Map([...(await statusOf(ids.slice(0, half))), ...(await statusOf(ids.slice(half)))]);
    }
  };

  return {
    async instances(environment) {
      const { sdk, client } = await connection();
      const found: FleetInstance[] = [];
      let NextToken: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const command = new sdk.DescribeInstancesCommand({
          Filters: [
            { Name: 'tag:elasticbeanstalk:environment-name', Values: [environment] },
            { Name: 'instance-state-name', Values: states },
          ],
          MaxResults: pageSize,
          ...(NextToken && { NextToken }),
        });
        const about = `the instances of ${environment}`;
        const answer = await call('DescribeInstances', about, () => client.send(command));
        for (const { Instances = [] } of answer.Reservations ?? []) found.push(...Instances.flatMap(told));
        NextToken = answer.NextToken;
        if (!NextToken) break;
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async ill(ids) {
      const all = new Map<string, string>();
      for (let at = 0; at < ids.length; at += mostIds)
        for (const [id, why] of await statusOf(ids.slice(at, at + mostIds))) all.set(id, why);
      return all;
    },
    close() {
      closing.abort(new Error('the connection to EC2 was closed'));
      opened?.then(({ client }) => client.destroy()).catch(() => {});
    },
  };
}

const gone = (error: unknown): boolean => /^InvalidInstanceID\./.test(codeOf(error));

function told({
  InstanceId,
  State,
  LaunchTime,
  PrivateIpAddress,
  PublicIpAddress,
}: Instance): FleetInstance[] {
  if (InstanceId === undefined) return [];
  return [
    {
      id: InstanceId,
      state: State?.Name ?? 'unknown',
      ...(LaunchTime && { launched: LaunchTime.getTime() }),
      ...(PrivateIpAddress !== undefined && { privateIp: PrivateIpAddress }),
      ...(PublicIpAddress !== undefined && { publicIp: PublicIpAddress }),
    },
  ];
}
