import { describe, expect, test } from 'vitest';
import type { FleetBucket, Listed } from '../../src/masterless/content/bucket.ts';
import { reportReader } from '../../src/masterless/reports/read-reports.ts';
import { type InstanceReport, reportKey } from '../../src/masterless/reports/report.ts';
import { hash } from './support.ts';

const reportOf = (instance: string, more: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      converge_report: 1,
      instance,
      environment: 'taupe',
      version: '1.0.0',
      finished: '2026-01-01T00:00:00Z',
      trigger: 'agent',
      result: 'converged',
      changed: 1,
      failures: [],
      ...more,
    }),
  );

/** A bucket in memory that counts what is read from it. */
function bucketOf(objects: Map<string, { bytes: Buffer; modified: number }>) {
  const asked: string[] = [];
  const bucket: FleetBucket = {
    url: 's3://cust',
    async *list(prefix) {
      for (const [key, { bytes, modified }] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const listed: Listed = { key, size: bytes.length, etag: hash(bytes), modified };
        if (key.startsWith(prefix)) yield listed;
      }
    },
    async get(key, { range } = {}) {
      asked.push(key);
      const found = objects.get(key);
      return found && { bytes: found.bytes.subarray(range?.start, range?.end), etag: hash(found.bytes) };
    },
    put: async () => ({ ok: false }),
  };
  const put = (userId: string, bytes: Buffer, modified = 0) =>
    objects.set(reportKey('taupe', userId), { bytes, modified });
  return { bucket, asked, put };
}

async function readOne(userId: string, bytes: Buffer) {
  const { bucket, put } = bucketOf(new Map());
  put(userId, bytes);
  return reportReader(bucket, 'taupe')();
}

describe('reports', () => {
  test('are read by instance, and again only when they have changed', async () => {
    const { bucket, asked, put } = bucketOf(new Map());
    put('AROA:i-1', reportOf('i-1'));
    put('AROA:i-2', reportOf('i-2'));
    const read = reportReader(bucket, 'taupe');
    expect([...(await read()).told.keys()]).toEqual(['i-1', 'i-2']);
    put('AROA:i-2', reportOf('i-2', { changed: 2 }), 5);
    const { told, refused } = await read();
    expect(told.get('i-2')).toMatchObject({ report: { changed: 2 }, written: 5 });
    expect(refused).toEqual([]);
    expect(asked.length).toBe(3);
  });

  test('of others than those asked for are not fetched', async () => {
    const { bucket, asked, put } = bucketOf(new Map());
    for (const n of [1, 2, 3]) put(`AROA:i-${n}`, reportOf(`i-${n}`));
    expect([...(await reportReader(bucket, 'taupe')(new Set(['i-2']))).told.keys()]).toEqual(['i-2']);
    expect(asked).toEqual(['reports/taupe/AROA:i-2.json']);
  });

  test('of one instance under two roles: the one that was written last, by the clock of the bucket', async () => {
    const { bucket, put } = bucketOf(new Map());
    put('AROA:i-1', reportOf('i-1', { changed: 1, finished: '2999-01-01T00:00:00Z' }), 10);
    put('AROB:i-1', reportOf('i-1', { changed: 2 }), 20);
    expect((await reportReader(bucket, 'taupe')()).told.get('i-1')?.report.changed).toBe(2);
  });

  test.each<[string, string, Buffer, string]>([
    ['that speaks for another instance', 'AROA:i-2', reportOf('i-1'), 'it speaks for i-1'],
    [
      'of another environment',
      'AROA:i-1',
      reportOf('i-1', { environment: 'pink' }),
      'it speaks of the environment pink',
    ],
    [
      'that is too large',
      'AROA:i-1',
      reportOf('i-1', { failures: ['x'.repeat(70_000)] }),
      'larger than 64 KiB',
    ],
    ['that is not JSON', 'AROA:i-1', Buffer.from('{'), 'it is not a report'],
    [
      'that no text can be made of',
      'AROA:i-1',
      reportOf('i-1', { failures: [{ toString: 1 }] }),
      'not a report',
    ],
    [
      'that is nested without end',
      'AROA:i-1',
      Buffer.from(
        reportOf('i-1')
          .toString()
          .replace('[]', `${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      ),
      'not a report',
    ],
    ['under a name of no instance', 'operator', reportOf('i-1'), 'no instance writes under this name'],
    ['under a longer name', 'AROA:i-1.json/x:i-2', reportOf('i-2'), 'no instance writes under this name'],
  ])('one %s is refused', async (_, userId, bytes, why) => {
    const { told, refused } = await readOne(userId, bytes);
    expect(told.size).toBe(0);
    expect(refused).toEqual([{ key: reportKey('taupe', userId), why: expect.stringContaining(why) }]);
  });

  test('that grows between listing and reading is refused as well', async () => {
    const { bucket } = bucketOf(new Map());
    const key = reportKey('taupe', 'AROA:i-1');
    const growing: FleetBucket = {
      ...bucket,
      async *list() {
        yield { key, size: 10, etag: 'old', modified: 0 };
      },
      get: async (_, { range } = {}) => ({
        bytes: reportOf('i-1', { failures: ['x'.repeat(70_000)] }).subarray(range?.start, range?.end),
        etag: 'new',
      }),
    };
    expect((await reportReader(growing, 'taupe')()).refused).toMatchObject([
      { why: 'it is larger than 64 KiB' },
    ]);
  });

  test('carry nothing that steers a terminal, nothing unknown and nothing endless', async () => {
    const { told } = await readOne(
      'AROA:i-1',
      reportOf('i-1', {
        result: 'failed',
        version: '\u001b[2J1.0.0',
        failures: [...Array(30)].map(() => `\u001b]0;title\u0007${'x'.repeat(1000)}`),
        extra: 'x',
        changed: 'many',
        content: { name: 'taupe.yaml\n', sha256: 'a'.repeat(64), sequence: 1.5, from: 'elsewhere' },
      }),
    );
    const report = told.get('i-1')?.report as InstanceReport;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(JSON.stringify(Object.values(report))).not.toMatch(/\\u00|[\x00-\x1f]/);
    expect(report.failures.length).toBe(20);
    expect(report.failures[0]!.length).toBe(500);
    expect(report).toMatchObject({ changed: 0, content: { name: 'taupe.yaml ', from: 's3' } });
    expect(report).not.toHaveProperty('extra');
    expect(report.content).not.toHaveProperty('sequence');
  });
});
