import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { contentBucket } from '../../src/aws/content-bucket.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { openLab } from '../../src/lab/lab.ts';
import type { ContentBucket } from '../../src/masterless/content/bucket.ts';
import type { InstanceReport } from '../../src/masterless/reports/report.ts';
import { type CliOptions, type CliResult, cli, scratch } from './cli.ts';

export const environment = 'shop-prod';
export const instanceId = 'i-0c0ffee0c0ffee000';
export const self = ['--self', 's3://cust-data/'];

/**
 * The real time, but pauses of seconds are over at once; what waits for minutes waits until it is called off.
 */
export const hurried = (): Clock => {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms > 60_000)
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
        });
      ahead += ms;
    },
  };
};

/** A manifest that writes one file. */
export const manifest = (content: string): string =>
  `converge: 1\nresources:\n  file:\n    /srv/it: { content: ${JSON.stringify(content)} }\n`;

/** A lab whose instance belongs to `environment`, with an empty bucket and a key that it trusts. */
export async function labInstance() {
  const dir = await scratch();
  const run = (args: string[], options?: CliOptions): Promise<CliResult> =>
    cli(dir, [...args, '--lab', 'lab'], options);
  const well = async (...args: string[]) => {
    const result = await run(args);
    expect(result.code, result.stderr).toBe(0);
    return result;
  };
  expect(await cli(dir, ['sign', '--new-key', 'deploy'])).toMatchObject({ code: 0 });
  const trust = join(dir, 'lab/host/etc/converge/trust');
  await well('lab', 'instance', '--environment', environment);
  await mkdir(trust, { recursive: true, mode: 0o755 });
  await writeFile(join(trust, 'deploy.pub'), await readFile(join(dir, 'deploy.pub')), { mode: 0o644 });
  /** What whoever owns the bucket does there. */
  const bucket = async <T>(use: (bucket: ContentBucket, create: () => Promise<void>) => Promise<T>) => {
    const host = nodeHost();
    const lab = await openLab(join(dir, 'lab'), { host, seeded: false, lockTimeout: 0 });
    const { clock, random } = host;
    const { region, s3: credentials } = lab.settings;
    const connection = await connectS3({ region, endpoint: lab.s3.url, credentials, clock, random });
    try {
      return await use(contentBucket(connection, { bucket: 'cust-data', prefix: '' }), async () => {
        await connection.client.send(new connection.sdk.CreateBucketCommand({ Bucket: 'cust-data' }));
      });
    } finally {
      connection.close();
      await lab.close();
    }
  };
  await bucket((_, create) => create());
  return {
    dir,
    run,
    bucket,
    /** Signs a file's content and uploads both. */
    async publish(content: string | Buffer, more: string[] = [], name = 'web.yaml') {
      await writeFile(join(dir, name), content);
      const flags = ['--environment', environment, '--key', 'file:deploy.key', '--to', 's3://cust-data/'];
      await well('sign', name, ...flags, ...more);
    },
    apply: (more: string[] = [], options?: CliOptions) => run(['apply', ...self, ...more], options),
    /** A file of the lab's host. */
    host: (path = '/srv/it') => readFile(join(dir, 'lab/host', path), 'utf8').catch(() => undefined),
    state: (name: string, id = instanceId) =>
      readFile(join(dir, 'lab/state', id, name), 'utf8').catch(() => undefined),
    /** What an instance said about its last run. */
    report: (userId: string) =>
      bucket(async each => {
        const found = await each.get(`reports/${environment}/${userId}.json`);
        return found && found !== 'unchanged'
          ? (JSON.parse(found.bytes.toString()) as InstanceReport)
          : undefined;
      }),
    /** What STS says that the instance is. */
    async userId(id = instanceId) {
      const settings = JSON.parse(await readFile(join(dir, 'lab/lab.json'), 'utf8'));
      const { roleOf } = await import('../../src/lab/instance/role.ts');
      return roleOf(settings.s3, { instanceId: id, accountId: '123456789012' } as never).userId;
    },
  };
}
