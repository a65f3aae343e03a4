import { expect, test } from 'vitest';
import { declaredSource } from '../../../src/app/session/declared-source.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Catalog, Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { bundles } from '../../../src/recovery/bundle/declared-bundles.ts';
import { digestOf } from '../../../src/recovery/guest/manifests.ts';
import { type PlanProperties, SERIES } from '../../../src/recovery/model/plan.ts';
import { recoveryPlan } from '../../../src/resources/aws/recovery_plan.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { replicationClients } from '../../support/replication-clients.ts';

const url = 's3://dr/vms';
const at = { file: 'site.yaml', line: 1, column: 1 };
const targets = [{ name: 'dr', type: 'aws', properties: { region: 'eu-west-1' }, at }];
const network = { subnet: 'subnet-0123456789abcdef0', security_group: 'sg-0123456789abcdef0' };

/** What a machine does with a plan, and what happens right before it writes. */
async function repository() {
  const { connect, open } = replicationClients(new Map(), async () => '');
  const { records } = await open({ url });
  const converge = async (vm: string | undefined, writing: () => Promise<unknown> = async () => {}) => {
    const run = testRun([recoveryPlan], testWorld({ connect }), { step: async () => void (await writing()) });
    const properties = { repository: url, groups: [{ targets: [vm ?? 'none'] }], test: network };
    const declared = declare('recovery_plan:site', properties, {
      ensure: vm === undefined ? 'absent' : 'present',
    });
    const planned = await plan(catalogOf([declared], targets), run, { engine: '1.0.0' });
    const report = await apply(planned, run, { allow: ['recovery_plan:site'] });
    return report.results[0]!;
  };
  const now = async () => {
    const newest = (await records.numbers('site', SERIES.plan)).at(-1)!;
    return ((await records.read('site', SERIES.plan, newest)) as PlanProperties).groups?.[0]?.targets[0];
  };
  return { converge, now };
}

const refused = { result: 'failed', diagnostic: { code: 'changed-meanwhile', category: 'world' } };

test.each([
  ['a change', 'first', 'mine'],
  ['a removal', 'first', undefined],
  ['a creation', undefined, 'mine'],
] as const)('%s that another machine was ahead of by a moment is not written', async (_, before, wanted) => {
  const { converge, now } = await repository();
  if (before !== undefined) expect(await converge(before)).toMatchObject({ result: 'changed' });
  expect(await converge(wanted, () => converge('theirs'))).toMatchObject(refused);
  expect(await now()).toBe('theirs');
  expect(await converge(wanted)).toMatchObject({ result: 'changed' });
  expect(await now()).toBe(wanted);
});

test('no plan is called what means all of them', () => {
  const properties = {
    repository: url,
    groups: [{ targets: ['web01'] }],
    test: { ...network, teardown: 'none' },
  };
  const where = { platform: 'linux' as const, cwd: '/' };
  expect(recoveryPlan.check!(properties, 'all', where)).toMatchObject([{ pointer: '', code: 'plan-title' }]);
  expect(recoveryPlan.check!(properties, 'everything', where)).toEqual([]);
});

/** What a machine has to do with a plan by manifests, of which it applies the plan alone. */
async function keeping() {
  const { connect, open } = replicationClients(new Map(), async () => '');
  await open({ url });
  const look = async (catalog: Catalog, known = true) => {
    const own = bundles(known ? catalog : undefined);
    const world = testWorld({
      connect: async (target, name, calls) =>
        (name === 'bundles' ? own : connect(target, name, calls)) as never,
      source: path => declaredSource(known ? catalog : undefined, path),
    });
    const run = testRun([recoveryPlan], world);
    const plans = catalog.resources.filter(({ type }) => type === 'recovery_plan');
    return { planned: await plan({ ...catalog, resources: plans }, run, { engine: '1.0.0' }), run };
  };
  const fields = async (catalog: Catalog) =>
    (await look(catalog)).planned.resources[0]!.fields.map(({ path }) => path);
  const converge = async (catalog: Catalog) => {
    const { planned, run } = await look(catalog);
    return (await apply(planned, run, {})).results[0]?.result;
  };
  return { look, fields, converge };
}

interface Said {
  subnet?: string;
  region?: string;
  inside?: string;
  /** Where all of it is written. */
  line?: number;
  more?: boolean;
}

function said({
  subnet = 'subnet-1',
  region = 'eu-west-1',
  inside = 'a',
  line = 1,
  more,
}: Said = {}): Catalog {
  const place = { file: 'other.yaml', line, column: 1 };
  const target = (title: string, properties: Record<string, Json>) => ({
    ...declare(`recovery_target:${title}`, properties),
    at: place,
  });
  const files = new Map([['a.yaml', Buffer.from(inside)]]);
  const site = {
    ...declare('recovery_plan:site', {
      repository: url,
      groups: [{ targets: ['web01'] }],
      test: { ...network, teardown: 'none' },
      post_launch: [{ manifests: 'in' }],
    }),
    at: place,
  };
  return {
    ...catalogOf(
      [target('web01', { subnet }), ...(more ? [target('db01', {})] : []), site],
      [{ ...targets[0]!, properties: { region } }],
    ),
    nested: [
      {
        ...{ address: 'recovery_plan:site', pointer: '/post_launch/0/manifests', secrets: [] },
        ...{ digest: digestOf(files), files },
      },
    ],
  };
}

test('a change of anything that a recovery by the plan needs is pending until it is kept with the plan', async () => {
  const { fields, converge } = await keeping();
  expect(await fields(said())).toContain('/bundle');
  expect(await converge(said())).toBe('changed');
  expect(await fields(said())).toEqual([]);
  // Where it is written, and what is declared besides, comes to nothing.
  expect(await fields(said({ line: 7, more: true }))).toEqual([]);
  for (const change of [{ subnet: 'subnet-2' }, { region: 'eu-west-3' }, { inside: 'b' }]) {
    expect(await fields(said(change))).toEqual(['/bundle']);
    expect(await converge(said(change))).toBe('changed');
    expect(await fields(said(change))).toEqual([]);
    expect(await converge(said())).toBe('changed');
  }
});

test('a run that was not given the manifests neither compares nor writes what is kept of them', async () => {
  const { look, converge, fields } = await keeping();
  await converge(said());
  const { planned } = await look(said({ subnet: 'subnet-2' }), false);
  expect(planned.resources[0]!.action).toBe('none');
  expect(planned.sources).toEqual({});
  expect(await fields(said())).toEqual([]);
});
