import { CreateTagsCommand, EC2Client, RunInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { holds } from '../../../src/lab/instance/condition.ts';
import { ec2Lab, refusal } from '../ec2/fixture.ts';

const context = { 'aws:resourcetag/run': '7', 's3:prefix': 'shop/a' };

test.each([
  [{ StringEquals: { 'aws:ResourceTag/run': '7' } }, true],
  [{ StringEquals: { 'aws:ResourceTag/run': ['6', '7'] } }, true],
  [{ StringEquals: { 'aws:ResourceTag/run': '8' } }, false],
  [{ StringEquals: { 'aws:ResourceTag/other': '7' } }, false],
  [{ StringLike: { 's3:prefix': 'shop/*' } }, true],
  [{ StringEquals: { 's3:prefix': 'shop/*' } }, false],
  [{ StringNotEquals: { 'aws:ResourceTag/run': ['6', '7'] } }, false],
  [{ StringNotEquals: { 'aws:ResourceTag/other': '7' } }, true],
  [{ StringLike: { 's3:prefix': 'shop/*' }, StringEquals: { 'aws:ResourceTag/run': '8' } }, false],
  [{}, true],
])('%j: %s', (condition, expected) => {
  expect(holds(condition, context)).toBe(expected);
});

test('a role stops what has its tag, and nothing else of what is named beside it', async () => {
  const { lab, ec2 } = await ec2Lab();
  const ImageId = lab
    .command({ do: 'show' })
    .then(({ data }) => Object.keys((data as { ec2: { images: object } }).ec2.images)[0]!);
  const { Instances } = await ec2.send(
    new RunInstancesCommand({ ImageId: await ImageId, InstanceType: 'm6i.large', MinCount: 2, MaxCount: 2 }),
  );
  const [mine, other] = Instances!.map(it => it.InstanceId!);
  await ec2.send(new CreateTagsCommand({ Resources: [mine!], Tags: [{ Key: 'run', Value: '7' }] }));
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow' as const,
        Action: 'ec2:StopInstances',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/run': '7' } },
      },
    ],
  };
  await lab.command({ do: 'instance', change: { policy } });
  const role = new EC2Client({
    endpoint: lab.api.url,
    region: lab.settings.region,
    credentials: lab.roleCredentials,
    maxAttempts: 1,
  });
  onTestFinished(() => role.destroy());
  const stop = (...InstanceIds: string[]) => refusal(role.send(new StopInstancesCommand({ InstanceIds })));
  expect(await stop(other!)).toBe('UnauthorizedOperation');
  expect(await stop(mine!, other!)).toBe('UnauthorizedOperation');
  // Allowed: what refuses it now is that it is pending still.
  expect(await stop(mine!)).toBe('IncorrectInstanceState');
});
