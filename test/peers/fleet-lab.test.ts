import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { describeWith, folder, run } from './s3-programs.ts';

describeWith('the lab’s fleet against the AWS CLI', 'aws', ['--version'], () => {
  it('pages, filters, checks, and an unknown instance', async () => {
    const lab = await openLab(join(folder(), 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
    onTestFinished(() => lab.close());
    await lab.command({ do: 'add-instances', environment: 'shop-prod', count: 12, type: 't3.medium' });
    const third = 'i-0f1ee700000000003';
    await lab.command({ do: 'set-instance', id: third, change: { instanceCheck: 'impaired' } });
    const aws = (...args: string[]) =>
      run('aws', ['ec2', ...args, '--endpoint-url', lab.api.url], {
        AWS_ACCESS_KEY_ID: lab.settings.s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: lab.settings.s3.secretAccessKey,
        AWS_DEFAULT_REGION: lab.settings.region,
        AWS_EC2_METADATA_DISABLED: 'true',
      });
    const filters = 'Name=tag:elasticbeanstalk:environment-name,Values=shop-prod';
    const listed = JSON.parse(await aws('describe-instances', '--filters', filters, '--page-size', '5'));
    expect(listed.Reservations.length).toBe(12);
    expect(listed.Reservations[2].Instances[0]).toMatchObject({
      InstanceId: third,
      State: { Code: 16, Name: 'running' },
      PrivateIpAddress: '10.0.0.13',
    });
    const status = JSON.parse(await aws('describe-instance-status', '--instance-ids', third));
    expect(status.InstanceStatuses).toMatchObject([
      { InstanceId: third, SystemStatus: { Status: 'ok' }, InstanceStatus: { Status: 'impaired' } },
    ]);
    const unknown = aws('describe-instance-status', '--instance-ids', 'i-0123456789abcdef0');
    await expect(unknown).rejects.toThrow('InvalidInstanceID.NotFound');
  }, 300_000);
});
