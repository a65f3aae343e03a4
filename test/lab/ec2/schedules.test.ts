import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { awsCall, ec2Lab } from './fixture.ts';

const role = 'arn:aws:iam::123456789012:role/converge-tear-down';
const terminateByTag = {
  Arn: 'arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution',
  RoleArn: role,
  Input: JSON.stringify({
    DocumentName: 'AWS-TerminateEC2Instance',
    TargetParameterName: 'InstanceId',
    Targets: [{ Key: 'tag:converge:run', Values: ['7'] }],
    MaxErrors: '100%',
  }),
};
const inMinutes = (minutes: number) =>
  `at(${new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 19)})`;

test('a schedule ends by their tag instances that were not there when it was made', async () => {
  const { lab, ec2 } = await ec2Lab();
  const call = awsCall(lab, 'scheduler');
  const create = (Name: string, more: object = {}) =>
    call('POST', `/schedules/${Name}`, {
      json: {
        ScheduleExpression: inMinutes(60),
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: terminateByTag,
        ActionAfterCompletion: 'DELETE',
        ...more,
      },
    });
  expect((await create('run-7', { ClientToken: 'a' })).status).toBe(200);
  expect((await create('run-7', { ClientToken: 'b' })).status).toBe(409);
  const refused = async (more: object) => {
    const { status, headers } = await create('other', more);
    return [status, headers.get('x-amzn-errortype')];
  };
  for (const wrong of [
    { ScheduleExpression: inMinutes(-5) },
    { ScheduleExpression: 'at(tomorrow)' },
    { ScheduleExpressionTimezone: 'Mars/Olympus' },
    { Target: { ...terminateByTag, Arn: 'arn:aws:scheduler:::aws-sdk:ec2:launchMissiles' } },
    { Target: { ...terminateByTag, RoleArn: 'me' } },
  ])
    expect(await refused(wrong)).toEqual([400, 'ValidationException']);
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: Images![0]!.ImageId,
      InstanceType: 'm6i.large',
      MinCount: 2,
      MaxCount: 2,
    }),
  );
  const [mine, other] = Instances!.map(it => it.InstanceId!);
  await ec2.send(new CreateTagsCommand({ Resources: [mine!], Tags: [{ Key: 'converge:run', Value: '7' }] }));
  const states = async () => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [mine!, other!] }));
    return Reservations![0]!.Instances!.map(it => it.State!.Name);
  };
  await states();
  await lab.command({ do: 'clock', offset: 59 * 60_000 });
  expect(await states()).toEqual(['running', 'running']);
  expect((await call('GET', '/schedules', {})).json.Schedules).toMatchObject([{ Name: 'run-7' }]);
  await lab.command({ do: 'clock', offset: 61 * 60_000 });
  expect(await states()).toEqual(['shutting-down', 'running']);
  expect(await states()).toEqual(['terminated', 'running']);
  expect((await call('GET', '/schedules/run-7', {})).status).toBe(404);
});

test('a rate runs on, and what its calls come to is kept', async () => {
  const { lab } = await ec2Lab();
  const call = awsCall(lab, 'scheduler');
  const Target = {
    Arn: 'arn:aws:scheduler:::aws-sdk:ec2:terminateInstances',
    RoleArn: role,
    Input: '{"InstanceIds":["i-00000000000000000"]}',
  };
  await call('POST', '/schedules/hourly', {
    json: { ScheduleExpression: 'rate(1 hour)', FlexibleTimeWindow: { Mode: 'OFF' }, Target },
  });
  await lab.command({ do: 'clock', offset: 3.5 * 3_600_000 });
  const { data } = await lab.command({ do: 'show' });
  const { runs } = (data as { ec2: { schedules: Record<string, { runs: { error: string }[] }> } }).ec2
    .schedules['default/hourly']!;
  expect(runs.map(({ error }) => error)).toEqual(
    Array.from({ length: 3 }, () => expect.stringContaining('does not exist')),
  );
  expect((await call('DELETE', '/schedules/hourly', {})).status).toBe(200);
  expect((await call('DELETE', '/schedules/hourly', {})).status).toBe(404);
});
