import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findReport, writeReport } from '../../src/engine/report/report.ts';
import { nodeHost } from '../../src/io/node.ts';
import { cli, scratch } from '../support/cli.ts';

const files = (content: string, parent = 'there') => `converge: 1
resources:
  file:
    ${JSON.stringify(join('DIR', parent, 'a.txt'))}: { content: ${content} }
`;

test('report last and report failed tell of runs of a state folder', async () => {
  const dir = await scratch();
  const run = (...args: string[]) => cli(dir, args);
  const none = await run('report', 'last');
  expect(none.code).toBe(1);
  expect(none.stderr).toContain('error[no-report]');
  await mkdir(join(dir, 'there'));
  const declare = (content: string, parent?: string) =>
    writeFile(join(dir, 'm.yaml'), files(content, parent).replaceAll('DIR', dir));
  await declare('one', 'not/there');
  expect((await run('apply', 'm.yaml')).code).not.toBe(0);
  await declare('two');
  expect((await run('apply', 'm.yaml')).code).toBe(0);
  const last = await run('report', 'last');
  expect(last.stdout).toMatch(/^begun \d{4}-.*, plan [0-9a-f]{8}, .*\.json\nApplied: 1 change in/);
  expect(last.stderr).not.toContain('error[');
  const failed = await run('report', 'failed');
  expect(failed.stdout).toContain('1 FAILED');
  expect(failed.stderr).toMatch(/error\[[a-z-]+\]/);
  const inJson = JSON.parse((await run('report', 'failed', '--format', 'json')).stdout);
  expect(inJson).toMatchObject({ report: 1, results: [{ result: 'failed' }] });
  expect((await run('report', 'last', 'm.yaml')).stderr).toContain('error[report-mixed]');
  expect((await run('report', 'last', '--month', '2026-10')).stderr).toContain('error[report-mixed]');
});

test('fifty reports stay, and ten of failures, for ninety days; the newest always does, and what is not a report', async () => {
  const dir = await scratch();
  const report = (started: Date, interrupted = false) => ({
    ...{ report: 1 as const, plan: 'a'.repeat(64), results: [], numbers: {}, calls: {}, diagnostics: [] },
    ...{ started: started.toISOString(), took: 1, interrupted },
  });
  const host = nodeHost();
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000);
  const kept = async () => (await readdir(join(dir, 'reports'))).filter(name => name !== 'notes.json');
  await mkdir(join(dir, 'reports'), { mode: 0o700 });
  await writeFile(join(dir, 'reports', 'notes.json'), '{}');
  for (let n = 0; n < 60; n++) await writeReport(host.files, dir, report(day(n)));
  expect(await kept()).toHaveLength(50);
  await writeReport(host.files, dir, report(day(120)));
  expect((await kept()).map(name => name.slice(0, 10)).toSorted()[0]).toBe('2026-01-31');
  // What fails at night is still there after a day of runs every few minutes.
  for (let n = 0; n < 12; n++) await writeReport(host.files, dir, report(day(121 + n / 100), true));
  for (let n = 0; n < 60; n++) await writeReport(host.files, dir, report(day(122 + n / 100)));
  expect(await kept()).toHaveLength(60);
  const failed = await findReport(host.files, dir, one => one.interrupted);
  expect(failed?.report.started).toBe(day(121.11).toISOString());
  await writeReport(host.files, dir, report(day(1000)));
  expect(await kept()).toHaveLength(1);
  expect(await readdir(join(dir, 'reports'))).toContain('notes.json');
});
