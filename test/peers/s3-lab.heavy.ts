import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { credentials, InstantClock, openLab, region, type TestLab } from '../lab/s3/fixture.ts';
import { describeWith, folder, run } from './s3-programs.ts';

/** Foreign clients judge the lab's S3. */
let lab: TestLab;
beforeEach(async () => {
  // The clients compare times of files with times of objects.
  const clock = new InstantClock();
  clock.now = Date.now;
  lab = await openLab({ clock });
});

const aws = {
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
};

/** A tree of files: small, empty, odd names, one beyond the multipart threshold of the clients. */
function tree(dir: string): string[] {
  mkdirSync(join(dir, 'deep/er'), { recursive: true });
  const files = { 'a b+c.txt': 10, 'ü (1).txt': 1000, 'deep/er/x': 1, 'deep/empty': 0, big: 20_000_000 };
  for (const [name, size] of Object.entries(files)) writeFileSync(join(dir, name), randomBytes(size));
  return Object.keys(files);
}

function expectSameTree(names: string[], one: string, other: string): void {
  for (const name of names) {
    expect(readFileSync(join(other, name)).equals(readFileSync(join(one, name))), name).toBe(true);
  }
}

describeWith('the AWS CLI against the lab', 'aws', ['--version'], () => {
  const cli = (...args: string[]) => run('aws', ['--endpoint-url', lab.url, ...args], aws);

  it('syncs a tree there and back, moves and removes', async () => {
    const [from, to] = [folder(), folder()];
    const names = tree(from);
    await cli('s3', 'mb', 's3://cli-bucket');
    await cli('s3', 'sync', from, 's3://cli-bucket/tree');
    expect(await cli('s3', 'sync', '--no-progress', from, 's3://cli-bucket/tree')).toBe('');
    await cli('s3', 'sync', 's3://cli-bucket/tree', to);
    expectSameTree(names, from, to);
    await cli('s3', 'mv', 's3://cli-bucket/tree/big', 's3://cli-bucket/moved');
    const listed = await cli('s3', 'ls', '--recursive', 's3://cli-bucket');
    expect(listed).toMatch(/20000000 moved\n/);
    expect(listed).not.toMatch(/tree\/big/);
    await cli('s3', 'rb', '--force', 's3://cli-bucket');
    expect(await cli('s3', 'ls')).toBe('');
  }, 120_000);

  it('sees conditions, versions and settings', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'f'), 'content');
    const s3api = async (...args: string[]) => JSON.parse((await cli('s3api', ...args)) || '{}');
    await cli('s3', 'mb', 's3://cli-bucket');
    const at = ['--bucket', 'cli-bucket', '--key', 'k'];
    const put = (...more: string[]) => s3api('put-object', ...at, '--body', join(dir, 'f'), ...more);
    const { ETag } = await put('--if-none-match', '*', '--checksum-algorithm', 'SHA256');
    await expect(put('--if-none-match', '*')).rejects.toThrow('PreconditionFailed');
    await put('--if-match', ETag);
    await s3api(
      'put-bucket-versioning',
      '--bucket',
      'cli-bucket',
      '--versioning-configuration',
      'Status=Enabled',
    );
    await put();
    expect((await s3api('list-object-versions', '--bucket', 'cli-bucket')).Versions).toHaveLength(2);
    const rules = {
      Rules: [
        {
          ID: 'a',
          Status: 'Enabled',
          Filter: { Prefix: '' },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
      ],
    };
    await s3api(
      'put-bucket-lifecycle-configuration',
      '--bucket',
      'cli-bucket',
      '--lifecycle-configuration',
      JSON.stringify(rules),
    );
    expect((await s3api('get-bucket-lifecycle-configuration', '--bucket', 'cli-bucket')).Rules).toEqual(
      rules.Rules,
    );
    const block = await s3api('get-public-access-block', '--bucket', 'cli-bucket');
    expect(block.PublicAccessBlockConfiguration.RestrictPublicBuckets).toBe(true);
  }, 120_000);
});

describeWith('boto3 against the lab', 'python3', ['-c', 'import boto3'], () => {
  it('is content with all it does', async () => {
    const script = join(import.meta.dirname, 's3-lab-boto3.py');
    expect(await run('python3', [script, lab.url, region], aws)).toContain('boto3 is content');
  }, 120_000);
});

describeWith('rclone against the lab', 'rclone', ['version'], () => {
  it('copies, checks, syncs and purges a tree', async () => {
    const [from, to] = [folder(), folder()];
    const names = tree(from);
    const env = {
      RCLONE_CONFIG: join(to, '../rclone-none.conf'),
      RCLONE_CONFIG_LAB_TYPE: 's3',
      // With AWS as provider it insists on host names.
      RCLONE_CONFIG_LAB_PROVIDER: 'Other',
      RCLONE_CONFIG_LAB_ENV_AUTH: 'true',
      RCLONE_CONFIG_LAB_REGION: region,
      RCLONE_CONFIG_LAB_LOCATION_CONSTRAINT: region,
      RCLONE_CONFIG_LAB_ENDPOINT: lab.url,
      RCLONE_CONFIG_LAB_FORCE_PATH_STYLE: 'true',
      RCLONE_CONFIG_LAB_UPLOAD_CUTOFF: '5Mi',
      RCLONE_CONFIG_LAB_CHUNK_SIZE: '5Mi',
      ...aws,
    };
    const rclone = (...args: string[]) => run('rclone', args, env);
    await rclone('mkdir', 'lab:rc-bucket');
    await rclone('copy', from, 'lab:rc-bucket/tree');
    await rclone('check', from, 'lab:rc-bucket/tree', '--download');
    await rclone('copy', 'lab:rc-bucket/tree', to);
    expectSameTree(names, from, to);
    await rclone('delete', 'lab:rc-bucket/tree/deep');
    expect((await rclone('lsf', '-R', 'lab:rc-bucket')).split('\n').sort()).toEqual([
      '',
      'tree/',
      'tree/a b+c.txt',
      'tree/big',
      'tree/ü (1).txt',
    ]);
    await rclone('purge', 'lab:rc-bucket');
    expect(await rclone('lsd', 'lab:')).toBe('');
    expect(readdirSync(join(lab.dir, 'blobs'))).toEqual([]);
  }, 120_000);
});
