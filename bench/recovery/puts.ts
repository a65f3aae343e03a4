/** Blocks put into the lab's EBS direct, which another process serves: converge beside coldsnap. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { DeleteSnapshotCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { nodeHost } from '../../src/io/node.ts';
import { blockSizeFor } from '../../src/replication/format/blocks.ts';
import { createRepository, type OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { type Contender, measure, medians, type Sample } from '../measure.ts';
import { profile } from './profile.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** Of noise, put in each round. */
const data = 512 * MiB;
/** Disks that tell whether memory grows with them: full, full of changes here and there, empty. */
const full = GiB;
const wide = 64 * GiB;
const vast = 2048 * GiB;

export interface PutResults {
  /** What was tried: megabytes a second by the clock, seconds of CPU a GB of its own and of the lab, MiB. */
  rows: {
    name: string;
    rate: number;
    least: number;
    most: number;
    cpu: number;
    lab: number;
    memory: number;
  }[];
  /** By the clock, ahead of coldsnap in so many rounds. */
  ahead: number;
  loads: number[];
  disks: { name: string; memory: number; seconds: number }[];
  /** Where converge's CPU time goes. */
  parts: { part: string; share: number }[];
}

export async function puts(dir: string, converge: string[], rounds: number): Promise<PutResults> {
  mkdirSync(join(dir, 'm'));
  noise(join(dir, 'disk.raw'), data);
  writeFileSync(join(dir, 'm/dr.yaml'), manifest('file:///srv/dr'));
  const folder = join(dir, 'lab');
  const run = (...args: string[]) => [...converge, ...args, '--lab', folder];
  const { server, said } = await serve(run('lab', 'serve', '--format', 'json'));
  const labSeconds = () => secondsOf(server.pid!);
  const { url, region, accessKeyId, secretAccessKey } = said.api;
  const ec2 = new EC2Client({ region, credentials: { accessKeyId, secretAccessKey }, endpoint: url });
  try {
    const store = fileStore(join(folder, 'host/srv/dr'), nodeHost());
    const repository = await createRepository(store, { key: undefined, random: nodeHost().random });
    await pointOf(repository, 'noise', data, fileBlocks(join(dir, 'disk.raw')));
    await pointOf(repository, 'full', full, spread(1));
    await pointOf(repository, 'wide', wide, spread(64));
    await pointOf(repository, 'vast', vast, lastBlock);
    // Of the lab alone; coldsnap takes its credentials from nowhere else.
    process.env.AWS_ACCESS_KEY_ID = accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
    const replica = (vm: string): Contender => ({
      name: `converge, ${vm}`,
      command: run('replicate', vm, '--replica', join(dir, 'm')),
      cwd: dir,
    });
    const contenders = [
      replica('noise'),
      {
        name: 'coldsnap, noise',
        command: [
          'coldsnap',
          '--endpoint',
          url,
          '--region',
          region,
          'upload',
          '--no-progress',
          join(dir, 'disk.raw'),
        ],
        cwd: dir,
      },
    ];
    const samples = new Map<string, (Sample & { lab: number })[]>(contenders.map(({ name }) => [name, []]));
    const loads: number[] = [];
    for (let round = 0; round < rounds; round++)
      for (const one of round % 2 === 0 ? contenders : contenders.toReversed()) {
        const before = labSeconds();
        const sample = measure(one, dir);
        samples.get(one.name)!.push({ ...sample, lab: labSeconds() - before });
        loads.push(loadavg()[0]!);
        // The lab keeps each block once, and lets go of those that no snapshot has: each round writes all.
        await removeAll(ec2);
      }
    const disks = ['full', 'wide', 'vast'].map(name => {
      const { memory, wall } = measure(replica(name), dir);
      return { name: names[name]!, memory: memory / MiB, seconds: wall / 1000 };
    });
    const parts = profile(replica('noise').command, join(dir, 'profile'));
    const [ours = [], theirs = []] = [...samples.values()];
    const rows = [...samples].map(([name, of]) => {
      const { wall, cpu, memory } = medians(of);
      const rates = of.map(one => rate(one.wall));
      return {
        name,
        rate: rate(wall),
        least: Math.min(...rates),
        most: Math.max(...rates),
        cpu: cpu / 1000 / (data / 1e9),
        lab: middle(of.map(one => one.lab)) / (data / 1e9),
        memory: memory / MiB,
      };
    });
    return { rows, ahead: ours.filter(({ wall }, n) => wall < theirs[n]!.wall).length, loads, disks, parts };
  } finally {
    ec2.destroy();
    server.kill('SIGINT');
  }
}

const names: Record<string, string> = {
  full: '1 GiB, all of it written',
  wide: '64 GiB, every 64th block of 512 KiB written',
  vast: '2 TiB, its last block written',
};

const middle = (of: number[]): number => of.toSorted((a, b) => a - b)[of.length >> 1]!;

/** User and system time of a process so far. Source: proc(5), /proc/pid/stat: hundredths. */
function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Megabytes a second. */
const rate = (ms: number): number => data / 1e6 / (ms / 1000);

async function removeAll(ec2: EC2Client): Promise<void> {
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  for (const { SnapshotId } of Snapshots) await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
}

/** The bytes of a block of a disk; undefined where nothing was ever written. */
type Blocks = (n: number, blockSize: number, bytes: number) => Buffer | undefined;

const fileBlocks = (path: string): Blocks => {
  const from = openSync(path, 'r');
  return (n, blockSize) => {
    const block = Buffer.alloc(blockSize);
    readSync(from, block, 0, blockSize, n * blockSize);
    return block;
  };
};

/** Noise in one of so many blocks of 512 KiB. */
const spread =
  (every: number): Blocks =>
  (n, blockSize) =>
    Math.floor((n * blockSize) / (512 * 1024)) % every === 0
      ? randomFillSync(Buffer.alloc(blockSize))
      : undefined;

const lastBlock: Blocks = (n, blockSize, bytes) =>
  n === bytes / blockSize - 1 ? Buffer.alloc(blockSize, 7) : undefined;

/** One point of a machine with one disk. */
async function pointOf(
  repository: OpenRepository,
  name: string,
  bytes: number,
  blocks: Blocks,
): Promise<void> {
  const vm = repository.vm(name);
  const writer = await vm.writer(undefined, async () => {});
  const blockSize = blockSizeFor(bytes);
  const disk = { ...about, identity: name, bytes, blockSize };
  const into = await writer.disk(disk);
  for (let n = 0; n * blockSize < bytes; n++) {
    const block = blocks(n, blockSize, bytes);
    if (block) await into.put(n, block);
  }
  await writer.commit(
    { vm: { name, uuid: name }, epoch: 1, time: Date.now(), consistency: 'crash', left_out: [] },
    async () => {},
  );
}

const about = { index: 0, key: 2000, label: 'Hard disk 1', mode: 'full', reason: 'bench' } as const;

interface Served {
  api: { url: string; region: string; accessKeyId: string; secretAccessKey: string };
}

async function serve([program, ...args]: string[]): Promise<{ server: ChildProcess; said: Served }> {
  const server = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const piece of server.stdout!) {
    text += String(piece);
    if (text.includes('\n')) break;
  }
  return { server, said: JSON.parse(text) as Served };
}

/** A file that nothing makes smaller. */
function noise(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(8 * MiB);
  for (let at = 0; at < bytes; at += piece.length) writeSync(file, randomFillSync(piece));
  closeSync(file);
}

function manifest(repository: string): string {
  const each = (what: string) =>
    ['noise', 'full', 'wide', 'vast']
      .map(vm => `    ${vm}: { repository: "${repository}", ${what} }`)
      .join('\n');
  return `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  protected_vm:
${each('schedule: every 15 minutes')}
  recovery_target:
${each('instance_type: m6i.large, subnet: subnet-0abc, security_groups: [ sg-0abc ]')}
`;
}
