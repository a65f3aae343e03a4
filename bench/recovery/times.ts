/** How long each way into EC2 takes by the clock of a lab that takes the time which is stated of AWS. */
import { mkdirSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { connectRoles } from '../../src/aws/iam/roles.ts';
import { awsClient } from '../../src/aws/settings.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Evidence } from '../../src/recovery/evidence/evidence.ts';
import { policyOf, trustOf } from '../../src/resources/aws/pilot/policies.ts';
import { PassingClock } from '../../test/support/passing-clock.ts';
import { type RecoveryWorld, recoveryWorld } from '../../test/support/recovery-world.ts';
import { articlesWay } from './article.ts';
import { inProcess } from './in-process.ts';
import { paceOf, stated } from './latencies.ts';
import type { Timed, TimesResult } from './times-report.ts';

const GiB = 2 ** 30;
const images = 'gdh-vmimport';

export interface Way {
  name: string;
  guest: 'windows2019srv_64Guest' | 'debian12_64Guest';
  target?: string;
  /** Whether snapshots are there before. */
  warm: boolean;
  /** Minutes. */
  target_minutes: number;
  article?: true;
}

const windows = 'windows2019srv_64Guest';
const imported = (method: string) =>
  `license: aws\n      method: ${method}\n      import: { images: s3://${images}/dr }`;

export const ways: readonly Way[] = [
  {
    name: '`fast`, Windows by a shell',
    guest: windows,
    target: 'license: aws',
    warm: true,
    target_minutes: 10,
  },
  { name: '`fast`, Linux', guest: 'debian12_64Guest', warm: true, target_minutes: 10 },
  { name: '`convert`, Windows', guest: windows, target: imported('convert'), warm: true, target_minutes: 35 },
  { name: '`raw`, Windows', guest: windows, target: imported('raw'), warm: false, target_minutes: 60 },
  { name: 'the article, 2014', guest: windows, warm: false, target_minutes: 60, article: true },
];

/** What all of them have: a disk of which about a quarter is written. */
async function makeImage(path: string, scale: number): Promise<void> {
  const file = await open(path, 'w');
  const chunk = Buffer.alloc(GiB / 1024, 0x5a);
  await file.truncate(Math.ceil(stated.bytes / scale));
  for (let at = 0; at < stated.used / scale; at += chunk.length) {
    // No two blocks are alike.
    for (let block = 0; block < chunk.length; block += 65_536) chunk.writeUInt32LE(at + block, block + 600);
    await file.write(chunk, 0, chunk.length, at);
  }
  const head = Buffer.alloc(512);
  head.write('GRUB', 384, 'latin1');
  head[446] = 0x80;
  head[450] = 0x83;
  head.writeUInt32LE(2048, 454);
  head.writeUInt16LE(0xaa55, 510);
  await file.write(head, 0, head.length, 0);
  await file.close();
}

/** Each way once, in a lab of its own. `scale`: the lab's disks are so much smaller than what is meant. */
export async function times(dir: string, scale: number, say: (line: string) => void): Promise<TimesResult> {
  mkdirSync(dir, { recursive: true });
  const image = join(dir, 'disk.raw');
  await makeImage(image, scale);
  const found: Timed[] = [];
  for (const [n, way] of ways.entries()) {
    found.push(await timed(join(dir, `way-${n}`), image, way, scale));
    say(`${way.name}: ${found.at(-1)!.minutes.toFixed(1)} min`);
  }
  return { scale, ways: found };
}

async function timed(dir: string, image: string, way: Way, scale: number): Promise<Timed> {
  mkdirSync(dir, { recursive: true });
  const clock = new PassingClock(Date.now());
  const world = await recoveryWorld({
    dir,
    run: (cwd, args) => inProcess(cwd, args, clock),
    clock,
    pace: paceOf(ms => clock.pass(ms), { scale, article: way.article ?? false }),
    machines: [
      {
        name: 'vm',
        disks: [image],
        guest: way.guest,
        firmware: 'bios',
        ...(way.target && { target: way.target }),
      },
    ],
    probes: '[ { probe: status, within: 30m } ]',
  });
  const { region, s3: credentials } = world.lab.settings;
  const settings = { region, credentials, clock, random: nodeHost().random };
  const ec2 = awsClient(EC2Client, { ...settings, endpoint: world.api.url }, 600_000);
  const s3 = awsClient(S3Client, { ...settings, endpoint: world.s3.url }, 600_000, { forcePathStyle: true });
  try {
    const CreateBucketConfiguration = { LocationConstraint: region as 'eu-west-1' };
    await s3.send(new CreateBucketCommand({ Bucket: images, CreateBucketConfiguration }));
    await vmImportRole({ ...settings, endpoint: world.api.url }, region);
    const phases = way.article
      ? await articlesWay({ ec2, s3, clock, image, bucket: images, group: await groupOf(world) })
      : await failedOver(world, way);
    const minutes = phases.reduce((sum, phase) => sum + phase.minutes, 0);
    const { name, target_minutes: target, article } = way;
    return { name, phases, minutes, target, ...(article && { article }) };
  } finally {
    ec2.destroy();
    s3.destroy();
    await world.close();
  }
}

/** A failover that takes over, and what its own record says about its time. */
async function failedOver(world: RecoveryWorld, { warm }: Way): Promise<Timed['phases']> {
  await world.ok('apply', 'm');
  await world.ok('replicate', 'vm', 'm');
  if (warm) await world.ok('replicate', 'vm', '--replica', 'm');
  await world.ok('failover', 'everything', 'm', '--yes', '--source-down-confirmed');
  const evidence = join(world.dir, 'evidence');
  await world.ok('failover', 'status', 'everything', 'm', '--evidence', evidence);
  const { phases, rto } = JSON.parse(await readFile(join(evidence, 'everything-1.json'), 'utf8')) as Evidence;
  if (rto === undefined) throw new Error('the failover did not pass its probes');
  return phases.map((phase, n) => ({
    what: phase.what,
    minutes: (phase.after - (phases[n - 1]?.after ?? 0)) / 60_000,
  }));
}

async function vmImportRole(settings: Parameters<typeof connectRoles>[0], region: string): Promise<void> {
  const roles = await connectRoles(settings);
  const trust = JSON.stringify(trustOf(['vmie.amazonaws.com']));
  await roles.create({ name: 'vmimport', trust, description: '', tags: {} });
  const policy = policyOf({ may: 'importer', images: `s3://${images}` }, { account: '1', region });
  await roles.putPolicy('vmimport', 'converge', JSON.stringify(policy));
  roles.close();
}

async function groupOf(world: RecoveryWorld): Promise<{ subnet: string; group: string }> {
  const text = await readFile(join(world.dir, 'm/dr.yaml'), 'utf8');
  const [, subnet = '', group = ''] = /subnet: (subnet-\w+), security_group: (sg-\w+)/.exec(text) ?? [];
  return { subnet, group };
}
