import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { type AwsRecovery, recoveryOver } from '../../src/aws/recovery/cloud.ts';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { fitFor, machineOf } from '../../src/recovery/failover/prepare.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import type { ReplicaDisk } from '../../src/recovery/replica/build.ts';
import { verifySnapshot } from '../../src/recovery/replica/verify.ts';
import type { RunStart } from '../../src/recovery/run/run.ts';
import { makeShell } from '../../src/recovery/shell/own.ts';
import type { Point } from '../../src/replication/model/point.ts';
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
  const cloud = recoveryOver(connection);
  onTestFinished(() => cloud.close());
  const { machines, snapshots: store } = cloud;

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
    account: (await machines.network([network.subnet], network.group)).account,
    subnet: network.subnet,
    group: network.group,
    limit: 3_600_000,
    teardown: { role: 'arn:aws:iam::123456789012:role/converge-tear-down' },
    groups: [{ machines: [machineOf(point, { vm: 'web01' }, { type: 'm6i.large' }, snapshots)], wait: 0 }],
    probes: {
      web01: [
        { kind: 'status', within: 1_000 },
        { kind: 'console', text: 'partition', within: 1_000 },
        { kind: 'picture', within: 0 },
      ],
    },
  };
  const run = { start, steps: [] };
  const options = { repository, run, cloud, prober: nobody, clock: unhurried, step: async () => {} };
  await rehearse(options);
  await cleanUp(options);

  await shells(cloud, { repository, disks, point, network });

  const { templates } = cloud;
  const says = {
    instance_type: 'm6i.large',
    subnet: network.subnet,
    quarantine: network.group,
    key_pair: 'operators',
    tags: { team: 'web' },
    later: { security_groups: [network.group] },
  };
  await templates.create({ name: 'converge-web01', token: 'once', tags: { a: 'b' }, says });
  const { id, latest } = (await templates.find('converge-web01'))!;
  expect(await templates.change(id, says, latest)).toBe(true);
  // By its number EC2 tells that somebody else has made a version since.
  expect(await templates.change(id, says, latest)).toBe(false);
  await templates.remove(id);
  return exchanges;
}

/** The way of Windows: a shell of its own, a root that can't be exchanged by EC2, all of it done by hand. */
async function shells(
  cloud: AwsRecovery,
  {
    repository,
    disks,
    point,
    network,
  }: Pick<Awaited<ReturnType<typeof replicated>>, 'repository'> & {
    disks: ReplicaDisk[];
    point: Point;
    network: { subnet: string; group: string };
  },
): Promise<void> {
  const machine = { ...point.machine!, guest_id: 'windows2019srv_64Guest' };
  const step = async () => {};
  await makeShell({
    of: { repository: repository.id, vm: point.vm.uuid, machine, license: 'byol' },
    ...{ name: 'win01', snapshot: disks[0]!.snapshot, cloud, clock: unhurried, step },
  });
  const ofWindows = { ...point, machine };
  for (const [number, shell] of (['stock', 'own'] as const).entries()) {
    const target = { vm: 'win01', license: shell === 'own' ? ('byol' as const) : ('aws' as const), shell };
    const fits = await fitFor(ofWindows, target, repository.id, cloud);
    const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
    const start: RunStart = {
      version: 1,
      plan: 'win',
      number,
      began: unhurried.now(),
      account: (await cloud.machines.network([network.subnet], network.group)).account,
      subnet: network.subnet,
      group: network.group,
      groups: [{ machines: [machineOf(ofWindows, target, fits, snapshots)], wait: 0 }],
      limit: 3_600_000,
      probes: { win01: [{ kind: 'status', within: 1_000 }] },
    };
    const options = { repository, run: { start, steps: [] }, cloud, prober: nobody, clock: unhurried, step };
    await rehearse(options);
    await cleanUp(options);
  }
  await cloud.groups.keyPairs();
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
        'ec2:CreateReplaceRootVolumeTask',
        'ec2:CreateSecurityGroup',
        'ec2:CreateVolume',
        'ec2:DeleteSnapshot',
        'ec2:DeregisterImage',
        'ec2:DescribeVpcEndpoints',
        'ec2:GetConsoleScreenshot',
        'ec2:DescribeInstanceTypes',
        'ec2:ImportImage',
        'ec2:ModifyLaunchTemplate',
        'ec2:RegisterImage',
        'ec2:RunInstances',
        'ec2:TerminateInstances',
        'scheduler:CreateSchedule',
        'scheduler:DeleteSchedule',
        'scheduler:GetSchedule',
        'scheduler:ListSchedules',
        'route53:ListHostedZonesByVPC',
        'route53profiles:ListProfileAssociations',
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
