import { type Static, Type } from 'typebox';
import type { CloudRole, RoleApi } from '../../../aws/iam/roles.ts';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Adoptable,
  Asked,
  BuiltInType,
  Listed,
  ListQuery,
  Mistake,
  Observation,
  Step,
} from '../../../engine/model/resource-type.ts';
import { MADE_BY } from '../../../recovery/model/made-by.ts';
import { sha256 } from '../../../values/digest.ts';
import { eachStep } from '../../shared/each-step.ts';
import { claimed, demandOurs, isMarked } from '../../shared/ownership.ts';
import { oneOf } from '../../shared/schema-parts.ts';
import { jobs, policyOf, trustedBy, trustOf } from './policies.ts';

/** On every role that is ours. */
export const ROLE_TAG = 'converge:iam-role';
/** What it was made for, so that it can be adopted. */
const JOB_TAG = 'converge:may';
const REPOSITORY_TAG = 'converge:for-repository';
const IMAGES_TAG = 'converge:for-images';
/** Ids with blanks between, which a tag may hold. */
const ZONES_TAG = 'converge:for-zones';
/** Its one policy. */
const policyName = 'converge';

const place = (description: string) =>
  Type.Optional(Type.String({ pattern: '^s3://[a-z0-9][a-z0-9.-]+(/.*)?$', description }));

export const schema = Type.Object(
  {
    may: Type.Optional(
      oneOf(jobs, {
        description:
          'The one job that it may do, and nothing else: `writer` makes recovery points and replicas, `reader` reads them, `pruner` removes them, `extender` lengthens their locks, `operator` recovers machines, and VM Import reads images as `importer`.',
      }),
    ),
    repository: place('Where the recovery points lie that it is for: `s3://gdh-vm-replication/dr`.'),
    images: place('The bucket that images of disks are put into, of an `operator` and an `importer`.'),
    zones: Type.Optional(
      Type.Array(Type.String({ pattern: '^Z[0-9A-Z]{4,31}$' }), {
        minItems: 1,
        'x-unordered': true,
        description:
          'Ids of the hosted zones of Route 53 whose records an `operator` switches at a failover; none when left out.',
      }),
    ),
    trusted_by: Type.Optional(
      Type.Array(Type.String({ pattern: '^(arn:aws:iam::\\d{12}:.+|[a-z0-9.-]+\\.amazonaws\\.com)$' }), {
        minItems: 1,
        'x-unordered': true,
        description:
          'Who may act as it: ARNs of IAM, or services such as `ec2.amazonaws.com`. VM Import, when left out of an `importer`.',
      }),
    ),
  },
  { additionalProperties: false },
);
type Properties = Static<typeof schema>;

interface RoleState {
  /** The job, with the digest of its policy. */
  may?: string;
  trusted_by?: string[];
  /** Policies that it has besides: none. */
  others: string[];
  /** `unrecorded`: it has our tag, and no record can say that it was made by converge. */
  owner: 'converge' | 'unrecorded';
}

function check({ may, repository, images, zones, trusted_by }: Properties, title: string): Mistake[] {
  const found: Mistake[] = [];
  if (!/^[\w+=,.@-]{1,64}$/.test(title))
    found.push(
      mistake(
        '',
        'role-name',
        `IAM takes no role of the name ${JSON.stringify(title)}`,
        'use 1 to 64 letters, digits and +=,.@_-',
      ),
    );
  if (may === undefined) return found;
  if (may === 'importer' && images === undefined)
    found.push(
      mistake(
        '/may',
        'images-missing',
        'an `importer` reads images, and no bucket is named',
        'add `images: s3://BUCKET`',
      ),
    );
  if (may !== 'importer' && repository === undefined)
    found.push(
      mistake(
        '/may',
        'repository-missing',
        `a \`${may}\` is for one repository, and none is named`,
        'add `repository: s3://BUCKET/PREFIX`',
      ),
    );
  if (zones && may !== 'operator')
    found.push(mistake('/zones', 'zones-unused', `a \`${may}\` switches no record of DNS`, 'remove `zones`'));
  if (may !== 'importer' && trusted_by === undefined)
    found.push(
      mistake(
        '/may',
        'trust-missing',
        `nobody may act as this \`${may}\``,
        'add `trusted_by`, such as `[ ec2.amazonaws.com ]`',
      ),
    );
  return found;
}

const said = (may: string, policy: object): string =>
  `${may} (policy ${sha256(JSON.stringify(policy)).slice(0, 12)})`;

const wanted = ({ may, repository, images, zones }: Properties) => ({ may: may!, repository, images, zones });

/** Order of keys means nothing to IAM. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

async function stateOf(role: CloudRole, properties: Properties, api: RoleApi): Promise<RoleState> {
  const { [policyName]: own, ...more } = role.policies;
  const others = [...Object.keys(more), ...role.attached].sort();
  const owner = isMarked(role.tags) ? 'converge' : 'unrecorded';
  const { may, trusted_by } = properties;
  if (may === undefined) return { others, owner };
  const of = wanted(properties);
  const where = { account: await api.account(), region: api.region };
  const isIt = canonical(own) === canonical(policyOf(of, where));
  const trust = trustedBy({ may, ...(trusted_by && { trusted_by }) });
  const another = own === undefined ? 'nothing' : `another policy (${sha256(canonical(own)).slice(0, 12)})`;
  return {
    may: isIt ? said(may, policyOf(of)) : another,
    trusted_by: canonical(role.trust) === canonical(trustOf(trust)) ? trust : principalsOf(role.trust),
    others,
    owner,
  };
}

/** Whom a document of another form trusts, as words. */
function principalsOf(trust: unknown): string[] {
  const statements =
    (trust as { Statement?: { Principal?: Record<string, string | string[]> }[] }).Statement ?? [];
  const named = statements.flatMap(({ Principal = {} }) => Object.values(Principal).flat());
  return named.length > 0 ? [...named.sort(), 'on other conditions'] : ['nobody'];
}

async function observe(
  { title, properties }: Asked<Properties>,
  api: RoleApi,
  signal: AbortSignal,
): Promise<Observation<RoleState>> {
  const role = await api.find(title, signal);
  if (!role) return { state: 'absent' };
  if (role.tags[ROLE_TAG] !== title) return { state: 'failed', diagnostic: foreign(title) };
  return { state: 'present', value: await stateOf(role, properties, api) };
}

const foreign = (title: string) =>
  world('role-foreign', `there is a role ${title} that isn't converge's`, {
    hint: `give it another name, or the role the tag ${ROLE_TAG}=${title}, which makes it converge's`,
  });

const tagsOf = (title: string, { may, repository, images, zones }: Properties): Record<string, string> => ({
  [ROLE_TAG]: title,
  ...(may !== undefined && { [JOB_TAG]: may }),
  ...(repository !== undefined && { [REPOSITORY_TAG]: repository }),
  ...(images !== undefined && { [IMAGES_TAG]: images }),
  ...(zones && { [ZONES_TAG]: [...zones].sort().join(' ') }),
});

/**
 * Makes it so from wherever it stands, or removes what converge made; a role without the tag is never
 * touched.
 */
async function change(step: Step<Properties, RoleState>, api: RoleApi, io: WriteIo): Promise<void> {
  const { signal } = step;
  const { title, properties } = step.asked;
  const found = await api.find(title, signal);
  if (found && found.tags[ROLE_TAG] !== title) throw new Failure(foreign(title));
  if (found && step.kind === 'delete')
    await demandOurs({ type: 'iam_role', title, id: found.id, tags: found.tags }, io);
  for (const policy of Object.keys(found?.policies ?? {})) {
    if (step.kind !== 'delete' && policy === policyName) continue;
    await io.step('remove-policy');
    await api.removePolicy(title, policy, signal);
  }
  for (const arn of found?.attached ?? []) {
    await io.step('detach-policy');
    await api.detach(title, arn, signal);
  }
  if (step.kind === 'delete') {
    await io.step('delete-role');
    await api.remove(title, signal);
    return;
  }
  const { may, trusted_by } = properties;
  const trust = JSON.stringify(trustOf(trustedBy({ may: may!, ...(trusted_by && { trusted_by }) })));
  if (!found) {
    await io.step('create-role');
    const claim = await claimed('iam_role', title, io);
    const description = `converge: ${may} of ${properties.repository ?? properties.images}`.slice(0, 1000);
    const tags = { ...tagsOf(title, properties), ...claim.tags };
    const id = await api.create({ name: title, trust, description, tags }, signal);
    // After an answer that was lost it is there already, by ourselves.
    const there = id === undefined ? await api.find(title, signal) : undefined;
    if (id === undefined && there?.tags[MADE_BY] !== claim.tags[MADE_BY]) throw new Failure(foreign(title));
    await claim.made(id ?? there!.id);
  } else {
    await io.step('set-trust');
    await api.setTrust(title, trust, signal);
    await api.tag(title, { ...tagsOf(title, properties), ...(await markFor(found, io)) }, signal);
  }
  await io.step('put-policy');
  const where = { account: await api.account(), region: api.region };
  await api.putPolicy(title, policyName, JSON.stringify(policyOf(wanted(properties), where)), signal);
}

/** What makes one ours that has the tag alone; none where it is. */
async function markFor({ name, id, tags }: CloudRole, io: WriteIo): Promise<Record<string, string>> {
  if (isMarked(tags)) return {};
  const claim = await claimed('iam_role', name, io);
  await claim.made(id);
  return claim.tags;
}

export const iamRole: BuiltInType<typeof schema, RoleState, CloudRole> = {
  name: 'iam_role',
  doc: `A role of IAM that may do one job around recovery. The title is its name.

Its policy is the file of that job in \`policies/\`, with the bucket, account and region that it is for; what it may do to
snapshots and machines it may do to those alone that have converge's tags. It has no other policy: one that somebody adds
is a difference, and an apply takes it back. A role of that name without the tag \`${ROLE_TAG}\` is left alone and told; one
with it is only removed where a record says that converge made it or took it over.`,
  version: 1,
  protects: true,
  schema,
  neededUnlessAbsent: ['may'],
  runs: { on: 'remote', target: 'aws' },
  realm: { name: 'iam', concurrency: 1 },
  check,
  identity: (_, title) => title,
  provides: (_, id) => [`iam-role:${id}`],
  desired: properties =>
    properties.may === undefined
      ? { others: [], owner: 'converge' }
      : {
          may: said(properties.may, policyOf(wanted(properties))),
          trusted_by: trustedBy({
            may: properties.may,
            ...(properties.trusted_by && { trusted_by: properties.trusted_by }),
          }),
          others: [],
          owner: 'converge',
        },
  async observe(asked, io) {
    const api = await io.client('iam');
    const seen: [string, Observation<RoleState>][] = [];
    for (const one of asked) seen.push([one.id, await observe(one, api, io.signal)]);
    return new Map(seen);
  },
  list: listRoles,
  toManifest: (role): Adoptable => ({ title: role.name, properties: asWritten(role)!, exists: true }),
  async apply(steps, io) {
    const api = await io.client('iam');
    return eachStep(steps, step => change(step, api, io));
  },
};

/** Roles that are ours; of those that aren't nobody can say which job they were made for. */
async function* listRoles({ titles }: ListQuery<Properties>, io: ReadIo): AsyncIterable<Listed<CloudRole>> {
  const api = await io.client('iam');
  for (const title of titles ?? (await api.names(io.signal))) {
    const role = await api.find(title, io.signal);
    if (role && role.tags[ROLE_TAG] === title && asWritten(role)) yield { state: 'present', value: role };
    else if (titles)
      yield {
        state: 'failed',
        diagnostic: role
          ? foreign(title)
          : world('role-not-found', `there is no role ${title}`, {
              hint: 'declare one: applying it makes it',
            }),
      };
  }
}

/** What a role of ours was declared as, which its tags keep. */
function asWritten({ tags, trust }: CloudRole): Properties | undefined {
  const may = jobs.find(job => job === tags[JOB_TAG]);
  if (may === undefined) return undefined;
  const { [REPOSITORY_TAG]: repository, [IMAGES_TAG]: images, [ZONES_TAG]: zones } = tags;
  const principals = principalsOf(trust).filter(one => one !== 'on other conditions');
  return {
    may,
    ...(repository !== undefined && { repository }),
    ...(images !== undefined && { images }),
    ...(zones !== undefined && { zones: zones.split(' ') }),
    ...(may !== 'importer' && { trusted_by: principals }),
  };
}
