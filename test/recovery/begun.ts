import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, onTestFinished } from 'vitest';
import { recoveryOver } from '../../src/aws/recovery/cloud.ts';
import type { RehearseOptions } from '../../src/recovery/failover/options.ts';
import { machineOf } from '../../src/recovery/failover/prepare.ts';
import { SERIES } from '../../src/recovery/model/plan.ts';
import type { Prober } from '../../src/recovery/model/probes.ts';
import { newestRun } from '../../src/recovery/run/keep.ts';
import type { RunMachine, RunStart } from '../../src/recovery/run/run.ts';
import type { PointDisk } from '../../src/replication/model/point.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { aMachine, commitImage } from '../support/repository.ts';
import { cloud, replicated, unhurried } from './fixture.ts';
import { apart } from './network.ts';

export const hour = 3_600_000;
export const role = 'arn:aws:iam::123456789012:role/converge-tear-down';
export const firmware = { ...aMachine, firmware: 'bios' as const };

/** Nothing is reached from here, as of a network that is apart. */
export const nobody: Prober = {
  tcp: async () => ({ state: 'silent', why: 'nothing came back' }),
  http: async () => ({ state: 'silent', why: 'nothing came back' }),
};

/** What the machine has, where it isn't one small disk that boots. */
export interface Begun {
  image: Buffer;
  disk: Partial<PointDisk>;
}

/** Everything that a run needs, and a run of these machines that has begun. */
export async function begun(
  more:
    | Partial<RunStart>
    | ((made: { ec2: EC2Client; vpc: string; machine: RunMachine }) => Promise<Partial<RunStart>>) = {},
  vms = ['web01'],
  { image = bootBlock(), disk = {} }: Partial<Begun> = {},
) {
  const aws = await cloud();
  const { region, s3: credentials } = aws.lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: aws.lab.api.url, maxAttempts: 1 });
  onTestFinished(() => ec2.destroy());
  const inS3 = { ...aws.connection.settings, endpoint: aws.lab.s3.url };
  const recovery = recoveryOver(aws.connection, undefined, inS3);
  onTestFinished(() => recovery.close());
  const { machines } = recovery;
  const network = await apart(ec2, true);
  const { repository, vm, build } = await replicated(aws);
  await commitImage(vm, image, { point: { machine: firmware }, disk });
  const { disks, point } = await build();
  const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
  const machineFor = (title: string) => machineOf(point, { vm: title }, { type: 'm6i.large' }, snapshots);
  const start: RunStart = {
    version: 1,
    plan: 'web',
    number: 1,
    began: Date.now(),
    account: (await machines.network([network.subnet], network.group)).account,
    subnet: network.subnet,
    group: network.group,
    limit: hour,
    teardown: { role },
    groups: vms.map(title => ({
      machines: [machineFor(title)],
      wait: 0,
    })),
    probes: Object.fromEntries(vms.map(title => [title, [{ kind: 'status' as const, within: 60_000 }]])),
    ...(typeof more === 'function'
      ? await more({ ec2, vpc: network.vpc, machine: machineFor(vms[0]!) })
      : more),
  };
  expect(await repository.records.add('web', SERIES.run, 1, start)).toBe(true);
  const at = async (step: (name: string) => Promise<void> = async () => {}): Promise<RehearseOptions> => ({
    repository,
    run: (await newestRun(repository, 'web'))!,
    cloud: recovery,
    prober: nobody,
    clock: unhurried,
    step,
  });
  // The lab's own instance is another one.
  const all = async () =>
    (await ec2.send(new DescribeInstancesCommand({})))
      .Reservations!.flatMap(it => it.Instances!)
      .filter(it => it.LaunchTime!.getTime() > 0);
  return { ...aws, ec2, machines, recovery, network, repository, vm, build, at, all, point, disks };
}

/** A step that dies when it comes to the one of this name. */
export const killedBefore =
  (step: string) =>
  async (name: string): Promise<void> => {
    if (name === step) throw new Error('killed');
  };
