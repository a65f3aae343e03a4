import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { type Lab, openLab } from '../../src/lab/lab.ts';
import { describeWith, folder, run } from './s3-programs.ts';

describeWith('the lab’s secrets against the AWS CLI', 'aws', ['--version'], () => {
  let lab: Lab;
  let dir: string;
  beforeEach(async () => {
    dir = folder();
    lab = await openLab(join(dir, 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
  });
  const aws = (args: string[], key = lab.settings.s3.secretAccessKey) =>
    run('aws', [...args, '--endpoint-url', lab.api.url], {
      AWS_ACCESS_KEY_ID: lab.settings.s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key,
      AWS_DEFAULT_REGION: lab.settings.region,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  const valueIn = (name: string) => {
    writeFileSync(join(dir, name), 'pä"ss\'w$&örd\nnext<&>');
    return `file://${join(dir, name)}`;
  };

  it('parameters', async () => {
    onTestFinished(() => lab.close());
    const put = ['ssm', 'put-parameter', '--name', '/a/b', '--type', 'SecureString', '--value', valueIn('v')];
    expect(JSON.parse(await aws(put)).Version).toBe(1);
    await expect(aws(put)).rejects.toThrow('ParameterAlreadyExists');
    expect(JSON.parse(await aws([...put, '--overwrite'])).Version).toBe(2);
    const get = (name: string, ...more: string[]) => aws(['ssm', 'get-parameter', '--name', name, ...more]);
    const { Parameter } = JSON.parse(await get('/a/b', '--with-decryption'));
    expect(Parameter.Value).toBe('pä"ss\'w$&örd\nnext<&>');
    expect(JSON.parse(await get(Parameter.ARN)).Parameter.Value).not.toContain('next');
    await expect(get('/nowhere')).rejects.toThrow('ParameterNotFound');
    await expect(aws(['ssm', 'get-parameter', '--name', '/a/b'], 'guessed')).rejects.toThrow(
      'InvalidSignature',
    );
  }, 60_000);

  it('secrets, and tags', async () => {
    onTestFinished(() => lab.close());
    const manager = (...args: string[]) => aws(['secretsmanager', ...args]);
    const made = JSON.parse(await manager('create-secret', '--name', 'a/b', '--secret-string', valueIn('v')));
    await manager('put-secret-value', '--secret-id', 'a/b', '--secret-string', 'second');
    const got = JSON.parse(await manager('get-secret-value', '--secret-id', made.ARN));
    expect(got).toMatchObject({ Name: 'a/b', SecretString: 'second' });
    await expect(manager('get-secret-value', '--secret-id', 'x')).rejects.toThrow(
      'ResourceNotFoundException',
    );
    await lab.command({ do: 'instance', change: { tags: { Name: 'a & b' } } });
    const filters = ['Name=key,Values=Name', 'Name=resource-type,Values=instance'];
    const tags = JSON.parse(await aws(['ec2', 'describe-tags', '--filters', ...filters]));
    expect(tags.Tags).toMatchObject([{ Key: 'Name', Value: 'a & b', ResourceType: 'instance' }]);
  }, 60_000);
});
