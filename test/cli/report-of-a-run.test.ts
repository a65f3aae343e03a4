import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeReport } from '../../src/engine/report/report.ts';
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

test('fifty reports stay, for ninety days; the newest always does', async () => {
  const dir = await scratch();
  const report = (started: Date) => ({
    ...{ report: 1 as const, plan: 'a'.repeat(64), results: [], numbers: {}, calls: {}, diagnostics: [] },
    ...{ started: started.toISOString(), took: 1, interrupted: false },
  });
  const host = nodeHost();
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000);
  const kept = () => readdir(join(dir, 'reports'));
  for (let n = 0; n < 60; n++) await writeReport(host.files, dir, report(day(n)));
  expect(await kept()).toHaveLength(50);
  await writeReport(host.files, dir, report(day(120)));
  expect((await kept()).map(name => name.slice(0, 10)).toSorted()[0]).toBe('2026-01-31');
  await writeReport(host.files, dir, report(day(1000)));
  expect(await kept()).toHaveLength(1);
});
