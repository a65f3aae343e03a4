import { allInstances } from '../instance/fleet.ts';
import type { FleetMember } from '../instance/member.ts';
import type { InstanceSettings } from '../instance/settings.ts';
import { describeInstanceStatus, describeInstances } from './describe-instances.ts';
import { describeTags } from './describe-tags.ts';
import { ApiError } from './error.ts';
import { ec2FaultError } from './faults.ts';

/**
 * One action of EC2's query API, its answer as XML. Throws ApiError.
 * @param isRole whether the instance's own role asks, which may ask for tags alone
 */
export function ec2(
  query: URLSearchParams,
  host: InstanceSettings,
  fleet: readonly FleetMember[],
  isRole: boolean,
): string {
  const action = query.get('Action') ?? '';
  if (isRole && action !== 'DescribeTags') throw ec2FaultError('access-denied', action);
  switch (action) {
    case 'DescribeTags':
      return describeTags(query, host);
    case 'DescribeInstances':
      return describeInstances(query, allInstances(host, fleet));
    case 'DescribeInstanceStatus':
      return describeInstanceStatus(query, allInstances(host, fleet));
    default:
      throw new ApiError('InvalidAction', `The lab's EC2 does not know ${action}.`);
  }
}
