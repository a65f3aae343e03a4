import type { Command } from 'commander';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { LabCommand } from '../../lab/commands.ts';
import { beanstalkTags } from '../../lab/instance/member.ts';
import type { InstanceSettings } from '../../lab/instance/settings.ts';

const collect = (value: string, before: string[] = []) => [...before, value];

type Event = (
  usage: string,
  description: string,
  examples: string,
  build: (args: string[], options: Record<string, unknown>) => LabCommand,
  extend: (command: Command) => Command,
) => void;

/** `converge lab instance`: what the lab's EC2 instance is. */
export function labInstance(event: Event): void {
  event(
    'instance',
    "set what the lab's EC2 instance is, and print it",
    'instance --environment shop-prod --tag Name=web1',
    (_, options) => ({ do: 'instance', change: changeOf(options) }),
    command =>
      command
        .option('--environment <NAME>', 'its Beanstalk environment, by the tags that Beanstalk sets')
        .option('--tag <KEY=VALUE>', 'its tags, in the place of those it has; may be repeated', collect)
        .option('--id <ID>', 'instance id, i-...; one of `lab add-instances` brings its tags')
        .option('--type <TYPE>', 'instance type')
        .option('--metadata <on|off>', 'off: the host is no EC2 instance')
        .option('--metadata-tags <on|off>', 'whether tags stand in the metadata')
        .option('--describe-tags <on|off>', 'whether its role may call ec2:DescribeTags'),
  );
}

function changeOf(options: Record<string, unknown>): Partial<InstanceSettings> {
  const { environment, tag, id, type } = options as {
    environment?: string;
    tag?: string[];
    id?: string;
    type?: string;
  };
  if (id !== undefined && !/^i-[0-9a-f]{8,17}$/.test(id))
    throw new Failure(given('bad-instance-id', `${id} is no instance id`, { hint: 'i- and 17 hex digits' }));
  const tags = {
    ...(environment !== undefined && beanstalkTags(environment)),
    ...Object.fromEntries((tag ?? []).map(pairOf)),
  };
  return {
    ...((environment ?? tag) !== undefined && { tags }),
    ...(id !== undefined && { instanceId: id }),
    ...(type !== undefined && { instanceType: type }),
    ...onOff(options, 'metadata'),
    ...onOff(options, 'metadataTags'),
    ...onOff(options, 'describeTags'),
  };
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Failure(given('bad-pair', `${pair} is not KEY=VALUE`));
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function onOff(
  options: Record<string, unknown>,
  name: 'metadata' | 'metadataTags' | 'describeTags',
): Partial<InstanceSettings> {
  const value = options[name];
  if (value === undefined) return {};
  if (value === 'on' || value === 'off') return { [name]: value === 'on' };
  throw new Failure(given('bad-switch', `${String(value)}: expected on or off`));
}
