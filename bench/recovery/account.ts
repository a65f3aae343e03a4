/** What an account lets through: a bucket of tokens for each action, as EC2 and EBS direct have them. */

interface Bucket {
  tokens: number;
  /** A second. */
  refill: number;
}

/** Source: Amazon EC2 developer guide, "Request throttling for the Amazon EC2 API", Request token limits. */
const ec2: [RegExp, Bucket][] = [
  [/^(Run|Start)Instances$/, { tokens: 5, refill: 2 }],
  [/^(Create|Delete)Tags$/, { tokens: 100, refill: 10 }],
  [
    /^(TerminateInstances|AssociateIamInstanceProfile|(Create|Delete)(Volume|Snapshot)|DeregisterImage|CreateLaunchTemplateVersion)$/,
    { tokens: 100, refill: 5 },
  ],
  // Without a filter or pages. Here with them too, which is less than an account lets through.
  [
    /^Describe(Instances|InstanceStatus|NetworkInterfaces|SecurityGroups|Snapshots|Volumes)$/,
    { tokens: 50, refill: 10 },
  ],
  [/^(Describe|Get|List|Search)/, { tokens: 100, refill: 20 }],
  [/^/, { tokens: 50, refill: 5 }],
];

/**
 * Source: Amazon EBS user guide, "Quotas for Amazon EBS", and the defaults that Service Quotas lists: calls a
 * second of an account. That a second's worth may be made at once is assumed.
 */
const ebs: [RegExp, Bucket][] = [
  [/^(Put|Get)SnapshotBlock$/, { tokens: 1_000, refill: 1_000 }],
  [/^List(Snapshot|Changed)Blocks$/, { tokens: 50, refill: 50 }],
  [/^(Start|Complete)Snapshot$/, { tokens: 10, refill: 10 }],
];

/**
 * Source: Amazon Route 53 developer guide, "Quotas", Frequency of Route 53 Resolver API requests: five a
 * second. Of Scheduler and STS nothing is refused: one call each is made of them.
 */
const resolver: [RegExp, Bucket][] = [[/^/, { tokens: 5, refill: 5 }]];

const services: Record<string, [RegExp, Bucket][]> = { ec2, ebs, route53resolver: resolver };

/** Refuses what the account would; `refused` counts by action. `now` in milliseconds. */
export function accountLimits(now: () => number) {
  const buckets = new Map<string, { left: number; at: number }>();
  const refused: Record<string, number> = {};
  return {
    refused,
    refuse(what: string) {
      const [service = '', action = ''] = what.split(':');
      const limit = services[service]?.find(([form]) => form.test(action))?.[1];
      if (!limit) return undefined;
      const bucket = buckets.get(what) ?? { left: limit.tokens, at: now() };
      buckets.set(what, bucket);
      bucket.left = Math.min(limit.tokens, bucket.left + ((now() - bucket.at) / 1000) * limit.refill);
      bucket.at = now();
      if (bucket.left >= 1) {
        bucket.left--;
        return undefined;
      }
      refused[what] = (refused[what] ?? 0) + 1;
      return what.startsWith('ec2:') ? ec2Refusal : jsonRefusal;
    },
  };
}

const ec2Refusal = {
  status: 503,
  type: 'text/xml;charset=UTF-8',
  body: '<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>bench</RequestID></Response>',
};
const jsonRefusal = {
  status: 400,
  type: 'application/json',
  body: '{"__type":"RequestThrottledException","Message":"Rate exceeded"}',
};
