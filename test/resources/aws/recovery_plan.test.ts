import { expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
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
