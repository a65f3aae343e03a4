import { expect, test } from 'vitest';
import { endLine, hasPassed, machineLines } from '../../src/cli/commands/recovery/outcome-lines.ts';

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
