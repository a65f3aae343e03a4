import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { contentBucket } from '../../src/aws/content-bucket.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { type Lab, openLab, publish } from '../../src/lab/lab.ts';
import type { InstanceReport } from '../../src/masterless/reports/report.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { type CliOptions, cli, scratch } from '../support/cli.ts';
import { idOf } from '../support/fleet.ts';
import { hurried } from '../support/lab-instance.ts';

const environment = 'shop-prod';
const self = ['--self', 's3://cust-data/'];
const eight = [1, 2, 3, 4, 5, 6, 7, 8];

/** Each instance writes a file of its own; number 3 can't do what it should when the second version comes. */
const manifest = (version: number) => `converge: 1
resources:
  file:
    "/srv/\${facts.ec2.instance_id}": { content: version ${version} }
${version === 2 ? migration : ''}`;
const migration = `  exec:
    migrate: { command: [/bin/false], creates: /srv/migrated, when: facts.ec2.instance_id == '${idOf(3)}' }
`;

/** A served lab with eight instances of an environment, each with an agent of its own. */
async function fleet() {
  const dir = await scratch();
  const host = nodeHost();
  const lab = await openLab(join(dir, 'lab'), { host, seeded: false, lockTimeout: 0 });
  const published = await publish(lab, host);
  onTestFinished(async () => {
    await published.close();
    await lab.close();
  });
  const run = (args: string[], options?: CliOptions) => cli(dir, [...args, '--lab', 'lab'], options);
  const well = async (...args: string[]) => {
    const result = await run(args);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    return result;
  };
  expect((await cli(dir, ['sign', '--new-key', 'deploy'])).code).toBe(0);
  const trust = join(dir, 'lab/host/etc/converge/trust');
  await mkdir(trust, { recursive: true, mode: 0o755 });
  await writeFile(join(trust, 'deploy.pub'), await readFile(join(dir, 'deploy.pub')), { mode: 0o644 });
  await well('lab', 'add-instances', environment, '--count', '8');
  const bucket = await ownersBucket(lab);
  return {
    dir,
    run,
    well,
    bucket,
    async sign(version: number) {
      await writeFile(join(dir, 'web.yaml'), manifest(version));
      const flags = ['--environment', environment, '--key', 'file:deploy.key', '--to', 's3://cust-data/'];
      await well('sign', 'web.yaml', ...flags, '--sequence', String(version));
    },
    /** The turn of one instance's agent, as that instance and with its role. */
    async agent(number: number) {
      await lab.command({ do: 'instance', change: { instanceId: idOf(number) } });
      return run(['agent', ...self, '--once', '--only-rollouts'], { clock: hurried() });
    },
    fileOf: (number: number) =>
      readFile(join(dir, 'lab/host/srv', idOf(number)), 'utf8').catch(() => undefined),
  };
}

/** The bucket, made for its owner. */
async function ownersBucket(lab: Lab) {
  const { clock, random } = nodeHost();
  const { region, s3: credentials } = lab.settings;
  const connection = await connectS3({ region, endpoint: lab.s3.url, credentials, clock, random });
  onTestFinished(() => connection.close());
  await connection.client.send(new connection.sdk.CreateBucketCommand({ Bucket: 'cust-data' }));
  return contentBucket(connection, s3Url('cust-data'));
}

/** Whenever the operator's command pauses, every agent looks once. */
function pausing(agent: (number: number) => Promise<unknown>): Clock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      for (const number of eight) await agent(number);
      ahead += ms;
    },
  };
}

test('eight agents follow a rollout; the next one halts on the instance that fails, and the rest keep what they have', async () => {
  const { run, sign, agent, fileOf } = await fleet();
  const clock = pausing(agent);
  await sign(1);
  const first = await run(['bump', environment, ...self, '--batch', '50%'], { clock });
  expect([first.code, first.stdout], first.stderr).toEqual([0, 'Rollout of shop-prod done: 8 converged\n']);
  expect(await Promise.all(eight.map(fileOf))).toEqual(eight.map(() => 'version 1'));

  await sign(2);
  const second = await run(['bump', environment, ...self, '--batch', '25%'], { clock });
  expect(second.code, second.stderr).toBe(4);
  expect(second.stdout).toContain('HALTED: 2 converged, 1 FAILED');
  expect(second.stdout).toMatch(new RegExp(`${idOf(3)}: .*exec:migrate`));
  expect(second.stdout).toContain(`left alone: ${[4, 5, 6, 7, 8].map(idOf).join(', ')}`);
  for (const number of eight) await agent(number);
  expect(await Promise.all(eight.map(fileOf))).toEqual([
    ...[1, 2, 3].map(() => 'version 2'),
    ...[4, 5, 6, 7, 8].map(() => 'version 1'),
  ]);

  const { code, stdout } = await run(['rollout', 'status', environment, ...self, '--format', 'json']);
  expect(code).toBe(4);
  const { instances } = JSON.parse(stdout) as {
    instances: { instance: string; state: string; report: InstanceReport }[];
  };
  expect(instances.map(({ state, report }) => `${state} ${report.content?.sequence}`)).toEqual([
    'converged 2',
    'converged 2',
    'failed 2',
    ...[4, 5, 6, 7, 8].map(() => 'converged 1'),
  ]);
});

test('a bump repairs what drifted although the content is the same', async () => {
  const { dir, run, sign, agent, fileOf } = await fleet();
  const clock = pausing(agent);
  await sign(1);
  expect((await run(['bump', environment, ...self, '--batch', '7'], { clock })).code).toBe(0);
  await writeFile(join(dir, 'lab/host/srv', idOf(5)), 'drifted');
  for (const number of eight) await agent(number);
  expect(await fileOf(5)).toBe('drifted');
  const { code, stderr } = await run(['bump', environment, ...self, '--batch', '7'], { clock });
  expect(code).toBe(0);
  expect(stderr).toContain(`${idOf(5)}: converged, sequence 1, 1 change`);
  expect(stderr).toContain(`${idOf(6)}: converged, sequence 1, 0 changes`);
  expect(await fileOf(5)).toBe('version 1');
});

test('a forged rollout makes nobody apply what is not signed', async () => {
  const { sign, agent, bucket, fileOf } = await fleet();
  await sign(1);
  await bucket.put(`${environment}.yaml`, Buffer.from(manifest(9)));
  const forged = { converge_rollout: 1, id: 'forged', environment, started: '2026-01-01T00:00:00Z' };
  const rollout = { ...forged, state: 'running', instances: [idOf(1)] };
  await bucket.put(`${environment}.rollout`, Buffer.from(JSON.stringify(rollout)));
  const { code, stderr } = await agent(1);
  expect([code, stderr]).toEqual([4, expect.stringContaining('is not what was signed')]);
  expect(await fileOf(1)).toBeUndefined();
});
