import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Result, RunEvent } from '../../src/engine/model/events.ts';
import { ndjsonListener } from '../../src/engine/render/ndjson.ts';
import { cli, scratch } from '../support/cli.ts';
import { planned, planOf } from '../support/plans.ts';

const page = () => readFile(join(import.meta.dirname, '../../docs/ci.md'), 'utf8');

/** One of each, with everything that it can have: a new event doesn't compile without a line here. */
const events: { [T in RunEvent['type']]: Required<Extract<RunEvent, { type: T }>> } = {
  observing: { type: 'observing', count: 1 },
  planned: { type: 'planned', plan: planOf(planned('file:a', 1, {})) },
  started: { type: 'started', address: 'file:a', action: 'create' },
  progress: { type: 'progress', address: 'file:a', progress: { what: 'reading', done: 1, total: 2 } },
  finished: {
    type: 'finished',
    address: 'file:a',
    result: 'changed',
    took: 1,
    note: 'x',
    numbers: {},
    diagnostic: { code: 'x', severity: 'error', category: 'world', message: 'x' },
  },
  waiting: { type: 'waiting', target: 'dr', why: 'x' },
  resumed: { type: 'resumed', target: 'dr' },
  interrupted: { type: 'interrupted', signal: 'SIGINT' },
  proved: { type: 'proved', empty: true, pending: [] },
};
const results: Record<Result, true> = {
  changed: true,
  refreshed: true,
  unchanged: true,
  failed: true,
  skipped: true,
  noop: true,
  held: true,
  blocked: true,
  interrupted: true,
};

/** The members that the table names for each type. */
async function documented(): Promise<Map<string, string[]>> {
  const rows = (await page()).matchAll(/^\| `(\w+)` \| (.+) \|$/gm);
  return new Map(
    [...rows].map(([, type, members]) => [type!, [...members!.matchAll(/`(\w+)`/g)].map(([, m]) => m!)]),
  );
}

test('every event is in the documentation with all its members, and none that there is not', async () => {
  const table = await documented();
  expect([...table.keys()].sort()).toEqual(Object.keys(events).sort());
  for (const event of Object.values(events)) {
    let line = '';
    ndjsonListener(
      text => {
        line += text;
      },
      () => 0,
    )(event);
    const { v, time, type, ...members } = JSON.parse(line);
    expect([v, time]).toEqual([1, '1970-01-01T00:00:00.000Z']);
    const inner = type === 'progress' ? Object.keys(members.progress) : [];
    expect(table.get(type)!.toSorted(), type).toEqual([...Object.keys(members), ...inner].sort());
  }
});

test('every result is in the documentation', async () => {
  const text = (await page()).split('`result` is ')[1]!.split('.')[0]!;
  expect([...text.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(Object.keys(results).sort());
});

test('what a real run says is what is documented', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    'converge: 1\nresources: { file: { a: { content: x }, b/c: {} }, exec: { e: { command: [/bin/false], creates: nowhere } } }\n',
  );
  const { stderr } = await cli(dir, ['apply', 'm.yaml', '--events', 'ndjson']);
  const table = await documented();
  const lines = stderr.split('\n').filter(line => line.startsWith('{'));
  expect(lines.length).toBeGreaterThan(6);
  for (const line of lines) {
    const { v: _, time: __, type, ...members } = JSON.parse(line);
    expect(table.get(type), line).toEqual(expect.arrayContaining(Object.keys(members)));
    if (type === 'finished') expect(Object.keys(results)).toContain(members.result);
  }
});
