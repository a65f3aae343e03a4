/** What an account lets through: a bucket of tokens for each action, as EC2 and EBS direct have them. */

interface Bucket {
  tokens: number;
  /** A second. */
  refill: number;
}

/**
 * Source: Amazon EC2 developer guide, "Request throttling": every action has a bucket of its own, of 100
 * tokens and 20 a second when it changes nothing. All other figures are believed, not read at their source:
 * 50 and 5 for what changes something, RunInstances 5 and 2, TerminateInstances 100 and 5; of EBS direct
 * 1,000 puts and gets a second, 10 StartSnapshot and CompleteSnapshot, 50 lists; 5 a second of Route 53
 * Resolver.
 */
const limits: [RegExp, Bucket][] = [
  [/^ec2:RunInstances$/, { tokens: 5, refill: 2 }],
  [/^ec2:TerminateInstances$/, { tokens: 100, refill: 5 }],
  [/^ec2:(Describe|Get)/, { tokens: 100, refill: 20 }],
  [/^ec2:/, { tokens: 50, refill: 5 }],
  [/^ebs:(Put|Get)SnapshotBlock$/, { tokens: 1_000, refill: 1_000 }],
  [/^ebs:ListSnapshotBlocks$/, { tokens: 50, refill: 50 }],
  [/^ebs:/, { tokens: 10, refill: 10 }],
  [/^route53resolver:/, { tokens: 5, refill: 5 }],
];

/** Refuses what the account would; `refused` counts by action. `now` in milliseconds. */
export function accountLimits(now: () => number) {
  const buckets = new Map<string, { left: number; at: number }>();
  const refused: Record<string, number> = {};
  return {
    refused,
    refuse(what: string) {
      const limit = limits.find(([form]) => form.test(what))?.[1];
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
