import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { awsMachines } from '../../src/aws/recovery/machines.ts';
import { awsSnapshots } from '../../src/aws/recovery/snapshots.ts';
import { awsTeardown } from '../../src/aws/recovery/teardown.ts';
import { awsTemplates } from '../../src/aws/recovery/templates.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { machineOf } from '../../src/recovery/failover/prepare.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import type { RunStart } from '../../src/recovery/failover/run.ts';
import { verifySnapshot } from '../../src/recovery/replica/verify.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { nobody } from '../recovery/begun.ts';
import { replicated, unhurried } from '../recovery/fixture.ts';
import { apart } from '../recovery/network.ts';
import { aMachine, commitImage } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { type Exchange, judged, recorder } from './aws-recorder.ts';
import { describeWith, folder } from './s3-programs.ts';

/** All that this product ever asks of EC2, EBS direct and Resolver, through a recorder. */
async function everything(): Promise<Exchange[]> {
  const lab = await openLab(join(folder(), 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => lab.close());
  const { region, s3: credentials } = lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  onTestFinished(() => ec2.destroy());
  const network = await apart(ec2);
  const { url, exchanges } = await recorder(lab.api.url);
  const random = new SeededRandom('client');
  const connection = await connectRecovery({ region, credentials, endpoint: url, clock: unhurried, random });
  onTestFinished(() => connection.close());
  const store = awsSnapshots(connection);
  const machines = awsMachines(connection);

  const { repository, vm, build } = await replicated({ lab, store });
  await commitImage(vm, bootBlock(), { point: { machine: aMachine } });
  await build();
  await commitImage(vm, Buffer.concat([bootBlock(), Buffer.alloc(9, 9)]), {
    point: { machine: { ...aMachine, firmware: 'bios' } },
  });
  const { disks, point } = await build({ keep: 1 });
  const reader = await vm.reader(point, point.disks[0]!);
  await verifySnapshot(reader, disks[0]!.snapshot, { store, random, sample: 9 });

  const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
  const start: RunStart = {
    version: 1,
    plan: 'web',
    number: 1,
    began: Date.now(),
    account: (await machines.network(network.subnet, network.group)).account,
    subnet: network.subnet,
    group: network.group,
    limit: 3_600_000,
    teardown: { role: 'arn:aws:iam::123456789012:role/converge-tear-down' },
    groups: [
      { machines: [machineOf(point, { vm: 'web01', instance_type: 'm6i.large' }, snapshots)], wait: 0 },
    ],
    probes: {
      web01: [
        { kind: 'status', within: 1_000 },
        { kind: 'console', text: 'partition', within: 1_000 },
        { kind: 'picture', within: 0 },
      ],
    },
  };
  const teardown = awsTeardown(connection);
  onTestFinished(() => teardown.close());
  const run = { start, steps: [] };
  const options = {
    repository,
    run,
    cloud: { machines, teardown },
    prober: nobody,
    clock: unhurried,
    step: async () => {},
  };
  await rehearse(options);
  await cleanUp(options);

  const templates = awsTemplates(connection);
  const says = {
    instance_type: 'm6i.large',
    subnet: network.subnet,
    security_groups: [network.group],
    key_pair: 'operators',
    tags: { team: 'web' },
  };
  await templates.create({ name: 'converge-web01', token: 'once', tags: { a: 'b' }, says });
  const { id, latest } = (await templates.find('converge-web01'))!;
  expect(await templates.change(id, says, latest)).toBe(true);
  // By its number EC2 tells that somebody else has made a version since.
  expect(await templates.change(id, says, latest)).toBe(false);
  await templates.remove(id);
  return exchanges;
}

const inRequest =
  (from: string, to: string) =>
  (it: Exchange): Exchange => ({
    ...it,
    request: Buffer.from(Buffer.from(it.request, 'base64').toString().replaceAll(from, to)).toString(
      'base64',
    ),
  });

describeWith('the recovery client against AWS’s models', 'python3', ['-c', 'import botocore'], () => {
  it('every request and every answer is of the model; three mutations are not', async () => {
    const exchanges = await everything();
    const seen = await judged(exchanges);
    expect(seen).toEqual(
      expect.arrayContaining([
        'ebs:CompleteSnapshot',
        'ebs:GetSnapshotBlock',
        'ebs:ListSnapshotBlocks',
        'ebs:PutSnapshotBlock',
        'ebs:StartSnapshot',
        'ec2:DeleteSnapshot',
        'ec2:DeregisterImage',
        'ec2:DescribeVpcEndpoints',
        'ec2:GetConsoleScreenshot',
        'ec2:ModifyLaunchTemplate',
        'ec2:RegisterImage',
        'ec2:RunInstances',
        'ec2:TerminateInstances',
        'scheduler:CreateSchedule',
        'scheduler:DeleteSchedule',
        'scheduler:GetSchedule',
        'scheduler:ListSchedules',
        'route53resolver:ListResolverRuleAssociations',
      ]),
    );
    for (const [action, from, to, fault] of [
      ['RunInstances', 'ClientToken=', 'ClientTokens=', 'unknown parameter'],
      ['RegisterImage', 'Architecture=x86_64', 'Architecture=x86_65', 'is not in the enum'],
      ['RunInstances', 'MinCount=1', 'MinCount=one', 'integer'],
    ] as const) {
      const found = exchanges.find(({ request }) =>
        Buffer.from(request, 'base64').toString().includes(`Action=${action}&`),
      )!;
      await expect(judged([inRequest(from, to)(found)])).rejects.toThrow(fault);
    }
  }, 300_000);
});
