/** Blocks put into the lab's EBS direct, which another process serves: converge beside coldsnap. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteSnapshotCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { nodeHost } from '../../src/io/node.ts';
import { createRepository, type OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { type Contender, measure, medians, type Sample } from '../measure.ts';

const MiB = 2 ** 20;
const data = 256 * MiB;

export interface PutResults {
  /** What was tried, in megabytes a second by the clock and by its own CPU time, and MiB of memory. */
  rows: { name: string; rate: number; least: number; most: number; perCpu: number; memory: number }[];
  lines: string[];
}

export async function puts(dir: string, converge: string[], rounds: number): Promise<PutResults> {
  mkdirSync(join(dir, 'm'));
  noise(join(dir, 'disk.raw'), data);
  writeFileSync(join(dir, 'm/dr.yaml'), manifest('file:///srv/dr'));
  const folder = join(dir, 'lab');
  const run = (...args: string[]) => [...converge, ...args, '--lab', folder];
  const { server, said } = await serve(run('lab', 'serve', '--format', 'json'));
  const { url, region, accessKeyId, secretAccessKey } = said.api;
  const ec2 = new EC2Client({ region, credentials: { accessKeyId, secretAccessKey }, endpoint: url });
  try {
    const store = fileStore(join(folder, 'host/srv/dr'), nodeHost());
    const repository = await createRepository(store, { key: undefined, random: nodeHost().random });
    await pointOf(repository, 'noise', data, join(dir, 'disk.raw'));
    await pointOf(repository, 'vast', 2048 * 2 ** 30);
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
    const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const one of round % 2 === 0 ? contenders : contenders.toReversed()) {
        samples.get(one.name)!.push(measure(one, dir));
        // The lab keeps each block once, and lets go of those that no snapshot has: each round writes all.
        await removeAll(ec2);
      }
    const vast = measure(replica('vast'), dir);
    const rows = [...samples].map(([name, of]) => {
      const { wall, cpu, memory } = medians(of);
      const rates = of.map(one => rate(one.wall));
      return {
        name,
        rate: rate(wall),
        least: Math.min(...rates),
        most: Math.max(...rates),
        perCpu: rate(cpu),
        memory: memory / MiB,
      };
    });
    return {
      rows,
      lines: [
        `a disk of 2 TiB with nothing on it: ${Math.round(vast.memory / MiB)} MiB of memory, ${Math.round(vast.wall)} ms`,
      ],
    };
  } finally {
    ec2.destroy();
    server.kill('SIGINT');
  }
}

/** Megabytes a second. */
const rate = (ms: number): number => data / 1e6 / (ms / 1000);

async function removeAll(ec2: EC2Client): Promise<void> {
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  for (const { SnapshotId } of Snapshots) await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
}

/** One point of a machine with one disk: all of a file, or as if only its last block had been written. */
async function pointOf(
  repository: OpenRepository,
  name: string,
  bytes: number,
  file?: string,
): Promise<void> {
  const vm = repository.vm(name);
  const writer = await vm.writer(undefined, async () => {});
  const blockSize = bytes > 2 ** 36 ? 8 * 65_536 : 65_536;
  const disk = { ...about, identity: name, bytes, blockSize };
  const into = await writer.disk(disk);
  if (file === undefined) await into.put(bytes / blockSize - 1, Buffer.alloc(blockSize, 7));
  else {
    const from = openSync(file, 'r');
    const block = Buffer.alloc(blockSize);
    for (let n = 0; n * blockSize < bytes; n++) {
      readSync(from, block, 0, blockSize, n * blockSize);
      await into.put(n, Buffer.from(block));
    }
    closeSync(from);
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

const manifest = (repository: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  protected_vm:
    noise: { repository: "${repository}", schedule: every 15 minutes }
    vast: { repository: "${repository}", schedule: every 15 minutes }
  recovery_target:
    noise: { repository: "${repository}", instance_type: m6i.large, subnet: subnet-0abc, security_groups: [ sg-0abc ] }
    vast: { repository: "${repository}", instance_type: m6i.large, subnet: subnet-0abc, security_groups: [ sg-0abc ] }
`;
