import { expect, test } from 'vitest';
import type { PlannedMachine } from '../../src/app/recovery/failover-plan.ts';
import {
  cleanedLines,
  endLine,
  hasPassed,
  machineLines,
  plannedGroups,
} from '../../src/cli/commands/recovery/outcome-lines.ts';

const machine = (vm: string, ...outcomes: ('passed' | 'failed' | 'not run')[]) => ({
  vm,
  instance: 'i-1',
  results: outcomes.map(outcome => ({ probe: 'status checks', from: 'EC2', outcome, saw: '' })),
  running: 1000,
  probed: 2000,
});

test('a test of machines that all passed says that it recovered them, and how it is removed', () => {
  const all = [machine('web01', 'passed', 'passed'), machine('db01', 'passed')];
  expect(hasPassed(all)).toBe(true);
  expect(endLine('web', 95_000, all, 'm')).toBe(
    'recovered in 1 min 35 s; remove it: converge failover cleanup web m',
  );
  expect(endLine('web', 2_000, all, 'm', false)).toBe(
    'all have passed; this try took 2.0 s; remove it: converge failover cleanup web m',
  );
});

test.for(['failed', 'not run'] as const)('with one probe that is %s nothing is said to be recovered', bad => {
  const all = [machine('web01', 'passed', bad), machine('db01', 'passed'), machine('fs01', bad)];
  expect(hasPassed(all)).toBe(false);
  expect(endLine('web', 95_000, all, 'm')).toBe(
    'the test FAILED after 1 min 35 s: web01, fs01 did not pass; try again: converge failover retry web m; ' +
      'remove it: converge failover cleanup web m',
  );
});

test('a type or a subnet that was taken in the place of the first is in the line of its machine', () => {
  const [elsewhere] = machineLines([{ ...machine('web01'), type: 'm6a.large', subnet: 'subnet-2' }]);
  expect(elsewhere).toBe('web01  i-1, m6a.large, in subnet-2  runs after 1.0 s, probed after 2.0 s');
  expect(machineLines([machine('web01')])).toEqual(['web01  i-1  runs after 1.0 s, probed after 2.0 s']);
});

const priced = (more: Partial<PlannedMachine>): string => {
  const machine = {
    vm: 'dc02',
    point: '0123456789',
    time: 0,
    disks: 1,
    type: 'm6i.large',
    probes: [],
    ...more,
  };
  const groups = [{ wait: 0, machines: [machine] }];
  return plannedGroups({ plan: 'web', digest: '', groups }, 'm')[2]!.trim();
};

test('what an hour costs is said of the hardware that it runs on', () => {
  expect(priced({ hourly: 0.188 })).toBe('$0.188 an hour while it runs, as on demand in us-east-1');
  expect(priced({ type: 'x9.odd' })).toBe('the price of an hour of x9.odd is not known to this version');
  expect(priced({ tenancy: 'dedicated' })).toMatch(/^on a dedicated instance, dearer .* a fee .* not known/);
  expect(priced({ tenancy: 'host' })).toMatch(/^on a dedicated host, .* as a whole .* not known/);
});

test('a clean-up names all that it counts until none is left', () => {
  const cleaned = { instances: 2, images: 0, groups: 1, schedules: 1, foreign: ['vol-1'] };
  expect(cleanedLines({ plan: 'web', cleaned }, true)).toEqual([
    '2 instances terminated, 0 images deregistered, 1 security group deleted, 1 tear-down entry removed; ' +
      '0 instances, 0 volumes, 0 images, 0 security groups and 0 entries are left',
    "left alone, no record says that it is the test's: vol-1",
  ]);
});
