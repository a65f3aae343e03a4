import { type Static, Type } from 'typebox';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Mistake, Observation, Step } from '../../engine/model/resource-type.ts';
import { type PlanProperties, type PlanVersion, SERIES } from '../../recovery/model/plan.ts';
import { planSource } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { eachStep } from '../shared/each-step.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import {
  openToChange,
  repositoryClaims,
  repositoryMistakes,
  repositoryNeeds,
  repositoryRef,
  repositorySchema,
} from '../shared/repository-property.ts';
import { unlessDamaged } from '../shared/unless-damaged.ts';
import { dnsSchema, wrongDns } from './dns-schema.ts';
import { postLaunchSchema, wrongPostLaunch } from './post-launch-schema.ts';
import { probesSchema, wrongProbes } from './probes-schema.ts';

const schema = Type.Object(
  {
    repository: repositorySchema,
    groups: Type.Array(
      Type.Object(
        {
          targets: Type.Array(Type.String({ minLength: 1 }), {
            minItems: 1,
            description: 'VMs that are started together, by the titles of their `recovery_target`s.',
          }),
          wait: Type.Optional(
            Type.String({ format: 'duration', description: 'How long to wait before this group: `2m`.' }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        minItems: 1,
        description: 'In the order in which they are started; each waits for the probes of the one before.',
      },
    ),
    test: Type.Object(
      {
        network: Type.Optional(
          Type.String({
            minLength: 1,
            'x-ref': 'isolated_network',
            description:
              'The `isolated_network` that it runs in, by its title, in the place of `subnet` and `security_group`.',
          }),
        ),
        subnet: Type.Optional(
          Type.String({ pattern: '^subnet-[0-9a-f]+$', description: 'Subnet of the test.' }),
        ),
        fallback: Type.Optional(
          Type.Object(
            {
              subnets: Type.Array(
                Type.String({ pattern: '^subnet-[0-9a-f]+$', description: 'Of the same VPC.' }),
                {
                  minItems: 1,
                  maxItems: 10,
                  description:
                    'Subnets that are tried, in this order, when EC2 has no capacity or no address; nothing may lead out of any of them.',
                },
              ),
            },
            { additionalProperties: false, description: 'What is tried when the subnet has no room.' },
          ),
        ),
        security_group: Type.Optional(
          Type.String({
            pattern: '^sg-[0-9a-f]+$',
            description: 'The one security group of every machine in it; it names nothing but itself.',
          }),
        ),
        instances: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 500,
            description: 'Most instances that a test may take; 20 when left out.',
          }),
        ),
        prober: Type.Optional(
          Type.Object(
            {
              image: Type.Optional(
                Type.String({
                  pattern: '^ami-[0-9a-f]+$',
                  description: 'An image with Python 3; the newest Amazon Linux 2023 when left out.',
                }),
              ),
              type: Type.Optional(
                Type.String({ minLength: 1, description: 'Its instance type; `t3.micro` when left out.' }),
              ),
            },
            {
              additionalProperties: false,
              description:
                'A small machine that makes the `tcp` and `http` probes from within the network, and is ended after them. With `network` there is one without saying so.',
            },
          ),
        ),
        hours: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 168,
            description: 'How long a test may stand, in hours; 4 when left out.',
          }),
        ),
        schedule: Type.Optional(
          Type.String({
            format: 'schedule',
            description:
              'When `converge agent` rehearses it, and cleans up after it: `every 7 days`, `every sunday at 03:00`, `cron` and five fields. It takes tests that somebody runs for its own.',
          }),
        ),
        timezone: Type.Optional(
          Type.String({
            format: 'timezone',
            description: 'That of the times in `schedule`, an IANA name; UTC when left out.',
          }),
        ),
        teardown: Type.String({
          pattern: '^(none|arn:aws[a-z-]*:iam::[0-9]{12}:role/.+)$',
          description:
            "Role, by its ARN, that EventBridge Scheduler ends the test's instances with when its time is over, whatever became of converge; or `none`, and then nobody does.",
        }),
      },
      {
        additionalProperties: false,
        dependencies: { timezone: ['schedule'] },
        description:
          'The network that `converge failover PLAN --test` runs in. It is proven first that nothing leads out of it.',
      },
    ),
    probes: Type.Optional(probesSchema),
    post_launch: Type.Optional(postLaunchSchema),
    dns: Type.Optional(dnsSchema),
  },
  { additionalProperties: false },
);

export type RecoveryPlanProperties = Static<typeof schema>;

/** The newest version of a plan that a repository keeps, and its number. */
async function newestOf(repository: Repository | undefined, title: string) {
  const number = (await repository?.records.numbers(title, SERIES.plan))?.at(-1) ?? 0;
  const value =
    number === 0 ? undefined : await unlessDamaged(repository!.records.read(title, SERIES.plan, number));
  return { number, value: value as PlanVersion | undefined };
}

/** What is seen of a plan: its properties, and the digest of what is kept of the manifests with it. */
type SeenPlan = PlanProperties & { bundle?: string };

const contentOf = ({ groups, test, probes, post_launch, dns }: PlanProperties): PlanProperties => ({
  groups,
  test,
  ...(probes && { probes }),
  ...(post_launch !== undefined && { post_launch }),
  ...(dns && { dns }),
});

export const recoveryPlan: BuiltInType<typeof schema, SeenPlan> = {
  name: 'recovery_plan',
  doc: `In which order machines are recovered, and how it is told that they are well.

\`converge failover PLAN --test\` rehearses it. The plan is kept in the repository beside the recovery points, where
it outlives home, with all that the manifests say about its recovery (\`bundle\`: its targets, their AWS targets, its
post-launch manifests); so is what each rehearsal measured. The machines are \`recovery_target\`s whose points are in the same
repository.`,
  version: 1,
  protects: true,
  schema,
  runs: { on: 'remote', target: 'aws' },
  realm: { name: 'recovery', concurrency: 2 },
  identity: (_, title) => title,
  check: (properties, title) => [
    // `failover cleanup --expired all` means every plan.
    ...(title === 'all'
      ? [
          mistake(
            '',
            'plan-title',
            '`all` means every plan, so none can be called that',
            'give it another title',
          ),
        ]
      : []),
    ...repositoryMistakes(properties),
    ...namedTwice(properties),
    ...wrongNetwork(properties),
    ...wrongProbes(properties),
    ...wrongPostLaunch(properties),
    ...wrongDns(properties),
  ],
  claims: ({ repository }, _, where) => repositoryClaims(repository, where),
  needs: ({ repository, groups }) => [
    ...groups.flatMap(({ targets }) =>
      targets.map(vm => ({ anyOf: [`recovery-target:${vm.toLowerCase()}`] })),
    ),
    ...repositoryNeeds(repository),
  ],
  sourcesBeside: title => [planSource(title)],
  desired(properties, title, sources = {}) {
    const declared = sources[planSource(title)];
    return { ...contentOf(properties), ...(declared !== undefined && { bundle: `sha256:${declared}` }) };
  },
  async observe(asked, io) {
    const seen = await Promise.all(asked.map(async one => [one.id, await observeOne(one, io)] as const));
    return new Map(seen);
  },
  apply: (steps, io) => eachStep(steps, step => change(step, io)),
};

/** Either a network is named, or its parts are. */
function wrongNetwork({ test }: RecoveryPlanProperties): Mistake[] {
  const parts = ['subnet', 'security_group', 'fallback'] as const;
  const way = 'name an `isolated_network` by `network`, or a `subnet` and a `security_group`';
  if (test.network !== undefined)
    return parts
      .filter(part => test[part] !== undefined)
      .map(part =>
        mistake(
          `/test/${part}`,
          'network-and-parts',
          `${part} can't go with \`network\`, which has its own`,
          way,
        ),
      );
  if (test.subnet !== undefined && test.security_group !== undefined) return [];
  return [mistake('/test', 'network-missing', 'it is not said which network a test runs in', way)];
}

/** A machine that is in two groups would be launched by both. */
function namedTwice({ groups }: RecoveryPlanProperties): Mistake[] {
  const seen = new Set<string>();
  return groups.flatMap(({ targets }, g) =>
    targets.flatMap((vm, n) => {
      const known = seen.has(vm.toLowerCase());
      seen.add(vm.toLowerCase());
      if (!known) return [];
      const message = `${vm} is in the plan already`;
      return [mistake(`/groups/${g}/targets/${n}`, 'target-twice', message, 'name each machine once')];
    }),
  );
}

async function observeOne(
  { title, properties }: Asked<RecoveryPlanProperties>,
  io: ReadIo,
): Promise<Observation<SeenPlan>> {
  try {
    const repositories = await io.client('repositories');
    const repository = await repositories.open(repositoryRef(properties.repository), 'read');
    const { number, value } = await newestOf(repository, title);
    const revision = String(number);
    if (value === undefined || 'removed' in value) return { state: 'absent', revision };
    const { probes, post_launch, dns, at: _, bundle, ...always } = value;
    const digest = bundle && (await io.client('bundles')).digestOf(bundle, title);
    return {
      state: 'present',
      revision,
      value: {
        ...always,
        ...(properties.probes && probes && { probes }),
        ...(properties.post_launch !== undefined && post_launch !== undefined && { post_launch }),
        ...(properties.dns && dns && { dns }),
        ...(digest !== undefined && { bundle: `sha256:${digest}` }),
      },
    };
  } catch (error) {
    io.signal.throwIfAborted();
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

/**
 * A plan is never overwritten: each change is a version of its own, the removal too. It follows on the
 * version that was seen, and is only written while nobody else has written that one.
 */
async function change(step: Step<RecoveryPlanProperties, SeenPlan>, io: WriteIo): Promise<void> {
  const { title, properties } = step.asked;
  const repository = await openToChange(properties.repository, step.kind, io);
  if (!repository) return;
  const at = io.clock.now();
  const bundle = (await io.client('bundles')).ofPlan(title);
  const value: PlanVersion =
    step.kind === 'delete'
      ? { removed: true, at }
      : { ...contentOf(properties), at, ...(bundle && { bundle }) };
  await io.step('write-plan');
  if (await repository.records.add(title, SERIES.plan, Number(step.revision) + 1, value)) return;
  throw new Failure(
    world('changed-meanwhile', `somebody else changed the plan ${title} at the same time`, {
      hint: 'run again: the new plan shows what differs now',
    }),
  );
}
