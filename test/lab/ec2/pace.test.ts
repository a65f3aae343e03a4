import { join } from 'node:path';
import {
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { type Latency, latencies, ofTheArticle, paceOf } from '../../../bench/recovery/latencies.ts';
import { awsClient } from '../../../src/aws/settings.ts';
import { nodeHost } from '../../../src/io/node.ts';
import { openLab } from '../../../src/lab/lab.ts';
import { scratch } from '../../support/cli.ts';
import { PassingClock } from '../../support/passing-clock.ts';

test('what is stated of AWS says where that is known from', () => {
  const all: Latency[] = [...Object.values(latencies), ...Object.values(ofTheArticle)];
  for (const { what, takes, known, source } of all) {
    expect([what, source]).toEqual([expect.stringMatching(/\w{4}/), expect.stringMatching(/\w{3}.*\w{4}/)]);
    expect('ms' in takes ? takes.ms : takes.rate).toBeGreaterThan(0);
    // What somebody says he knows is said by whom.
    if (known !== 'assumed') expect(source).not.toMatch(/^AWS documents none$/);
  }
});

test('a scaled disk takes as long as the one that is meant, and a small call its own time', () => {
  const [whole, tenth] = [1, 10].map(scale => paceOf(() => {}, { scale })) as [
    ReturnType<typeof paceOf>,
    ReturnType<typeof paceOf>,
  ];
  expect(tenth.call('s3:PUT', 16e6)).toBe(whole.call('s3:PUT', 160e6));
  expect(whole.call('s3:PUT', 85e6)).toBe(1000);
  expect([whole.call('ec2:RunInstances', 900), tenth.call('s3:GET', 900)]).toEqual([100, 100]);
});

test('a lab takes the time that is stated: calls move its clock on, and what is begun is over by it', async () => {
  const clock = new PassingClock(Date.now());
  const pace = paceOf(ms => clock.pass(ms), { scale: 1 });
  const host = { ...nodeHost(), clock };
  const lab = await openLab(join(await scratch(), 'lab'), { host, seeded: false, lockTimeout: 0, pace });
  onTestFinished(() => lab.close());
  const { region, s3: credentials } = lab.settings;
  const ec2 = awsClient(
    EC2Client,
    { region, credentials, endpoint: lab.api.url, clock, random: host.random },
    60_000,
  );
  onTestFinished(() => ec2.destroy());
  const { Images } = await ec2.send(
    new DescribeImagesCommand({ Owners: ['amazon'], Filters: [{ Name: 'platform', Values: ['windows'] }] }),
  );
  const began = clock.now();
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: Images![0]!.ImageId!,
      InstanceType: 'm6i.large',
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  expect(clock.now() - began).toBe(latencies.call.takes.ms);
  const InstanceIds = [Instances![0]!.InstanceId!];
  const state = async () =>
    (await ec2.send(new DescribeInstancesCommand({ InstanceIds }))).Reservations![0]!.Instances![0]!.State!
      .Name;
  const check = async () =>
    (await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds }))).InstanceStatuses![0]!.InstanceStatus!
      .Status;
  const console = async () =>
    (await ec2.send(new GetConsoleOutputCommand({ InstanceId: InstanceIds[0]! }))).Output;
  // Looked at often, and still as slow.
  for (let look = 0; look < 4; look++) expect(await state()).toBe('pending');
  await clock.sleep(latencies.run.takes.ms);
  await state();
  expect(await state()).toBe('running');
  const powered = clock.now();
  for (let look = 0; look < 4; look++) expect([await check(), await console()]).toEqual(['initializing', '']);
  await clock.sleep(latencies.windows.takes.ms + latencies.checks.takes.ms);
  await check();
  expect([await check(), await console()]).toEqual(['ok', expect.stringMatching(/./)]);
  const calls = 12;
  expect(clock.now() - powered).toBeLessThan(302_000 + calls * latencies.call.takes.ms);
});
