import { DeleteTagsCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { Failure, world as says } from '../../../src/diagnostics/diagnostic.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Json } from '../../../src/engine/model/catalog.ts';
import type { AnyResourceType } from '../../../src/engine/model/resource-type.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { MADE_BY } from '../../../src/recovery/model/made-by.ts';
import { NETWORK_TAG } from '../../../src/recovery/model/networks.ts';
import { bucket } from '../../../src/resources/aws/bucket.ts';
import { isolatedNetwork } from '../../../src/resources/aws/network/isolated_network.ts';
import { iamRole } from '../../../src/resources/aws/pilot/iam_role.ts';
import { securityGroup } from '../../../src/resources/aws/pilot/security_group.ts';
import { recoveryTarget } from '../../../src/resources/aws/recovery_target.ts';
import { templateName } from '../../../src/resources/aws/recovery-target-names.ts';
import type { OwnerRecord } from '../../../src/resources/shared/ownership.ts';
import { apart } from '../../recovery/network.ts';
import { catalogOf, declare, testRun, testWorld, volatileMemory } from '../../support/engine-world.ts';
import { pilotLab } from '../../support/pilot-lab.ts';

type Lab = Awaited<ReturnType<typeof pilotLab>>;
type Tags = Record<string, string>;

/** How a test gets at one object of a type, `gdh-own`, past converge. */
interface Kind {
  type: AnyResourceType;
  properties(lab: Lab): Promise<Record<string, Json>>;
  /** Its tags; undefined when there is none. */
  tags(lab: Lab): Promise<Tags | undefined>;
  untag(lab: Lab, tag: string): Promise<unknown>;
  /** Somebody removes it, and makes another one of that name with these tags. */
  replace(lab: Lab, tags: Tags): Promise<unknown>;
  /** Nothing but its mark tells it from another of its name. */
  withoutId?: true;
}

const title = 'gdh-own';
const role = { may: 'reader', repository: 's3://gdh/dr', trusted_by: ['ec2.amazonaws.com'] };
const network = { cidr: '10.0.0.0/16', subnets: { '10.0.1.0/24': 'eu-west-1a' } };
const vpcOf = async ({ ec2 }: Lab) => (await ec2.send(new DescribeVpcsCommand({}))).Vpcs![0]!.VpcId!;
const groupIn = async (lab: Lab) =>
  (await lab.recovery.groups.list({ vpc: await vpcOf(lab) })).find(({ name }) => name === title);
const networkIn = async ({ recovery }: Lab) => (await recovery.networks.find(title)).get(title)?.[0];
const untagIn = ({ ec2 }: Lab, id: string, Key: string) =>
  ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key }] }));

const kinds: Kind[] = [
  {
    type: securityGroup,
    properties: async lab => ({ vpc: await vpcOf(lab) }),
    tags: async lab => (await groupIn(lab))?.tags,
    untag: async (lab, tag) => untagIn(lab, (await groupIn(lab))!.id, tag),
    async replace(lab, tags) {
      const { id, vpc } = (await groupIn(lab))!;
      await lab.recovery.groups.remove(id);
      await lab.recovery.groups.create({ name: title, vpc, description: 'theirs', tags });
    },
  },
  {
    type: iamRole,
    properties: async () => role,
    tags: async ({ roles }) => (await roles.find(title))?.tags,
    async untag({ roles }, tag) {
      const { tags, trust } = (await roles.find(title))!;
      const { [tag]: _, ...others } = tags;
      await roles.removePolicy(title, 'converge');
      await roles.remove(title);
      await roles.create({ name: title, trust: JSON.stringify(trust), description: 'x', tags: others });
    },
    async replace({ roles }, tags) {
      const { trust } = (await roles.find(title))!;
      await roles.removePolicy(title, 'converge');
      await roles.remove(title);
      await roles.create({ name: title, trust: JSON.stringify(trust), description: 'theirs', tags });
    },
  },
  {
    type: isolatedNetwork,
    properties: async () => network,
    tags: async lab => (await networkIn(lab))?.tags,
    untag: async (lab, tag) => untagIn(lab, (await networkIn(lab))!.vpc, tag),
    async replace(lab, tags) {
      const { vpc } = (await networkIn(lab))!;
      for (const tag of [MADE_BY, NETWORK_TAG]) await untagIn(lab, vpc, tag);
      await lab.recovery.networks.createVpc(title, network.cidr, tags[MADE_BY]!);
    },
  },
  {
    type: recoveryTarget,
    async properties({ ec2 }) {
      const { subnet, group } = await apart(ec2);
      const instance = { instance_type: 'm6i.large', license: 'byol', tenancy: 'dedicated' };
      return { repository: 's3://gdh/dr', subnet, security_groups: [group], ...instance };
    },
    tags: async ({ recovery }) => (await recovery.templates.find(templateName(title)))?.tags,
    untag: async (lab, tag) =>
      untagIn(lab, (await lab.recovery.templates.find(templateName(title)))!.id, tag),
    async replace({ recovery: { templates } }, tags) {
      const { id, says } = (await templates.find(templateName(title)))!;
      await templates.remove(id);
      await templates.create({ name: templateName(title), token: 'theirs', tags, says });
    },
  },
  {
    type: bucket,
    properties: async () => ({ versioning: true }),
    tags: async ({ buckets }) => ((await buckets.exists(title)) ? buckets.tags(title) : undefined),
    async untag({ buckets }) {
      await buckets.remove(title);
      await buckets.create(title);
    },
    async replace({ buckets }) {
      await buckets.remove(title);
      await buckets.create(title);
    },
    withoutId: true,
  },
];

async function made(kind: Kind) {
  const lab = await pilotLab();
  onTestFinished(lab.close);
  const properties = await kind.properties(lab);
  let memory = volatileMemory();
  const converge = async (ensure: 'present' | 'absent') => {
    const clients: typeof lab.connect = async (target, name, calls) =>
      name === 'repositories'
        ? ({ isBucketMissing: () => true, open: async () => undefined } as never)
        : lab.connect(target, name, calls);
    const run = testRun([kind.type], testWorld({ connect: clients, memory }));
    const declared = declare(`${kind.type.name}:${title}`, properties, { ensure });
    const planned = await plan(catalogOf([declared], lab.targets), run, { engine: '1.0.0' });
    const report = await apply(planned, run, { allow: planned.resources.map(({ address }) => address) });
    return { ...report.results[0]!, planned: planned.resources[0]! };
  };
  expect(await converge('present')).toMatchObject({ result: 'changed' });
  const known = `${kind.type.name} ${title}`;
  const refused = async (why: string | RegExp, code = 'foreign-object') => {
    expect(await converge('absent')).toMatchObject({
      result: 'failed',
      diagnostic: { code, message: expect.stringMatching(why), hint: expect.stringContaining('yourself') },
    });
    expect(await kind.tags(lab)).toBeDefined();
  };
  return {
    ...lab,
    lab,
    converge,
    refused,
    /** Changes what is remembered, and what the repository keeps. */
    rewrite(change: (record: OwnerRecord) => unknown) {
      const kept = lab.owners.kept.get(known) as OwnerRecord[];
      lab.owners.kept.set(known, kept.map(change));
      memory = volatileMemory();
    },
    forget() {
      memory = volatileMemory();
    },
  };
}

const each = kinds.map(kind => [kind.type.name, kind] as const);

test.each(each)(
  '%s: what converge made goes, by the memory here or the record in a repository',
  async (_, kind) => {
    const { converge, owners, forget, lab } = await made(kind);
    owners.kept.clear();
    expect(await converge('absent')).toMatchObject({ result: 'changed' });
    expect(await kind.tags(lab)).toBeUndefined();
    await converge('present');
    forget();
    expect(await converge('absent')).toMatchObject({ result: 'changed' });
    expect(await kind.tags(lab)).toBeUndefined();
  },
);

test.each(each)(
  '%s: with its tags and no record, or records of elsewhere, it is left alone',
  async (_, kind) => {
    const { refused, rewrite, owners, forget, converge } = await made(kind);
    const before = new Map(owners.kept);
    rewrite(record => ({ ...record, account: '210987654321' }));
    await refused('made in the account 210987654321, and this is 123456789012');
    owners.kept = new Map(before);
    rewrite(record => ({ ...record, region: 'eu-central-1' }));
    await refused('made in eu-central-1, and this is eu-west-1');
    owners.kept = new Map(before);
    rewrite(({ mark, ...record }) => ({ ...record, mark: `${mark}x` }));
    await refused('there is no record');
    owners.kept = new Map(before);
    rewrite(() => 'somebody wrote this');
    await refused("can't be read", 'owner-record-unreadable');
    const read = owners.read;
    owners.read = () => Promise.reject(new Failure(says('damaged-object', 'the record is damaged')));
    await refused('the record is damaged', 'owner-record-unreadable');
    owners.read = read;
    owners.kept.clear();
    forget();
    await refused('there is no record');
    owners.kept = before;
    expect(await converge('absent')).toMatchObject({ result: 'changed' });
  },
);

test.each(each)('%s: another one of its name is left alone, whatever its tags say', async (_, kind) => {
  const { refused, lab } = await made(kind);
  await kind.replace(lab, (await kind.tags(lab))!);
  await refused(kind.withoutId ? `it lacks the tag ${MADE_BY}` : 'what converge made was');
});

test.each(each.filter(([, { withoutId }]) => !withoutId))(
  '%s: without its mark it is left alone, until its declaration takes it over',
  async (_, kind) => {
    const { converge, refused, lab } = await made(kind);
    await kind.untag(lab, MADE_BY);
    await refused(`it lacks the tag ${MADE_BY}`);
    expect((await converge('present')).planned.fields).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ path: '/owner', before: 'unrecorded', after: 'converge' }),
      ]),
    );
    expect((await converge('present')).planned.action).toBe('none');
    expect(await converge('absent')).toMatchObject({ result: 'changed' });
    expect(await kind.tags(lab)).toBeUndefined();
  },
);

test('killed before it is known what AWS calls it, the mark says that it is ours', async () => {
  const { rewrite, converge } = await made(kinds[0]!);
  rewrite(({ id: _, ...record }) => record);
  expect(await converge('absent')).toMatchObject({ result: 'changed' });
});
