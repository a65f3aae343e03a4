import { join } from 'node:path';
import { DescribeInstanceStatusCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { ec2Fleet } from '../../src/aws/fleet.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { InstantClock, realRandom } from '../lab/s3/fixture.ts';
import { scratch } from '../support/cli.ts';
import { diagnosticOf } from './fixture.ts';

/** A lab with instances of `shop-prod`, our client, and the SDK's. */
async function lab(count: number) {
  const dir = join(await scratch(), 'lab');
  const opened = await openLab(dir, { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => opened.close());
  if (count > 0)
    await opened.command({ do: 'add-instances', environment: 'shop-prod', count, type: 't3.medium' });
  const { region, s3: credentials } = opened.settings;
  const common = { region, credentials, endpoint: opened.api.url };
  const fleet = ec2Fleet({ ...common, clock: new InstantClock(), random: realRandom });
  onTestFinished(() => fleet.close());
  const sdk = new EC2Client({ ...common, maxAttempts: 1 });
  onTestFinished(() => sdk.destroy());
  const fault = (kind: string, operation: string, times = 1) =>
    opened.command({ do: 'fault', on: 'ec2', rule: { kind, operation, times } });
  const asInstance = ec2Fleet({
    ...common,
    credentials: opened.roleCredentials,
    clock: new InstantClock(),
    random: realRandom,
  });
  onTestFinished(() => asInstance.close());
  return { fleet, asInstance, sdk, fault, command: opened.command };
}
const id = (number: number) => `i-0f1ee7${String(number).padStart(11, '0')}`;

test('all pages of the environment’s instances, and nobody else’s', async () => {
  const { fleet, command } = await lab(130);
  await command({ do: 'add-instances', environment: 'shop-prod-2', count: 2, type: 't3.medium' });
  const instances = await fleet.instances('shop-prod');
  expect(instances.map(it => it.id)).toEqual(Array.from({ length: 130 }, (_, index) => id(index + 1)));
  expect(instances[0]).toMatchObject({ state: 'running', privateIp: '10.0.0.11' });
  expect(instances[0]!.launched).toBeGreaterThan(0);
  expect(await fleet.instances('shop-prod-2')).toMatchObject([{ id: id(131) }, { id: id(132) }]);
  expect(await fleet.instances('shop')).toEqual([]);
});

test('the instance that the lab’s host is belongs to them as well, and terminated ones do not', async () => {
  const { fleet, command } = await lab(2);
  const tags = { 'elasticbeanstalk:environment-name': 'shop-prod' };
  await command({ do: 'instance', change: { instanceId: 'i-0aaaaaaaaaaaaaaaa', tags } });
  await command({ do: 'set-instance', id: id(1), change: { state: 'terminated' } });
  await command({ do: 'set-instance', id: id(2), change: { state: 'stopped' } });
  expect((await fleet.instances('shop-prod')).map(it => [it.id, it.state])).toEqual([
    ['i-0aaaaaaaaaaaaaaaa', 'running'],
    [id(2), 'stopped'],
  ]);
});

test('who becomes one of them has its tags, and is there once', async () => {
  const { fleet, command } = await lab(2);
  const { data } = await command({ do: 'instance', change: { instanceId: id(2) } });
  expect(data).toMatchObject({ tags: { 'elasticbeanstalk:environment-name': 'shop-prod' } });
  expect((await fleet.instances('shop-prod')).map(it => it.id)).toEqual([id(1), id(2)]);
});

test('why instances are not well', async () => {
  const { fleet, command } = await lab(5);
  await command({ do: 'set-instance', id: id(1), change: { instanceCheck: 'impaired' } });
  await command({ do: 'set-instance', id: id(2), change: { systemCheck: 'initializing' } });
  await command({ do: 'set-instance', id: id(3), change: { state: 'stopped' } });
  const asked = [id(1), id(2), id(3), id(4), 'i-0dead0000000beef0', 'i-0dead0000000beef1'];
  expect(Object.fromEntries(await fleet.ill(asked))).toEqual({
    [id(1)]: "EC2's check of the instance: impaired",
    [id(2)]: "EC2's check of its system: initializing",
    [id(3)]: 'it is stopped',
    'i-0dead0000000beef0': 'it no longer exists',
    'i-0dead0000000beef1': 'it no longer exists',
  });
  expect(await fleet.ill([])).toEqual(new Map());
});

test('more than EC2 takes at once are asked for in several calls', async () => {
  const { fleet, command } = await lab(230);
  await command({ do: 'set-instance', id: id(220), change: { systemCheck: 'impaired' } });
  const all = Array.from({ length: 230 }, (_, index) => id(index + 1));
  expect([...(await fleet.ill(all)).keys()]).toEqual([id(220)]);
});

test('throttling and lost answers are waited out; a refusal names the permission', async () => {
  const { fleet, fault } = await lab(1);
  await fault('throttled', 'DescribeInstances', 2);
  await fault('internal-error', 'DescribeInstances');
  await fault('reset', 'DescribeInstances');
  expect((await fleet.instances('shop-prod')).length).toBe(1);
  for (const [operation, run] of [
    ['DescribeInstances', () => fleet.instances('shop-prod')],
    ['DescribeInstanceStatus', () => fleet.ill([id(1)])],
  ] as const) {
    await fault('access-denied', operation);
    const { code, hint } = await diagnosticOf(run());
    expect([code, hint]).toEqual(['aws-access-denied', expect.stringContaining(`Allow ec2:${operation}`)]);
  }
});

test('an instance may not look at the others', async () => {
  const { asInstance } = await lab(1);
  expect((await diagnosticOf(asInstance.instances('shop-prod'))).code).toBe('aws-access-denied');
  expect((await diagnosticOf(asInstance.ill([id(1)]))).code).toBe('aws-access-denied');
});

test('the stand-in refuses what EC2 refuses', async () => {
  const { sdk } = await lab(3);
  const refusal = (run: Promise<unknown>) =>
    run.then(
      () => 'none',
      (error: { name: string }) => error.name,
    );
  const instances = (input: object) => refusal(sdk.send(new DescribeInstancesCommand(input)));
  expect(await instances({ MaxResults: 4 })).toBe('InvalidParameterValue');
  expect(await instances({ MaxResults: 5, InstanceIds: [id(1)] })).toBe('InvalidParameterCombination');
  expect(await instances({ InstanceIds: ['i-1'] })).toBe('InvalidInstanceID.Malformed');
  expect(await instances({ InstanceIds: [id(9)] })).toBe('InvalidInstanceID.NotFound');
  expect(await instances({ Filters: [{ Name: 'colour', Values: ['x'] }] })).toBe('InvalidParameterValue');
  const many = new DescribeInstanceStatusCommand({ InstanceIds: Array.from({ length: 101 }, () => id(1)) });
  expect(await refusal(sdk.send(many))).toBe('InvalidParameterValue');
});

test('the stand-in’s filters take wildcards, and what is quoted as it is', async () => {
  const { sdk, command } = await lab(1);
  await command({ do: 'instance', change: { tags: { Name: 'a*b' } } });
  const named = async (value: string) => {
    const Filters = [{ Name: 'tag:Name', Values: [value] }];
    const { Reservations = [] } = await sdk.send(new DescribeInstancesCommand({ Filters }));
    return Reservations.length;
  };
  expect(await Promise.all(['a*', 'a?b', 'a\\*b', 'a\\?b', 'shop.prod', '*'].map(named))).toEqual([
    1, 1, 1, 0, 0, 2,
  ]);
});
