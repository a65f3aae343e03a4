import { randomFillSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { operationsOf } from '../../src/lab/aws-model/operations.ts';
import { openLab } from '../../src/lab/lab.ts';
import { type Exchange, judged, recorder } from './aws-recorder.ts';
import { describeWith, folder, run } from './s3-programs.ts';

/** A lab behind a recorder, and what its clients need to know. */
async function lab() {
  const opened = await openLab(join(folder(), 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
  onTestFinished(() => opened.close());
  const { url, exchanges } = await recorder(opened.api.url);
  const { region, s3 } = opened.settings;
  const env = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const aws = async (...args: string[]) =>
    JSON.parse((await run('aws', [...args, '--endpoint-url', url, '--output', 'json'], env)) || 'null');
  return { opened, url, exchanges, env, region, aws };
}

/** The exchange of an operation with its answer or request changed. */
function mutated(
  exchanges: readonly Exchange[],
  action: string,
  change: (it: Exchange) => Exchange,
): Exchange[] {
  const found = exchanges.find(
    ({ request, status }) =>
      status === 200 && Buffer.from(request, 'base64').toString().includes(`Action=${action}&`),
  );
  if (!found) throw new Error(`no ${action} was recorded`);
  return [change(found)];
}
const inAnswer = (from: string, to: string) => (it: Exchange) => ({
  ...it,
  answer: replaced(it.answer, from, to),
});
const inRequest = (from: string, to: string) => (it: Exchange) => ({
  ...it,
  request: replaced(it.request, from, to),
});
function replaced(body: string, from: string, to: string): string {
  const text = Buffer.from(body, 'base64').toString();
  if (!text.includes(from)) throw new Error(`${from} is not there to be changed`);
  return Buffer.from(text.replaceAll(from, to)).toString('base64');
}

describeWith('the lab’s EC2 against boto3 and AWS’s models', 'python3', ['-c', 'import boto3'], () => {
  it('boto3 gets all of it, and every request and answer is of the model; mutations are not', async () => {
    const { url, exchanges, env, region } = await lab();
    const script = join(import.meta.dirname, 'ec2-lab-boto3.py');
    expect(await run('python3', [script, url, region], env)).toBe('all of it\n');
    const all = Object.entries(operationsOf).flatMap(([service, names]) =>
      names.map(name => `${service}:${name}`),
    );
    expect(await judged(exchanges)).toEqual(all.sort());
    for (const [action, change, fault] of [
      ['DescribeInstances', inAnswer('instanceId>', 'instanceID>'), 'unknown element'],
      ['DescribeVolumes', inAnswer('<encrypted>false<', '<encrypted>no<'), 'is not a boolean'],
      ['CreateVolume', inRequest('VolumeType=gp3', 'VolumeType=gp33'), 'is not in the enum'],
      ['RunInstances', inRequest('ClientToken=', 'ClientTokens='), 'unknown parameter'],
    ] as const)
      await expect(judged(mutated(exchanges, action, change))).rejects.toThrow(fault);
  }, 300_000);
});

describeWith('the lab’s EC2 against the AWS CLI', 'aws', ['--version'], () => {
  it('launches, looks, tags and ends', async () => {
    const { aws, exchanges } = await lab();
    const [image] = (await aws('ec2', 'describe-images', '--owners', 'amazon')).Images;
    const { Instances } = await aws(
      ...['ec2', 'run-instances', '--image-id', image.ImageId, '--instance-type', 'm6i.large'],
      ...['--tag-specifications', 'ResourceType=instance,Tags=[{Key=Name,Value=cli}]'],
    );
    const id = Instances[0].InstanceId;
    await aws('ec2', 'describe-instances', '--instance-ids', id);
    const seen = await aws('ec2', 'describe-instances', '--filters', 'Name=tag:Name,Values=cli');
    expect(seen.Reservations[0].Instances[0]).toMatchObject({ InstanceId: id, State: { Name: 'running' } });
    const wrong = aws(
      'ec2',
      'attach-volume',
      '--volume-id',
      'vol-1',
      '--instance-id',
      id,
      '--device',
      '/dev/sdf',
    );
    await expect(wrong).rejects.toThrow('InvalidParameterValue');
    await aws('ec2', 'terminate-instances', '--instance-ids', id);
    expect((await judged(exchanges)).length).toBe(5);
  }, 120_000);
});

describeWith('the lab’s EBS direct against coldsnap', 'coldsnap', ['--help'], () => {
  it('uploads with a parent and without, and downloads the same bytes', async () => {
    const { opened, url, exchanges, env, region } = await lab();
    const dir = folder();
    const ec2 = new EC2Client({
      endpoint: url,
      region,
      credentials: opened.settings.s3,
      maxAttempts: 1,
    });
    onTestFinished(() => ec2.destroy());
    const coldsnap = (...args: string[]) =>
      run('coldsnap', ['--endpoint', url, '--region', region, ...args], env);
    const disk = Buffer.alloc(16 * 524_288);
    randomFillSync(disk, 3 * 524_288, 2 * 524_288);
    const upload = async (name: string, ...more: string[]) => {
      writeFileSync(join(dir, name), disk);
      const said = await coldsnap('upload', '--no-progress', ...more, join(dir, name));
      const id = /snap-[0-9a-f]+/.exec(said)![0];
      await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
      return id;
    };
    const download = async (id: string) => {
      await coldsnap('download', '--no-progress', id, join(dir, id));
      return readFileSync(join(dir, id)).subarray(0, disk.length);
    };
    const parent = await upload('parent');
    expect((await download(parent)).equals(disk)).toBe(true);
    randomFillSync(disk, 9 * 524_288, 524_288);
    disk.fill(0, 3 * 524_288, 4 * 524_288);
    const child = await upload('child', '--parent-snapshot-id', parent);
    expect((await download(child)).equals(disk)).toBe(true);
    expect(await judged(exchanges)).toContain('ebs:PutSnapshotBlock');
  }, 300_000);
});
