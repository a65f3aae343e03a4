import { type Static, Type } from 'typebox';
import { repositorySchema } from '../shared/repository-property.ts';
import { oneOf } from '../shared/schema-parts.ts';
import { replicaSchema, snapshotsSchema } from './replica-schema.ts';

const subnet = (description: string) => Type.String({ pattern: '^subnet-[0-9a-f]+$', description });
const name = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));
const instanceType = (description: string) =>
  Type.String({ pattern: '^[a-z0-9-]+\\.[a-z0-9-]+$', description });
const words = <const T extends string>(values: readonly T[], description: string) =>
  Type.Optional(oneOf(values, { description }));

/** How a machine gets into EC2. */
export const methods = ['fast', 'auto', 'convert', 'raw'] as const;

/** As many as a tag of the launch template has room for: 256 characters. */
const most = 10;

export const schema = Type.Object(
  {
    repository: Type.Optional(repositorySchema),
    instance_type: Type.Optional(
      instanceType(
        'What the recovered machine runs on: `m6i.large`. Left out, it is the smallest type of `families` that holds the CPUs and memory of the newest recovery point and starts as that did.',
      ),
    ),
    families: Type.Optional(
      Type.Array(Type.String({ pattern: '^[a-z0-9-]+$' }), {
        minItems: 1,
        description: 'Families that a type is chosen of, best first; `[ m6i, c6i, r6i ]` when left out.',
      }),
    ),
    subnet: subnet('Where it is put: `subnet-0123456789abcdef0`.'),
    fallback: Type.Optional(
      Type.Object(
        {
          instance_types: Type.Optional(
            Type.Array(instanceType('`m6a.large`.'), {
              minItems: 1,
              maxItems: most,
              description: 'Types that are tried, in this order, when EC2 has no capacity.',
            }),
          ),
          subnets: Type.Optional(
            Type.Array(subnet('Of the same VPC.'), {
              minItems: 1,
              maxItems: most,
              description: 'Subnets that are tried, in this order, when EC2 has no capacity or no address.',
            }),
          ),
        },
        {
          additionalProperties: false,
          description: 'What is tried when the first choice has no room: every type in every subnet.',
        },
      ),
    ),
    private_address: Type.Optional(
      Type.String({
        pattern: '^\\d{1,3}(\\.\\d{1,3}){3}$',
        description: 'Its address in the subnet: `10.0.1.10`.',
      }),
    ),
    security_groups: Type.Array(Type.String({ minLength: 1, description: 'Name or id.' }), {
      minItems: 1,
      maxItems: most,
      'x-unordered': true,
      description: 'Security groups that it gets once it has its own disks, by name or id.',
    }),
    admin_cidrs: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$', description: '`203.0.113.0/24`.' }),
        {
          minItems: 1,
          'x-unordered': true,
          description:
            'Networks that may reach it by RDP (Windows) or SSH (Linux), through a group of its own.',
        },
      ),
    ),
    key_pair: name('Key pair of a new instance, by name or id.'),
    instance_profile: name('Name of the instance profile that it gets once it has its own disks.'),
    license: words(
      ['aws', 'byol'],
      'Whose licence of Windows it runs under: that of AWS, which is billed, or your own. Windows has to say.',
    ),
    shell: words(
      ['stock', 'own'],
      "The image that Windows takes its licence and boot mode from: Amazon's own (`stock`), or one that `converge replicate VM --replica` imports of the VM while it is healthy (`own`). `stock` for `license: aws`, `own` for `byol` when left out.",
    ),
    tenancy: words(['default', 'dedicated', 'host'], 'Whose hardware it runs on; `default` when left out.'),
    host_resource_group: Type.Optional(
      Type.String({
        pattern: '^arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:\\d{12}:group/.+$',
        description: 'ARN of the host resource group whose hosts are used, with `tenancy: host`.',
      }),
    ),
    role: words(
      ['domain_controller'],
      'What it is to others: a copy of a `domain_controller` is only recovered for real with `--allow`.',
    ),
    method: words(
      methods,
      'How it gets into EC2: `fast` (when left out) runs the snapshots of its replica as they are; `convert` has VM Import make an image of them, which puts drivers in; `raw` does the same from raw images that are put into S3, without EBS direct; `auto` chooses by what is known of the machine, and says why.',
    ),
    import: Type.Optional(
      Type.Object(
        {
          images: Type.Optional(
            Type.String({
              pattern: '^s3://[a-z0-9][a-z0-9.-]+(/.*)?$',
              description:
                'Where `raw` puts images of the disks, in the region of the target: `s3://gdh-vmimport/dr`. They are removed once they are imported.',
            }),
          ),
          role: name(
            'The role that VM Import acts as; `vmimport` when left out, as the module `vm_import_role` makes it.',
          ),
        },
        { additionalProperties: false, description: 'What `convert` and `raw` work with.' },
      ),
    ),
    tags: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Tags of the instance and its volumes.' }),
    ),
    replica: Type.Optional(replicaSchema),
    snapshots: Type.Optional(snapshotsSchema),
  },
  { additionalProperties: false },
);

export type RecoveryTargetProperties = Static<typeof schema>;

/** The shell that a machine with a licence takes, where the manifest doesn't say. */
export const shellOf = ({
  license,
  shell,
}: Pick<RecoveryTargetProperties, 'license' | 'shell'>): 'stock' | 'own' | undefined =>
  license === undefined ? undefined : (shell ?? (license === 'aws' ? 'stock' : 'own'));
