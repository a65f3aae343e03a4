import { expect, onTestFinished, test } from 'vitest';
import type { AwsRecovery } from '../../../src/aws/recovery/cloud.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { recoveryTarget } from '../../../src/resources/aws/recovery_target.ts';
import { quarantineName, templateName } from '../../../src/resources/aws/recovery-target-names.ts';
import fixture from '../../engine/contract/fixtures/recovery_target.ts';
import { catalogOf, declare, testRun } from '../../support/engine-world.ts';

/** The contract's world, whose points are of Windows Server 2019 with 2 CPUs, 2048 MiB and UEFI. */
async function world() {
  const of = await fixture.start();
  onTestFinished(() => of.close());
  const { title, properties } = of.sample(0);
  const converge = async (change: Record<string, Json | undefined>, run = false) => {
    const said = Object.entries({ ...properties, ...change }).filter(([, value]) => value !== undefined);
    const resource = declare(
      `recovery_target:${title}`,
      Object.fromEntries(said) as Record<string, Json>,
      {},
    );
    const runs = testRun([recoveryTarget], of.world);
    const planned = await plan(catalogOf([resource], of.targets), runs, { engine: '1.0.0' });
    if (run) await apply(planned, runs, { allow: [resource.address] });
    const { diagnostics } = planned;
    return { ...planned.resources[0]!, said: diagnostics.map(({ message }) => message).join('\n') };
  };
  const cloud = (await of.world.connect(of.targets[0], 'recovery', {} as never)) as AwsRecovery;
  return { of, title, properties, converge, cloud };
}

test.for<[string, Record<string, Json | undefined>, RegExp]>([
  [
    'Windows without a licence',
    { license: undefined, shell: undefined, tenancy: undefined, host_resource_group: undefined },
    /sample-0 runs windows2019srv_64Guest, and its recovery_target doesn't say under whose licence/,
  ],
  [
    'a type that lacks its firmware',
    { instance_type: 't2.large', tenancy: 'dedicated', host_resource_group: undefined },
    /t2\.large doesn't start with UEFI/,
  ],
  ['a type that is nowhere', { instance_type: 'm6i.lrage' }, /no instance type m6i\.lrage/],
  [
    'families without one that is large enough',
    { instance_type: undefined, families: ['t9'] },
    /there is none of t9 that holds 2 CPUs and 2048 MiB, runs on dedicated hosts and starts with UEFI/,
  ],
  ['a group that the VPC lacks', { security_groups: ['recovery-tset'] }, /no security group recovery-tset/],
  ['a key pair that is nowhere', { key_pair: 'lba' }, /no key pair lba/],
])('a plan refuses %s', async ([, change, message]) => {
  const { converge } = await world();
  const planned = await converge(change);
  expect(planned.action).toBe('failed');
  expect(planned.said).toMatch(message);
});

test('the type is chosen by the newest point, and the plan says which and why', async () => {
  const { converge, cloud, title } = await world();
  const change = { instance_type: undefined, tenancy: 'dedicated', host_resource_group: undefined };
  const first = await converge(change, true);
  expect(first.said).toMatch(
    /sample-0 will run on c6i\.large: the smallest of m6i, c6i, r6i that holds 2 CPUs and 2048 MiB/,
  );
  expect((await cloud.templates.find(templateName(title)))!.says.instance_type).toBe('c6i.large');
  expect((await converge(change)).action).toBe('none');
});

test('a quarantine that somebody opened is shut again', async () => {
  const { converge, cloud, title } = await world();
  await converge({}, true);
  const { quarantine } = (await cloud.templates.find(templateName(title)))!.says;
  await cloud.groups.allow(quarantine, [{ egress: true, protocol: '-1', peer: '0.0.0.0/0' }]);
  expect((await converge({}, true)).fields).toMatchObject([
    { path: '/quarantine', before: 'open', after: 'shut' },
  ]);
  expect((await cloud.groups.list({ ids: [quarantine] }))[0]!.rules).toEqual([]);
});

test('a group of that name without our tag is left alone', async () => {
  const { converge, cloud, title, properties } = await world();
  const { vpc } = (await cloud.groups.subnet(String(properties.subnet)))!;
  const name = quarantineName(title);
  const id = await cloud.groups.create({ name, vpc, description: 'theirs', tags: {} });
  await converge({}, true);
  expect(await cloud.templates.find(templateName(title))).toBeUndefined();
  expect((await cloud.groups.list({ ids: [id!] }))[0]!.rules).toHaveLength(1);
});

test('a template of that name without our tag is left alone; with the tag its content is a difference', async () => {
  const { converge, cloud, title, properties } = await world();
  const says = {
    instance_type: 't3.micro',
    subnet: String(properties.subnet),
    quarantine: 'sg-0123456789abcdef0',
    later: { security_groups: [] },
  };
  const name = templateName(title);
  await cloud.templates.create({ name, token: 'theirs', tags: {}, says });
  const planned = await converge({}, true);
  expect(planned).toMatchObject({ action: 'failed', said: expect.stringContaining("isn't converge's") });
  const found = (await cloud.templates.find(name))!;
  expect(found.says.instance_type).toBe('t3.micro');
  await cloud.shells.tag(found.id, { 'converge:recovery-target': title });
  expect((await converge({}, true)).action).toBe('update');
  expect((await converge({})).action).toBe('none');
});

test('what a manifest does not declare stays in the template when something else is changed', async () => {
  const { converge, cloud, title } = await world();
  const silent = {
    key_pair: undefined,
    tags: undefined,
    instance_profile: undefined,
    private_address: undefined,
    fallback: undefined,
    host_resource_group: undefined,
    tenancy: 'dedicated',
  };
  await converge(silent, true);
  const name = templateName(title);
  const { id, says, latest } = (await cloud.templates.find(name))!;
  const theirs = { key_pair: 'lab', tags: { owner: 'them' }, private_address: '10.99.1.30' };
  const later = { instance_profile: 'theirs', instance_types: ['m6a.large'] };
  await cloud.templates.change(id, { ...says, ...theirs, later: { ...says.later, ...later } }, latest);
  expect((await converge(silent)).action).toBe('none');

  expect((await converge({ ...silent, instance_type: 'm6i.xlarge' }, true)).action).toBe('update');
  const changed = (await cloud.templates.find(name))!.says;
  expect(changed).toMatchObject({ ...theirs, instance_type: 'm6i.xlarge', later });
  // What is declared is all that there is of it.
  await converge(
    { ...silent, tags: { team: 'web' }, fallback: { subnets: [says.subnet] }, private_address: undefined },
    true,
  );
  expect((await cloud.templates.find(name))!.says).toMatchObject({ key_pair: 'lab', tags: { team: 'web' } });
  expect((await cloud.templates.find(name))!.says.later.instance_types).toBeUndefined();
});
