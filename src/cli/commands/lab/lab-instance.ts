import { resolve } from 'node:path';
import { beanstalkTags, type InstanceSettings, unenforced } from '../../../app/lab/lab-world.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Host } from '../../../io/ports.ts';
import { instancePolicy } from '../../../masterless/instance/policy.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { DefineEvent } from './define-event.ts';

const collect = (value: string, before: string[] = []) => [...before, value];

/** `converge lab instance`: what the lab's EC2 instance is. */
export function labInstance({ io: { host } }: CliContext, event: DefineEvent): void {
  event(
    'instance',
    "set what the lab's EC2 instance is, and print it",
    'instance --environment shop-prod --tag Name=web1',
    async (_, options) => ({
      do: 'instance',
      change: { ...changeOf(options), ...(await policyOf(options.policy as string | undefined, host)) },
    }),
    command =>
      command
        .option('--environment <NAME>', 'its Beanstalk environment, by the tags that Beanstalk sets')
        .option('--tag <KEY=VALUE>', 'its tags, in the place of those it has; may be repeated', collect)
        .option('--id <ID>', 'instance id, i-...; one of `lab add-instances` brings its tags')
        .option('--type <TYPE>', 'instance type')
        .option('--metadata <on|off>', 'off: the host is not an EC2 instance')
        .option('--metadata-tags <on|off>', 'whether tags are in the metadata')
        .option(
          '--policy <FILE>',
          'what its role may do in S3 (default: what `converge instance-policy` says for its environment)',
        )
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
    throw new Failure(
      given('bad-instance-id', `${id} is not an instance id`, { hint: 'i- and 17 hex digits' }),
    );
  const tags: Record<string, string> = {
    ...(environment !== undefined && beanstalkTags(environment)),
    ...Object.fromEntries((tag ?? []).map(pairOf)),
  };
  const name = tags['elasticbeanstalk:environment-name'];
  return {
    ...((environment ?? tag) !== undefined && { tags }),
    // As somebody would have set it up, in whatever bucket.
    ...(name !== undefined && { policy: instancePolicy([name], '*') }),
    ...(id !== undefined && { instanceId: id }),
    ...(type !== undefined && { instanceType: type }),
    ...onOff(options, 'metadata'),
    ...onOff(options, 'metadataTags'),
    ...onOff(options, 'describeTags'),
  };
}

/** Throws a Failure for a policy that the lab could not hold anybody to. */
async function policyOf(path: string | undefined, { files, cwd }: Host): Promise<Partial<InstanceSettings>> {
  if (path === undefined) return {};
  const bytes = await files.read(resolve(cwd, path));
  if (!bytes) throw new Failure(given('no-such-file', `${path} is not there`));
  let policy: unknown;
  try {
    policy = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Failure(given('bad-policy', `${path} is not JSON`, { hint: 'write an IAM policy document' }));
  }
  const why = await unenforced(policy);
  if (why !== undefined)
    throw new Failure(
      given('bad-policy', `${path} can't be enforced: ${why}`, {
        hint: '`converge instance-policy` prints one that can',
      }),
    );
  return { policy: policy as NonNullable<InstanceSettings['policy']> };
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
