import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { expect, it, onTestFinished } from 'vitest';
import { describeTagsBy } from '../../src/aws/describe-tags.ts';
import { thisInstance } from '../../src/aws/instance.ts';
import { instanceMetadata } from '../../src/aws/instance-metadata.ts';
import { connectSecrets } from '../../src/aws/secrets.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { InstantClock, realRandom, region } from '../lab/s3/fixture.ts';
import { describeWith, served } from './s3-programs.ts';

const credentials = { accessKeyId: 'PEERKEY', secretAccessKey: 'peer/secret' };
const value = 'pä"ss\'w$&örd\\n\nnext<&>';

describeWith('our clients for secrets and tags against moto', 'moto_server', ['--help'], () => {
  const server = served(port => ({ program: 'moto_server', args: ['-H', '127.0.0.1', '-p', String(port)] }));
  const common = () => ({ region, endpoint: server.url, credentials });
  const ours = () => {
    const stores = connectSecrets({ ...common(), clock: new InstantClock(), random: realRandom });
    onTestFinished(() => stores.close());
    return stores;
  };

  it('reads parameters by name, version and ARN, decrypted', async () => {
    const ssm = new SSMClient(common());
    await ssm.send(new PutParameterCommand({ Name: '/shop/db', Value: value, Type: 'SecureString' }));
    const { parameter } = ours();
    expect(await parameter('/shop/db')).toBe(value);
    expect(await parameter('/shop/db:1')).toBe(value);
    expect(await parameter(`arn:aws:ssm:${region}:123456789012:parameter/shop/db`)).toBe(value);
    expect((await diagnosticOf(parameter('/nowhere'))).message).toContain('has no parameter /nowhere');
    expect((await diagnosticOf(parameter('/shop/db:9'))).code).toBe('secret-missing');
  });

  it('reads secrets by name and ARN', async () => {
    const manager = new SecretsManagerClient(common());
    const { ARN } = await manager.send(new CreateSecretCommand({ Name: 'shop/db', SecretString: value }));
    await manager.send(new CreateSecretCommand({ Name: 'bytes', SecretBinary: Buffer.from('x') }));
    const { secret } = ours();
    expect(await secret('shop/db')).toBe(value);
    expect(await secret(ARN!)).toBe(value);
    expect((await diagnosticOf(secret('nowhere'))).message).toContain('has no secret nowhere');
    expect((await diagnosticOf(secret('bytes'))).message).toContain('no text');
  });

  it('reads the tags of an instance', async () => {
    const ec2 = new EC2Client(common());
    const run = { ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1 };
    await ec2.send(new RunInstancesCommand(run));
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({}));
    const instanceId = Reservations![0]!.Instances![0]!.InstanceId!;
    const Tags = [{ Key: 'elasticbeanstalk:environment-name', Value: 'shop & co' }];
    await ec2.send(new CreateTagsCommand({ Resources: [instanceId], Tags }));
    const { region: _, ...settings } = common();
    const describe = describeTagsBy({ ...settings, clock: new InstantClock(), random: realRandom });
    const identity = { instanceId, region } as Parameters<typeof describe>[0];
    expect(await describe(identity)).toEqual({ 'elasticbeanstalk:environment-name': 'shop & co' });
  });
});

describeWith(
  'our client for instance metadata against AWS’s mock',
  'ec2-metadata-mock',
  ['--version'],
  () => {
    const server = served(port => ({
      program: 'ec2-metadata-mock',
      args: ['--imdsv2', '--hostname', '127.0.0.1', '--port', String(port)],
    }));

    it('reads the identity document with a session token', async () => {
      const instance = thisInstance(instanceMetadata({ endpoint: server.url }), async () => ({}));
      expect(await instance.identity()).toMatchObject({ instanceId: expect.stringMatching(/^i-[0-9a-f]+$/) });
      // The mock is told that version 1 is off.
      expect((await fetch(`${server.url}/latest/meta-data/instance-id`)).status).toBe(401);
    });
  },
);
