import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunReport } from '../../src/engine/model/events.ts';
import { writeReport } from '../../src/engine/report/report.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const report = (minute: number): RunReport => ({
  report: 1,
  plan: 'abcdef0123456789',
  results: [],
  numbers: {},
  calls: {},
  diagnostics: [],
  started: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  took: 1,
  interrupted: false,
});

test('the newest fifty reports are kept', async () => {
  const dir = temporaryFolder();
  let file = '';
  for (let minute = 0; minute < 53; minute++) file = await writeReport(nodeFiles, dir, report(minute));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(report(52));
  const names = (await nodeFiles.list(`${dir}/reports`))!.sort();
  expect(names).toHaveLength(50);
  expect(names[0]).toBe('2026-01-01T00-03-00.000Z-abcdef01.json');
});
