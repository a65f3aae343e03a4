import { expect, test } from 'vitest';
import {
  type Chosen,
  limitOf,
  planOf,
  planOfRun,
  refuseTooMany,
  waits,
} from '../../src/app/recovery/failover-plan.ts';
import { plannedGroups } from '../../src/cli/commands/recovery/outcome-lines.ts';
import { machineOf } from '../../src/recovery/failover/prepare.ts';
import { probesOf } from '../../src/recovery/failover/probes-of.ts';
import type { RunStart } from '../../src/recovery/run/run.ts';
import type { Point } from '../../src/replication/model/point.ts';
import type { RecoveryPlanProperties } from '../../src/resources/aws/recovery_plan.ts';
import { aMachine } from '../support/repository.ts';

const properties: RecoveryPlanProperties = {
  repository: 's3://dr/vms',
  groups: [{ targets: ['web01'], wait: '1m' }],
  test: { subnet: 'subnet-0123456789abcdef0', security_group: 'sg-0123456789abcdef0', teardown: 'none' },
};
const point = {
  id: 'p1',
  time: 1_000,
  vm: { name: 'web01', uuid: 'u' },
  machine: aMachine,
  disks: [{ index: 0, key: 2000, identity: 'd', bytes: 1 << 20 }],
  left_out: [],
} as unknown as Point;
const chosenBy = (fit: Chosen['fit'], cold?: Chosen['cold']): Chosen => ({
  vm: 'web01',
  target: { vm: 'web01' } as Chosen['target'],
  point,
  fit,
  ...(cold && { cold }),
  ready: { verdict: 'unknown', looked: false, findings: [], method: { name: 'unknown', why: '' } },
});
const network = {
  vpc: 'vpc-1',
  group: 'sg-0123456789abcdef0',
  subnets: [{ id: 'subnet-0123456789abcdef0', zone: 'eu-west-1a', range: '10.0.1.0/24' }],
};
const planned = (chosen: Chosen) => planOf('web', properties, [chosen], network, () => undefined);
const right = { type: 'c6i.large', why: 'the smallest that holds it' };

test('what is gone on with has the digest that was approved, though the type was chosen and a point was cold', () => {
  const cold = { blocks: 7 } as unknown as Chosen['cold'];
  const chosen = chosenBy(right, cold);
  const start = {
    plan: 'web',
    subnet: properties.test.subnet,
    group: properties.test.security_group,
    limit: limitOf(properties.test),
    groups: [{ wait: waits('1m'), machines: [machineOf(point, chosen.target, chosen.fit, new Map())] }],
    probes: { web01: probesOf(undefined, 'web01', 'linux') },
  } as unknown as RunStart;
  expect(planned(chosen).groups[0]!.machines[0]).toMatchObject({ why: right.why, cold });
  expect(planOfRun(start, 'vpc-1').digest).toBe(planned(chosen).digest);
});

test('what an import takes is shown, and is the digest of whoever goes on with it', () => {
  const imported = { by: 'raw' as const, images: 's3://gdh-vmimport/dr' };
  const disk = { index: 0, key: 2000, identity: 'd', label: 'Hard disk 1', bytes: 40 * 2 ** 30 };
  const large = { ...point, disks: [disk] } as unknown as Point;
  const chosen = { ...chosenBy({ ...right, imported }), point: large, wayWhy: 'EBS direct is refused' };
  const start = {
    plan: 'web',
    subnet: properties.test.subnet,
    group: properties.test.security_group,
    limit: limitOf(properties.test),
    groups: [{ wait: waits('1m'), machines: [machineOf(large, chosen.target, chosen.fit, new Map())] }],
    probes: { web01: probesOf(undefined, 'web01', 'linux') },
  } as unknown as RunStart;
  const shown = planned(chosen);
  expect(planOfRun(start, 'vpc-1').digest).toBe(shown.digest);
  expect(shown.digest).not.toBe(planned(chosenBy(right)).digest);
  expect(plannedGroups(shown, 'PATHS')).toEqual(
    expect.arrayContaining([
      '      raw: VM Import makes an image of raw images of its disks in s3://gdh-vmimport/dr: EBS direct is refused',
      expect.stringMatching(
        /about 7 min.* until they are in S3 at 100 MB\/s, then 15 min.* to 25 min.*; \$0\.01 of requests/,
      ),
    ]),
  );
});

test('another type is another plan', () => {
  const other = planned(chosenBy({ ...right, type: 'm6i.large' }));
  expect(other.digest).not.toBe(planned(chosenBy(right)).digest);
});

test('a test of more instances than its plan allows is refused, the prober counted', () => {
  const test = { ...properties.test, instances: 2 };
  refuseTooMany('web', test, 2);
  expect(() => refuseTooMany('web', test, 3)).toThrow('a test of web takes 3 instances, and may have 2');
  refuseTooMany('web', properties.test, 20);
  expect(() => refuseTooMany('web', properties.test, 21)).toThrow('may have 20');
});
