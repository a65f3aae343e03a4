import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { contentBucket } from '../../src/aws/content-bucket.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { openLab, publish } from '../../src/lab/lab.ts';
import { type InstanceReport, reportKey } from '../../src/masterless/reports/report.ts';
import { isMyTurn, parseRollout, type Rollout, rolloutKey } from '../../src/masterless/rollout/rollout.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { type CliOptions, type CliResult, cli, scratch } from './cli.ts';

export const environment = 'shop-prod';
export const url = 's3://cust-data/deploy/';
export const idOf = (number: number): string => `i-0f1ee7${String(number).padStart(11, '0')}`;

/** What an instance does when its turn comes; undefined: nothing, it is dead. */
export type React = (number: number) => Partial<InstanceReport> | undefined;

/**
 * A served lab with `count` instances, their bucket with content in it, and an agent for each that looks
 * whenever the operator's command sleeps, as the rest of the world goes on meanwhile.
 */
export async function fleetLab(count: number, react: React = () => ({})) {
  const dir = await scratch();
  const host = nodeHost();
  const lab = await openLab(join(dir, 'lab'), { host, seeded: false, lockTimeout: 0 });
  const published = await publish(lab, host);
  onTestFinished(async () => {
    await published.close();
    await lab.close();
  });
  if (count > 0) await lab.command({ do: 'add-instances', environment, count, type: 't3.medium' });
  const { region, s3: credentials } = lab.settings;
  const connection = await connectS3({
    region,
    credentials,
    endpoint: lab.s3.url,
    clock: host.clock,
    random: host.random,
  });
  onTestFinished(() => connection.close());
  const { client } = connection;
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const;
  await client.send(new CreateBucketCommand({ Bucket: 'cust-data', CreateBucketConfiguration }));
  const bucket = contentBucket(connection, s3Url('cust-data', 'deploy'));
  await bucket.put(`${environment}.sig`, Buffer.from('{}'));

  const announced = async (): Promise<Rollout | undefined> => {
    const found = await bucket.get(rolloutKey(environment));
    return typeof found === 'object' ? parseRollout(found.bytes) : undefined;
  };
  const report = (number: number, more: Partial<InstanceReport> = {}, userId = `AROALAB:${idOf(number)}`) => {
    const said: InstanceReport = {
      converge_report: 1,
      instance: idOf(number),
      environment,
      version: '1.0.0',
      finished: new Date(host.clock.now()).toISOString(),
      trigger: 'agent',
      content: { name: `${environment}.yaml`, sha256: 'ab'.repeat(32), sequence: 7, from: 's3' },
      result: 'converged',
      changed: 3,
      failures: [],
      ...more,
    };
    return bucket.put(reportKey(environment, userId), Buffer.from(JSON.stringify(said)));
  };
  /** Numbers of the instances that have begun, in order. */
  const begun: number[] = [];
  const done = new Map<number, string>();
  const look = async () => {
    const rollout = await announced();
    if (!rollout) return;
    for (let number = 1; number <= count; number++) {
      if (!isMyTurn(rollout, idOf(number), done.get(number))) continue;
      begun.push(number);
      done.set(number, rollout.id);
      const said = react(number);
      if (said) await report(number, { rollout: rollout.id, ...said });
    }
  };
  let ahead = 0;
  const clock: Clock = {
    now: () => host.clock.now() + ahead,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      await look();
      ahead += ms;
    },
  };
  const run = (args: string[], options: CliOptions = {}): Promise<CliResult> =>
    cli(dir, [...args, '--self', url, '--lab', 'lab'], { clock, ...options });
  const answers = async (address: string) => {
    await mkdir(join(dir, 'well'), { recursive: true });
    await writeFile(join(dir, 'well/health'), 'ok\n');
    await lab.command({ do: 'site-content', host: address, folder: join(dir, 'well') });
  };
  return { dir, lab, bucket, begun, report, announced, run, answers };
}
