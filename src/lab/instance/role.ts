import { createHash } from 'node:crypto';
import { holds, matches, type RequestContext, unknownInCondition } from './condition.ts';
import type { Policy } from './policy.ts';
import type { InstanceSettings } from './settings.ts';

export interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** The role that the lab's instance has by its instance profile. */
export interface Role {
  credentials: RoleCredentials;
  /** Session tokens whose time is over. */
  expired?: readonly string[];
  /** `ROLE-ID:INSTANCE-ID`: what `${aws:userid}` stands for in a policy, and STS calls UserId. */
  userId: string;
  arn: string;
  account: string;
  /** Undefined: it has no policy, and may do nothing. */
  policy: Policy | undefined;
}

/** @param root the lab's own credentials, which the role's derive from: nothing more is to be kept */
export function roleOf(
  root: { accessKeyId: string; secretAccessKey: string },
  { instanceId, accountId, policy }: InstanceSettings,
): Role {
  const derived = (what: string) =>
    createHash('sha256').update(`${what} of ${root.accessKeyId} ${root.secretAccessKey}`);
  const name = (prefix: string, what: string) =>
    prefix + derived(what).digest('hex').toUpperCase().slice(0, 16);
  return {
    credentials: {
      accessKeyId: name('ASIA', 'key'),
      secretAccessKey: derived('secret').digest('base64url'),
      sessionToken: derived('session').digest('base64url'),
    },
    userId: `${name('AROA', 'role')}:${instanceId}`,
    arn: `arn:aws:sts::${accountId}:assumed-role/lab-instance/${instanceId}`,
    account: accountId,
    policy,
  };
}

/**
 * Whether the role's policy allows an action on a resource (an ARN), with what is known of the request
 * besides.
 */
export function isAllowed(
  { policy, userId }: Pick<Role, 'policy' | 'userId'>,
  action: string,
  resource: string,
  context: RequestContext = {},
): boolean {
  const any = (patterns: string | string[], value: string) =>
    [patterns].flat().some(pattern => matches(pattern.replaceAll('${aws:userid}', userId), value));
  return (policy?.Statement ?? []).some(
    ({ Action, Resource, Condition = {} }) =>
      any(Action, action) &&
      any(Resource, resource) &&
      holds(Condition, { ...context, 'aws:userid': userId, 'aws:securetransport': 'false' }),
  );
}

/** Why the lab can't hold somebody to a policy; undefined when it can. */
export function unknownIn(policy: unknown): string | undefined {
  const { Version, Statement } = (policy ?? {}) as Partial<Policy>;
  if (Version !== '2012-10-17' || !Array.isArray(Statement))
    return 'it is not a policy of version 2012-10-17';
  const isText = (value: unknown) =>
    [value].flat().every(one => typeof one === 'string') && [value].flat().length > 0;
  for (const statement of Statement) {
    const { Sid: _, Effect, Action, Resource, Condition, ...others } = statement as Record<string, unknown>;
    const [other] = Object.keys(others);
    if (other !== undefined) return `the lab does not know ${other}`;
    if (Effect !== 'Allow') return `the lab does not know Effect ${String(Effect)}`;
    if (!isText(Action) || !isText(Resource)) return 'a statement has Action and Resource, texts or lists';
    const variable = /\$\{(?!aws:userid\})[^}]*\}/.exec([Resource].flat().join(' '))?.[0];
    if (variable !== undefined) return `the lab does not know ${variable}`;
    const condition = Condition === undefined ? undefined : unknownInCondition(Condition);
    if (condition !== undefined) return condition;
  }
  return undefined;
}
