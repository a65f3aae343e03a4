import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { type CliResult, cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests/lab');
const repository = ['--repository', 's3://gdh-vm-replication/dr'];

function expectClear({ code, stderr }: CliResult, expected: number, ...parts: (string | RegExp)[]) {
  expect(code, stderr).toBe(expected);
  for (const part of parts) expect(stderr).toMatch(part);
  expect(stderr).not.toMatch(/\n\s+at /);
}

/** A manifest for one VM at `url`; the bucket part is left to the lab's S3. */
const vm = (home: string, s3: string, name = 'dc02') => `converge: 1
targets:
  home: { type: vsphere, url: ${home} }
  dr: { type: aws, region: eu-west-1, ${s3} }
resources:
  bucket: { dr-bucket: { versioning: true } }
  protected_vm:
    ${name}: { repository: s3://dr-bucket/dr, schedule: every 15 minutes }
`;

/**
 * The lab's endpoints under the names of real targets: what a user's mistakes against real servers look like.
 */
async function withServedLab(
  use: (
    lab: Awaited<ReturnType<typeof openLab>>,
    s3: string,
    env: Record<string, string>,
    dir: string,
  ) => Promise<void>,
): Promise<void> {
  const dir = await scratch();
  const lab = await openLab(join(dir, 'lab'), { host: nodeHost(), seeded: true, lockTimeout: 0 });
  try {
    const { s3 } = lab.settings;
    const env = { S3_ID: s3.accessKeyId, S3_SECRET: s3.secretAccessKey, VC: lab.settings.vsphere.password };
    await use(
      lab,
      `endpoint: "${lab.s3.url}", access_key_id: ${s3.accessKeyId}, secret_access_key: "\${secret('env:S3_SECRET')}"`,
      env,
      dir,
    );
  } finally {
    await lab.close();
  }
}

describe('what vCenter answers', () => {
  const user = 'username: administrator@vsphere.local';
  const password = `password: "\${secret('env:VC')}"`;

  test('unreachable: the host is named, S3 is still planned, exit 4', () =>
    withServedLab(async (lab, s3, env, dir) => {
      await writeFile(
        join(dir, 'm.yaml'),
        vm(`https://127.0.0.1:9, ${user}, ${password}, ca: "${lab.vsphere.caFile}"`, s3),
      );
      const result = await cli(dir, ['plan', 'm.yaml'], { env });
      expectClear(result, 4, '127.0.0.1:9');
      expect(result.stdout).toContain('bucket:dr-bucket');
    }));

  test('wrong password: the user is named, the password is not', () =>
    withServedLab(async (lab, s3, env, dir) => {
      await writeFile(
        join(dir, 'm.yaml'),
        vm(`"${lab.vsphere.url}", ${user}, ${password}, ca: "${lab.vsphere.caFile}"`, s3),
      );
      const result = await cli(dir, ['plan', 'm.yaml'], { env: { ...env, VC: 'not-the-password-1' } });
      expectClear(result, 4, 'administrator@vsphere.local', /password|log in/);
      expect(result.stderr + result.stdout).not.toContain('not-the-password-1');
    }));

  test('a certificate that nobody vouches for: the fingerprint and the way to pin it', () =>
    withServedLab(async (lab, s3, env, dir) => {
      await writeFile(join(dir, 'm.yaml'), vm(`"${lab.vsphere.url}", ${user}, ${password}`, s3));
      expectClear(await cli(dir, ['plan', 'm.yaml'], { env }), 4, /certificate/, /sha256/);
    }));

  test('a missing secret is named by its reference', () =>
    withServedLab(async (lab, s3, { VC: _, ...env }, dir) => {
      await writeFile(
        join(dir, 'm.yaml'),
        vm(`"${lab.vsphere.url}", ${user}, ${password}, ca: "${lab.vsphere.caFile}"`, s3),
      );
      const result = await cli(dir, ['plan', 'm.yaml'], { env });
      expect(result.code, result.stderr).toBe(4);
      expect(result.stderr).toContain('env:VC');
    }));

  test('a VM that is not there: nearest names', () =>
    withServedLab(async (lab, s3, env, dir) => {
      await writeFile(
        join(dir, 'm.yaml'),
        vm(`"${lab.vsphere.url}", ${user}, ${password}, ca: "${lab.vsphere.caFile}"`, s3, 'dc03'),
      );
      expectClear(await cli(dir, ['plan', 'm.yaml'], { env }), 4, 'dc03', 'dc02');
    }));

  test('two VMs of one name: both UUIDs', () =>
    withServedLab(async (lab, s3, env, dir) => {
      const uuid = '564d1111-2222-3333-4444-555566667777';
      await lab.command({ do: 'add-vm', name: 'dc02', disks: [{ bytes: 1 << 20 }], uuid, force: true });
      await writeFile(
        join(dir, 'm.yaml'),
        vm(`"${lab.vsphere.url}", ${user}, ${password}, ca: "${lab.vsphere.caFile}"`, s3),
      );
      expectClear(await cli(dir, ['plan', 'm.yaml'], { env }), 4, uuid, /UUID/i);
    }));
});

test('a bucket that belongs to somebody else is named, and nothing is put into it', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  await cli(dir, ['plan', manifests, ...lab]);
  await cli(dir, ['lab', 'foreign-bucket', 'gdh-vm-replication', ...lab]);
  for (const command of ['plan', 'apply']) {
    const result = await cli(dir, [command, manifests, ...lab]);
    expectClear(result, 4, 'gdh-vm-replication', /somebody else|another account/, /\n1 error\n$/);
    expect(result.stdout).toContain('waits for bucket:gdh-vm-replication, which could not be observed');
  }
});

describe('a repository', () => {
  async function protectedOnce() {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    expect((await cli(dir, ['apply', manifests, ...lab, '--except', 'raw_image'])).code).toBe(0);
    return { dir, lab };
  }
  const objects = async (dir: string) => {
    const all = await readdir(join(dir, 'lab/s3'), { recursive: true });
    return all.map(name => join(dir, 'lab/s3', name));
  };

  test('damaged: verify names it, restore writes no wrong byte', async () => {
    const { dir, lab } = await protectedOnce();
    const pack = await largest(await objects(dir));
    const bytes = await readFile(pack);
    bytes[Math.floor(bytes.length / 2)]! ^= 0x40;
    await writeFile(pack, bytes);
    const results: CliResult[] = [];
    for (const name of ['dc02', 'sql01'])
      results.push(await cli(dir, ['restore', name, ...repository, '--to', join(dir, name), ...lab]));
    const broken = results.filter(({ code }) => code !== 0);
    expect(broken.length).toBeGreaterThan(0);
    for (const result of broken) expectClear(result, 4, /damaged|does not|doesn't/);
    // What is whole of it stays for another try, under a name that nobody takes for a disk.
    const made = (await readdir(dir, { recursive: true })).filter(name => name.includes('disk-'));
    const whole = made.filter(name => !name.includes('unfinished-restore'));
    expect(whole.length).toBeLessThan(3);
    expect(made.length).toBeGreaterThan(whole.length);
    // Once it is known nothing is begun.
    expectClear(await cli(dir, ['verify', ...repository, ...lab]), 4, /damaged|changed/, /packs?\//);
    for (const name of ['dc02', 'sql01'])
      results.push(
        await cli(dir, ['restore', name, ...repository, '--to', join(dir, `${name}-again`), ...lab]),
      );
    const again = results.slice(2).filter(({ code }) => code !== 0);
    expect(again).toHaveLength(broken.length);
    for (const result of again) expectClear(result, 4, /whole/);
    const begun = (await readdir(dir, { recursive: true })).filter(name => name.includes('-again'));
    expect(begun.filter(name => name.includes('unfinished-restore'))).toEqual([]);
  });

  test('of a newer format: one message', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'repo'));
    await writeFile(join(dir, 'repo/converge.json'), JSON.stringify({ format: 3, id: 'x' }));
    expectClear(
      await cli(dir, ['points', '--repository', `file://${join(dir, 'repo')}`]),
      4,
      /format 3|newer/,
    );
  });

  test('not there at all', async () => {
    const dir = await scratch();
    expectClear(await cli(dir, ['points', '--repository', `file://${join(dir, 'nope')}`]), 4, 'nope');
  });

  test('a point that does not exist: what there is', async () => {
    const { dir, lab } = await protectedOnce();
    expectClear(
      await cli(dir, [
        'restore',
        'dc02',
        ...repository,
        '--point',
        '2001-01-01T00:00:00Z',
        '--to',
        join(dir, 'o'),
        ...lab,
      ]),
      4,
      /as old as/,
    );
    expectClear(
      await cli(dir, ['restore', 'dc03', ...repository, '--to', join(dir, 'o'), ...lab]),
      4,
      'dc03',
      'dc02',
    );
  });

  test('restore refuses files that exist, and --force replaces them', async () => {
    const { dir, lab } = await protectedOnce();
    await mkdir(join(dir, 'o'));
    await writeFile(join(dir, 'o/disk-0.raw'), 'precious');
    const args = ['restore', 'dc02', ...repository, '--to', join(dir, 'o'), ...lab];
    expectClear(await cli(dir, args), 1, 'disk-0.raw', '--force');
    expect(await readFile(join(dir, 'o/disk-0.raw'), 'utf8')).toBe('precious');
    expect((await cli(dir, [...args, '--force'])).code).toBe(0);
    expect((await readFile(join(dir, 'o/disk-0.raw'))).length).toBe(16 * 1024 * 1024);
  });
});

async function largest(files: string[]): Promise<string> {
  const sized = await Promise.all(
    files.map(async file => ({ file, size: (await readFile(file).catch(() => Buffer.alloc(0))).length })),
  );
  return sized.sort((a, b) => b.size - a.size)[0]!.file;
}
