import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type { FoundTemplate, MachineTemplate, Templates } from '../../aws/recovery/templates.ts';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import type { Asked, Observation, ResourceType, Step } from '../../engine/model/resource-type.ts';
import { eachStep } from '../shared/each-step.ts';
import {
  pointsCapability,
  type RepositoryProperty,
  repositorySchema,
} from '../shared/repository-property.ts';
import { type ReplicaPolicy, replicaSchema } from './replica-schema.ts';

export interface RecoveryTargetProperties extends MachineTemplate {
  repository: RepositoryProperty;
  replica?: ReplicaPolicy;
}

const id = (kind: string, what: string) => Type.String({ pattern: `^${kind}-[0-9a-f]+$`, description: what });

const schema = Type.Object(
  {
    repository: repositorySchema,
    instance_type: Type.String({
      minLength: 1,
      description: 'What the recovered machine runs on: `m6i.large`.',
    }),
    subnet: id('subnet', 'Where it is put: `subnet-0123456789abcdef0`.'),
    security_groups: Type.Array(id('sg', 'Id of a security group.'), {
      minItems: 1,
      'x-unordered': true,
      description: 'Ids of its security groups.',
    }),
    key_pair: Type.Optional(
      Type.String({ minLength: 1, description: 'Name of the key pair of a new instance.' }),
    ),
    tags: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Tags of the instance and its volumes.' }),
    ),
    replica: Type.Optional(replicaSchema),
  },
  { additionalProperties: false },
);

/** On the template: whose it is. */
const OWNER = 'converge:recovery-target';

/** EC2 takes letters, digits and ( ) . - / _, 3 to 128 of them; of two names that become alike the digest differs. */
export function templateName(vm: string): string {
  const plain = vm.replace(/[^\w().-]/g, '_').slice(0, 80);
  const digest = createHash('sha256').update(vm).digest('hex').slice(0, 8);
  return `converge-${plain}${plain === vm ? '' : `-${digest}`}`;
}

export const recoveryTarget: ResourceType<RecoveryTargetProperties, MachineTemplate> = {
  name: 'recovery_target',
  doc: `How a VM is run in EC2 when its home is gone. The title is the VM's name, as the repository has it.

It is an EC2 launch template, \`converge-VM\`, which is there before any disaster; \`converge replicate VM --replica\`
keeps the VM's disks beside it as EBS snapshots, and a \`recovery_plan\` names it. It depends on what the repository
holds, never on the VM itself.`,
  version: 1,
  protects: true,
  schema,
  runs: { on: 'remote', target: 'aws' },
  realm: { name: 'ec2', concurrency: 4 },
  identity: (_, title) => title.toLowerCase(),
  provides: (_, of) => [`recovery-target:${of}`],
  needs: ({ repository }, of) => [{ anyOf: [pointsCapability(repository, of)] }],
  desired: templateOf,
  async observe(asked, io) {
    const { templates } = await io.client('recovery');
    const seen = await Promise.all(
      asked.map(
        async one =>
          [one.id, observed(one, await templates.find(templateName(one.title), io.signal))] as const,
      ),
    );
    return new Map(seen);
  },
  async apply(steps, io) {
    const { templates } = await io.client('recovery');
    return eachStep(steps, step => change(step, templates, io));
  },
};

function templateOf(properties: RecoveryTargetProperties): MachineTemplate {
  const { instance_type, subnet, security_groups, key_pair, tags } = properties;
  return {
    instance_type,
    subnet,
    security_groups,
    ...(key_pair !== undefined && { key_pair }),
    ...(tags && { tags }),
  };
}

function observed(
  { title, properties }: Asked<RecoveryTargetProperties>,
  found: FoundTemplate | undefined,
): Observation<MachineTemplate> {
  if (!found) return { state: 'absent' };
  if (found.tags[OWNER] !== title) return { state: 'failed', diagnostic: foreign(title, found.id) };
  const { key_pair, tags, ...always } = found.says;
  // What the manifest doesn't say isn't looked at.
  return {
    state: 'present',
    revision: revisionOf(found),
    value: {
      ...always,
      ...(properties.key_pair !== undefined && key_pair !== undefined && { key_pair }),
      ...(properties.tags && tags && { tags }),
    },
  };
}

/** Which template it is, its default version and its newest one. */
const revisionOf = ({ id, version, latest }: FoundTemplate): string => `${id} ${version} ${latest}`;

async function change(
  step: Step<RecoveryTargetProperties, MachineTemplate>,
  templates: Templates,
  io: WriteIo,
): Promise<void> {
  const { asked, signal, revision = '' } = step;
  const name = templateName(asked.title);
  const [template = '', , latest] = revision.split(' ');
  await io.step(`${step.kind}-template`);
  if (step.kind === 'delete') return templates.remove(template, signal);
  const says = templateOf(asked.properties);
  if (step.kind === 'update') {
    if (!(await templates.change(template, says, Number(latest), signal))) throw overtaken(name);
    return;
  }
  const token = createHash('sha256')
    .update(JSON.stringify([name, says, io.clock.now()]))
    .digest('hex');
  const tags = { [OWNER]: asked.title };
  if (!(await templates.create({ name, token, tags, says }, signal))) throw overtaken(name);
}

const overtaken = (name: string): Failure =>
  new Failure(
    world('changed-meanwhile', `somebody else changed the launch template ${name} at the same time`, {
      hint: 'run again: the new plan shows what differs now',
    }),
  );

const foreign = (vm: string, template: string): Diagnostic =>
  world(
    'template-foreign',
    `the launch template ${templateName(vm)} (${template}) isn't converge's: it has no tag ${OWNER} of ${vm}`,
    { hint: `give it the tag ${OWNER}=${vm} if it is meant for this, or rename it` },
  );
