import { expect, test } from 'vitest';
import type { Result, RunReport } from '../../src/engine/model/events.ts';
import type { Action, Plan } from '../../src/engine/model/plan.ts';
import { exitCode, type Outcomes } from '../../src/engine/report/exit-code.ts';
import { blocked, given, world } from '../support/made-up.ts';

const plan = (...actions: Action[]) =>
  ({ resources: actions.map(action => ({ action })), diagnostics: [] }) as unknown as Plan;
const report = (...results: Result[]) =>
  ({ results: results.map(result => ({ result })), diagnostics: [] }) as unknown as RunReport;
const detailed = true;
const [wrong, unreachable, held] = [given('g', 'g'), world('w', 'w'), blocked('b', 'b')];

test.each<[string, Outcomes, number]>([
  ['nothing happened', {}, 0],
  ['changes pending', { plan: plan('create') }, 0],
  ['changes pending, detailed', { plan: plan('create', 'none'), detailed }, 2],
  ['a refresh pending, detailed', { plan: plan('refresh'), detailed }, 2],
  ['in sync, detailed', { plan: plan('none'), detailed }, 0],
  ['changes made', { report: report('changed') }, 0],
  ['changes made, detailed', { report: report('changed', 'unchanged'), detailed }, 2],
  ['noop with changes, detailed', { report: report('noop'), detailed }, 2],
  [
    'planned but none were needed, detailed',
    { plan: plan('create'), report: report('unchanged'), detailed },
    0,
  ],
  ['the world', { diagnostics: [unreachable] }, 4],
  ['a target that was not observed', { plan: { ...plan('failed'), diagnostics: [unreachable] } }, 4],
  ['a failed step', { report: report('failed') }, 4],
  ['failed and changed, detailed', { report: report('failed', 'changed'), detailed }, 6],
  ['blocked', { diagnostics: [held] }, 8],
  ['all three', { diagnostics: [held, unreachable], report: report('changed'), detailed }, 14],
  ['given stands alone', { diagnostics: [wrong, held, unreachable], report: report('changed'), detailed }, 1],
  ['a warning', { diagnostics: [{ ...wrong, severity: 'warning' }] }, 0],
  ['Ctrl-C', { diagnostics: [unreachable], interrupted: 'SIGINT' }, 130],
  ['terminated', { interrupted: 'SIGTERM' }, 143],
])('%s', (_, outcomes, code) => {
  expect(exitCode(outcomes)).toBe(code);
});

test('a held step is blocked and not the world', () => {
  const held = {
    ...report('failed'),
    results: [{ address: 'a:b', action: 'unknown', result: 'failed', diagnostic: blocked('held', 'h') }],
  };
  expect(exitCode({ report: held as RunReport })).toBe(8);
});
