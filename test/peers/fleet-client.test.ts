import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { ec2Fleet } from '../../src/aws/fleet.ts';
import { InstantClock, realRandom, region } from '../lab/s3/fixture.ts';
import { describeWith, served } from './s3-programs.ts';

const credentials = { accessKeyId: 'PEERKEY', secretAccessKey: 'peer/secret' };

describeWith('our client for fleets against moto', 'moto_server', ['--help'], () => {
  const server = served(port => ({ program: 'moto_server', args: ['-H', '127.0.0.1', '-p', String(port)] }));

  it('finds the instances of an environment by tag, and what is wrong with them', async () => {
    const common = { region, endpoint: server.url, credentials };
    const ec2 = new EC2Client(common);
    onTestFinished(() => ec2.destroy());
    await ec2.send(new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 5, MaxCount: 5 }));
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
    const ids = Reservations.flatMap(({ Instances = [] }) => Instances.map(it => it.InstanceId!)).sort();
    const [other, ended, stopped, ...running] = ids as [string, string, string, ...string[]];
    const tagged = (Resources: string[], Value: string) =>
      ec2.send(
        new CreateTagsCommand({ Resources, Tags: [{ Key: 'elasticbeanstalk:environment-name', Value }] }),
      );
    await tagged([other], 'shop-prod-2');
    await tagged([ended, stopped, ...running], 'shop-prod');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [ended] }));
    await ec2.send(new StopInstancesCommand({ InstanceIds: [stopped] }));

    const fleet = ec2Fleet({ ...common, clock: new InstantClock(), random: realRandom });
    onTestFinished(() => fleet.close());
    const found = await fleet.instances('shop-prod');
    expect(found.map(({ id, state }) => `${id} ${state}`)).toEqual(
      [`${stopped} stopped`, ...running.map(id => `${id} running`)].sort(),
    );
    for (const { privateIp, launched } of found) {
      expect(privateIp).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(launched).toBeGreaterThan(0);
    }
    const gone = 'i-0123456789abcdef0';
    expect(await fleet.ill([stopped, ...running, gone])).toEqual(
      new Map([
        [stopped, 'it is stopped'],
        [gone, 'it no longer exists'],
      ]),
    );
  });
});
