import type { Clock } from '../../../io/ports.ts';

interface Bucket {
  /** Calls that may be made at once after a rest. */
  most: number;
  perSecond: number;
}

/**
 * What an account is let through by default, action by action. Source: Amazon EC2 developer guide, "Request
 * throttling for the Amazon EC2 API", Request token limits. Reads that have neither a filter nor pages count
 * as `small`; here all reads of those actions do.
 */
const small: Bucket = { most: 50, perSecond: 10 };
const large: Bucket = { most: 100, perSecond: 5 };
const named: Record<string, Bucket> = {
  RunInstances: { most: 5, perSecond: 2 },
  StartInstances: { most: 5, perSecond: 2 },
  TerminateInstances: large,
  AssociateIamInstanceProfile: large,
  CreateTags: { most: 100, perSecond: 10 },
  CreateVolume: large,
  DeleteVolume: large,
  DeleteSnapshot: large,
  DeregisterImage: large,
  CreateLaunchTemplateVersion: large,
  DescribeInstances: small,
  DescribeInstanceStatus: small,
  DescribeNetworkInterfaces: small,
  DescribeSecurityGroups: small,
  DescribeSnapshots: small,
  DescribeVolumes: small,
};
const reading: Bucket = { most: 100, perSecond: 20 };
const changing: Bucket = { most: 50, perSecond: 5 };

const bucketOf = (action: string): Bucket =>
  named[action] ?? (/^(Describe|Get|List|Search)/.test(action) ? reading : changing);

/** Of each bucket: what is sent in time may arrive closer together. */
const spared = 1;

/** Resolves when a call of that action is due. */
export type Pace = (action: string, signal?: AbortSignal) => Promise<void>;

/**
 * Lets calls of EC2 go at the pace that an account bears, first come, first served: a plan of a hundred
 * machines launches two a second rather than being refused. Where an account bears less, or others use it up,
 * AWS still says so, and the call is tried again.
 */
export function ec2Pace(clock: Clock): Pace {
  const buckets = new Map<string, { left: number; at: number }>();
  return async (action, signal) => {
    const { most, perSecond } = bucketOf(action);
    const now = clock.now();
    const bucket = buckets.get(action) ?? { left: most - spared, at: now };
    buckets.set(action, bucket);
    const refilled = bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond;
    bucket.left = Math.min(most - spared, refilled) - 1;
    bucket.at = now;
    if (bucket.left < 0) await clock.sleep(Math.ceil((-bucket.left / perSecond) * 1000), signal);
  };
}
