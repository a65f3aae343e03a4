import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bumpJson, bumpLines } from '../../src/cli/rollout/bump-lines.ts';
import { textOf } from '../../src/diagnostics/lines.ts';
import type { InstanceReport } from '../../src/masterless/reports/report.ts';
import type { BumpEvent } from '../../src/masterless/rollout/bump.ts';

const report: InstanceReport = {
  converge_report: 1,
  instance: 'i-1',
  environment: 'shop-prod',
  version: '1.0.0',
  finished: '2026-01-01T00:00:00Z',
  trigger: 'agent',
  result: 'converged',
  changed: 1,
  failures: [],
};

/** All that each can have: a new event or member doesn't compile without a line here. */
const events: { [T in BumpEvent['type']]: Required<Extract<BumpEvent, { type: T }>>[] } = {
  wave: [{ type: 'wave', rollout: 'r1', number: 1, of: 2, instances: ['i-1', 'i-2'] }],
  waiting: [{ type: 'waiting', instances: { 'i-1': 'it has not reported', 'i-2': 'HTTP\u001b 503' } }],
  instance: [
    { type: 'instance', instance: 'i-1', ok: true, report },
    { type: 'instance', instance: 'i-2', ok: false, why: 'the port is taken\u0007' },
  ],
  halted: [{ type: 'halted', why: 'failures', failed: 1, underway: [], untouched: ['i-3'] }],
  done: [{ type: 'done', failed: 0 }],
};

test('every event is in the documentation with all its members, and none that there is not', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/rollouts.md'), 'utf8');
  const table = page.split('| type | members |')[1]!.split('\n\n')[0]!;
  const rows = [...table.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)];
  expect(rows.map(([, type]) => type).sort()).toEqual(Object.keys(events).sort());
  for (const [, type, text] of rows) {
    const named = [...text!.replaceAll(/\(.*?\)/g, '').matchAll(/`(\w+)`/g)].map(([, member]) => member);
    const members = events[type as BumpEvent['type']].flatMap(event => Object.keys(event));
    expect(named.sort(), type).toEqual([...new Set(members)].filter(name => name !== 'type').sort());
  }
});

test('people get a line for each that the summary does not tell, without control characters', () => {
  const lines = Object.values(events).flatMap(all => all.flatMap(bumpLines));
  expect(textOf(lines)).toBe(
    [
      'wave 1 of 2: i-1, i-2',
      'i-1: waiting, it has not reported',
      'i-2: waiting, HTTP\ufffd 503',
      'i-1: converged, no content, 1 change',
      'i-2: FAILED, the port is taken\ufffd',
      '',
    ].join('\n'),
  );
});

test('programs get why an instance failed without control characters', () => {
  const outcome = {
    ...({ version: 1, environment: 'shop-prod', rollout: 'r1', state: 'halted', converged: 0 } as const),
    ...{ failed: [{ instance: 'i-2', why: 'the port is taken\u0007' }], underway: [], untouched: [] },
  };
  expect(bumpJson(outcome).failed).toEqual([{ instance: 'i-2', why: 'the port is taken\ufffd' }]);
});

test('what an instance converged to is told as it was taken', () => {
  const line = (content: NonNullable<InstanceReport['content']>) =>
    bumpLines({ type: 'instance', instance: 'i-1', ok: true, report: { ...report, content } });
  const content = { name: 'shop-prod.yaml', sha256: 'ab', from: 's3' } as const;
  expect(line(content)).toEqual(['i-1: converged, unsigned content, 1 change']);
  expect(line({ ...content, sequence: 7, from: 'last-known-good' })).toEqual([
    'i-1: converged, sequence 7 (kept from before: it could not reach the bucket), 1 change',
  ]);
});
