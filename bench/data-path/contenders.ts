import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../measure.ts';
import { bucket, type Gateway } from './gateway.ts';

/** What all of them are measured with. */
export interface World {
  dir: string;
  /** The raw image, alone in its folder; and the same cut into files of 16 MiB, for what copies files. */
  image: string;
  pieces: string;
  cert: string;
  /** Folder of the gateway's buckets. */
  store: string;
  /** Of an encrypted repository, as printed. */
  key: string;
  /** The uploading program, in one file. */
  upload: string;
  /** `dist/converge.js`. */
  converge: string;
}

/** A contender and the direction that it is measured in. */
export interface Measured extends Contender {
  what: 'up' | 'down';
  scheme: 'http' | 'https';
  /** Bytes that are in its store now. */
  stored?(): number;
  /** Takes away what the next one doesn't need. */
  after?(): void;
}

/** As bin/converge starts it. */
const node = [process.execPath, '--max-semi-space-size=2'];

/** All of them over one gateway. Down comes after up: it reads what that wrote last. */
export function contenders(world: World, { url }: Gateway): Measured[] {
  const scheme: Measured['scheme'] = url.startsWith('https') ? 'https' : 'http';
  const { dir, image, pieces, cert, store } = world;
  const prefix = (name: string) => `${scheme}-${name}`;
  const target = (name: string) => `s3://${bucket}/${prefix(name)}`;
  const out = join(dir, 'out');
  const emptied = (name: string) => () =>
    rmSync(join(store, bucket, prefix(name)), { recursive: true, force: true });
  const noOutput = () => rmSync(out, { recursive: true, force: true });
  const afterwards = (name: string) => () => {
    emptied(name)();
    noOutput();
  };
  const stored = (name: string) => () => bytesBelow(join(store, bucket, prefix(name)));
  /** `folder`: of its bucket. */
  const both = (
    name: string,
    up: Omit<Contender, 'name' | 'cwd'>,
    down: string[],
    folder = name,
  ): Measured[] => [
    { before: emptied(folder), ...up, name, what: 'up', scheme, cwd: dir, stored: stored(folder) },
    {
      ...{ name, what: 'down', scheme, cwd: dir, command: down, before: noOutput },
      after: afterwards(folder),
    },
  ];
  const converge = (name: string, key: string) =>
    both(name, { command: [...node, world.upload, image, target(name), url, key] }, [
      ...node,
      ...[world.converge, 'restore', 'disk', '--repository', target(name), '--endpoint', url],
      ...['--region', 'us-east-1', '--to', out],
      ...(key === 'plain' ? [] : ['--key', 'env:BENCH_KEY']),
    ]);
  const rclone = [
    // Another program's setting of its own, which makes this one fail.
    ...['env', '-u', 'AWS_CA_BUNDLE', 'rclone', '--config', '/dev/null', '--ca-cert', cert],
    ...['--s3-provider', 'Other', '--s3-env-auth', '--s3-endpoint', url, '--s3-force-path-style'],
    ...['--s3-no-head', '--s3-no-check-bucket', '--transfers', '16', '--expect-continue-timeout', '0s'],
  ];
  const aws = [
    'aws',
    '--endpoint-url',
    url,
    '--ca-bundle',
    cert,
    '--region',
    'us-east-1',
    's3',
    'sync',
    '--only-show-errors',
  ];
  const restic = [
    'restic',
    '--no-cache',
    '-q',
    '--cacert',
    cert,
    '-r',
    `s3:${url}/${bucket}/${prefix('restic')}`,
  ];
  const freshRestic = () => {
    emptied('restic')();
    run([...restic, 'init']);
  };
  return [
    ...converge('converge plain', 'plain'),
    ...converge('converge encrypted', world.key),
    ...both(
      'rclone',
      { command: [...rclone, '--ignore-checksum', 'copy', pieces, `:s3:${bucket}/${prefix('rclone')}`] },
      // Without --ignore-checksum: it reads what it wrote, and compares MD5.
      [...rclone, 'copy', `:s3:${bucket}/${prefix('rclone')}`, out],
    ),
    ...both('aws s3 sync', { command: [...aws, pieces, target('aws')] }, [...aws, target('aws'), out], 'aws'),
    ...both('restic', { command: [...restic, 'backup', image], before: freshRestic }, [
      ...restic,
      'restore',
      'latest',
      '--target',
      out,
    ]),
    ...(scheme === 'http' ? borg(world, out, noOutput) : []),
  ];
}

/** It has no S3: into a folder, in the same memory. */
function borg({ dir, image }: World, out: string, noOutput: () => void): Measured[] {
  const folder = join(dir, 'borg');
  const fresh = () => {
    rmSync(folder, { recursive: true, force: true });
    run(['borg', 'init', '-e', 'repokey', folder]);
  };
  const name = 'borg (folder)';
  const common = { name, scheme: 'http' as const };
  return [
    {
      ...{ ...common, what: 'up', cwd: dir, before: fresh },
      command: ['borg', 'create', `${folder}::one`, image],
      stored: () => bytesBelow(folder),
    },
    {
      ...common,
      what: 'down',
      cwd: out,
      command: ['borg', 'extract', `${folder}::one`],
      after: () => {
        rmSync(folder, { recursive: true, force: true });
        noOutput();
      },
      before: () => {
        noOutput();
        run(['mkdir', '-p', out]);
      },
    },
  ];
}

function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(each => each.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function run([program, ...args]: string[]): void {
  const { status, stderr } = spawnSync(program!, args);
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
}
