import type { Policy } from './policy.ts';

export const memberStates = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
] as const;
export const checkResults = ['ok', 'impaired', 'initializing', 'insufficient-data'] as const;

/** An EC2 instance of the lab besides the one that the lab's host is. */
export interface FleetMember {
  instanceId: string;
  instanceType: string;
  privateIp: string;
  tags: Record<string, string>;
  /** Of its role, for when the lab's host becomes it. */
  policy?: Policy;
  state: (typeof memberStates)[number];
  /** What EC2's two status checks say. */
  systemCheck: (typeof checkResults)[number];
  instanceCheck: (typeof checkResults)[number];
  /** Milliseconds since the epoch. */
  launched: number;
}

/** The tags that Beanstalk gives the instances of an environment. */
export const beanstalkTags = (environment: string): Record<string, string> => ({
  'elasticbeanstalk:environment-name': environment,
  'elasticbeanstalk:environment-id': 'e-labenviron',
  Name: environment,
});

export const describeMember = ({ instanceId, tags, privateIp, ...it }: FleetMember): string =>
  [
    `${instanceId}  ${tags['elasticbeanstalk:environment-name'] ?? ''}`,
    `${privateIp}  ${it.state}, system check ${it.systemCheck}, instance check ${it.instanceCheck}`,
  ].join('  ');
