import type { FleetMember } from '../instance/member.ts';
import { ec2Answer, filtersOf, listOf, tag } from './ec2-query.ts';
import { ApiError } from './error.ts';

const codes: Record<FleetMember['state'], number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** Most of one page, whatever is asked for: who doesn't follow the token would never notice otherwise. */
const largestPage = 100;
const mostIds = 100;

/** DescribeInstances of EC2's query API. Source: Amazon EC2 API reference. Throws ApiError. */
export function describeInstances(query: URLSearchParams, all: readonly FleetMember[]): string {
  const filters = filtersOf(query);
  const chosen = byIds(query, all).filter(it =>
    filters.every(({ name, matches }) => valuesOf(name, it).some(matches)),
  );
  const { page, token } = paged(query, chosen);
  const items = page.map(
    it =>
      `<item><reservationId>r-lab</reservationId><instancesSet><item>${tag('instanceId', it.instanceId)}${state(it)}${tag('instanceType', it.instanceType)}${tag('launchTime', new Date(it.launched).toISOString())}${it.state === 'terminated' ? '' : tag('privateIpAddress', it.privateIp)}<tagSet>${Object.entries(
        it.tags,
      )
        .map(([key, value]) => `<item>${tag('key', key)}${tag('value', value)}</item>`)
        .join('')}</tagSet></item></instancesSet></item>`,
  );
  return ec2Answer('DescribeInstances', `<reservationSet>${items.join('')}</reservationSet>${token}`);
}

/** DescribeInstanceStatus: of running ones unless all are asked for; the others have no checks. */
export function describeInstanceStatus(query: URLSearchParams, all: readonly FleetMember[]): string {
  const ids = listOf(query, 'InstanceId');
  if (ids.length > mostIds)
    throw new ApiError('InvalidParameterValue', `Maximum ${mostIds} explicitly specified instance IDs.`);
  const everyState = query.get('IncludeAllInstances') === 'true';
  const chosen = byIds(query, all).filter(it => everyState || it.state === 'running');
  const { page, token } = paged(query, chosen);
  const check = (it: FleetMember, result: string) =>
    tag('status', it.state === 'running' ? result : 'not-applicable');
  const items = page.map(
    it =>
      `<item>${tag('instanceId', it.instanceId)}${state(it)}<systemStatus>${check(it, it.systemCheck)}</systemStatus><instanceStatus>${check(it, it.instanceCheck)}</instanceStatus></item>`,
  );
  return ec2Answer(
    'DescribeInstanceStatus',
    `<instanceStatusSet>${items.join('')}</instanceStatusSet>${token}`,
  );
}

const state = (it: FleetMember): string =>
  `<instanceState>${tag('code', String(codes[it.state]))}${tag('name', it.state)}</instanceState>`;

function valuesOf(filter: string, it: FleetMember): string[] {
  if (filter === 'instance-state-name') return [it.state];
  if (filter === 'instance-id') return [it.instanceId];
  if (filter === 'private-ip-address') return [it.privateIp];
  if (filter === 'tag-key') return Object.keys(it.tags);
  if (filter.startsWith('tag:')) {
    const key = filter.slice('tag:'.length);
    return Object.hasOwn(it.tags, key) ? [it.tags[key]!] : [];
  }
  throw new ApiError('InvalidParameterValue', `The filter '${filter}' is invalid`);
}

function byIds(query: URLSearchParams, all: readonly FleetMember[]): FleetMember[] {
  const ids = listOf(query, 'InstanceId');
  if (ids.length === 0) return [...all];
  if (query.has('MaxResults'))
    throw new ApiError(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  const bad = ids.find(id => !/^i-[0-9a-f]{8,17}$/.test(id));
  if (bad !== undefined) throw new ApiError('InvalidInstanceID.Malformed', `Invalid id: "${bad}"`);
  const unknown = ids.filter(id => !all.some(({ instanceId }) => instanceId === id));
  if (unknown.length > 0) {
    const named = `'${unknown.join(', ')}'`;
    throw new ApiError(
      'InvalidInstanceID.NotFound',
      unknown.length > 1
        ? `The instance IDs ${named} do not exist`
        : `The instance ID ${named} does not exist`,
    );
  }
  return all.filter(({ instanceId }) => ids.includes(instanceId));
}

function paged(query: URLSearchParams, all: FleetMember[]): { page: FleetMember[]; token: string } {
  const asked = Number(query.get('MaxResults') ?? all.length);
  if (query.has('MaxResults') && !(Number.isInteger(asked) && asked >= 5 && asked <= 1000))
    throw new ApiError('InvalidParameterValue', 'Value for parameter maxResults is invalid: 5 to 1000.');
  const from = Number(Buffer.from(query.get('NextToken') ?? '', 'base64url').toString());
  if (!Number.isSafeInteger(from)) throw new ApiError('InvalidParameterValue', 'Unable to parse NextToken.');
  // Without MaxResults everything comes at once.
  const size = query.has('MaxResults') ? Math.min(asked, largestPage) : all.length;
  const next = from + size;
  const token = next < all.length ? tag('nextToken', Buffer.from(String(next)).toString('base64url')) : '';
  return { page: all.slice(from, next), token };
}
