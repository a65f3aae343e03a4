import { hostname, release } from 'node:os';
import type { Identity, Instance } from '../../aws/instance.ts';
import type { Host } from '../../io/ports.ts';
import { runtime } from '../../io/runtime.ts';
import type { Fact, FactGroup, Facts } from '../../manifest/scope/facts.ts';
import { systemName } from '../../manifest/sections/requires.ts';

/** Windows Server 2022, what the lab's Windows host is. */
const labWindows = '10.0.20348';

/** The facts of this machine, or of the lab's host. */
export function hostFacts(host: Pick<Host, 'platform'>, lab: boolean, instance: Instance): Facts {
  return new Map<string, Fact | FactGroup>([
    ['os', { doc: '`windows`, `linux`, `darwin`', read: () => systemName(host.platform) }],
    ['hostname', { doc: 'name of the machine; `lab` in the lab', read: () => (lab ? 'lab' : hostname()) }],
    ['architecture', { doc: '`x64`, `arm64`', read: () => runtime.architecture }],
    [
      'os_release',
      {
        doc: 'version of the operating system',
        read: () => (host.platform === runtime.platform ? release() : labWindows),
      },
    ],
    ['node', { doc: 'version of Node.js that runs converge', read: () => runtime.node }],
    ['lab', { doc: 'whether this is a run in the lab', read: () => lab }],
    ['ec2', { doc: 'the EC2 instance', facts: ec2Facts(instance) }],
    ['beanstalk', { doc: 'the Beanstalk environment of the instance', facts: beanstalkFacts(instance) }],
  ]);
}

const fromTags = "the instance's tags";

function ec2Facts(instance: Instance): ReadonlyMap<string, Fact> {
  const of = (name: keyof Identity, doc: string): Fact => ({
    doc,
    from: 'instance metadata',
    read: async () => (await instance.identity())[name],
  });
  return new Map([
    ['instance_id', of('instanceId', '`i-` and hex digits')],
    ['instance_type', of('instanceType', '`t3.medium`')],
    ['region', of('region', '`eu-west-1`')],
    ['availability_zone', of('availabilityZone', '`eu-west-1a`')],
    ['account_id', of('accountId', 'twelve digits')],
    ['image_id', of('imageId', '`ami-` and hex digits')],
    ['tags', { doc: 'its tags by key', from: fromTags, read: () => instance.tags() }],
  ]);
}

function beanstalkFacts(instance: Instance): ReadonlyMap<string, Fact> {
  const read = (name: 'name' | 'id') => async () => (await instance.environment())[name];
  return new Map([
    ['environment_name', { doc: 'its name', from: fromTags, read: read('name') }],
    ['environment_id', { doc: '`e-` and ten characters', from: fromTags, read: read('id') }],
  ]);
}
