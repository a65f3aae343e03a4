import { ApiError } from '../aws-model/error.ts';
import type { Role } from '../instance/role.ts';

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

/**
 * GetCallerIdentity of STS, which needs no permission. Source: AWS STS API reference.
 * @param role undefined: the lab's own account asks
 */
export function callerIdentity(query: URLSearchParams, role: Role | undefined, account: string): string {
  if (query.get('Action') !== 'GetCallerIdentity')
    throw new ApiError('InvalidAction', `The lab's STS does not know ${query.get('Action')}.`);
  const { userId, arn } = role ?? { userId: account, arn: `arn:aws:iam::${account}:root` };
  return `<GetCallerIdentityResponse xmlns="${namespace}"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>${userId}</UserId><Account>${account}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>lab</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;
}
