import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import type { Pace } from '../../src/lab/ec2/world/pace.ts';
import { type Lab, openLab, publish } from '../../src/lab/lab.ts';
import { apart } from '../recovery/network.ts';
import { type CallCounter, callCounter } from './call-counter.ts';
import type { CliResult } from './cli.ts';

export interface RecoveryMachine {
  name: string;
  /** Paths of raw images. */
  disks: string[];
  /** Of vSphere; Debian when left out. */
  guest?: string;
  firmware?: 'bios' | 'efi';
  /** What its target says besides: `license: aws`. */
  target?: string;
}

export interface RecoveryWorldOptions {
  dir: string;
  run(cwd: string, args: string[]): Promise<CliResult>;
  machines: RecoveryMachine[];
  /** Of the plan, a list in YAML; whether it runs when left out. */
  probes?: string;
  /** Answers in AWS's stead: see `callCounter`. */
  refuse?: Parameters<typeof callCounter>[1];
  /** What time it is for the lab, and how long things take there. */
  clock?: Clock;
  pace?: Pace;
}

export interface RecoveryWorld {
  /** Manifests are in `m`, below it. */
  dir: string;
  lab: Lab;
  /** The calls of AWS but S3, and those of S3. */
  api: CallCounter;
  s3: CallCounter;
  run(...args: string[]): Promise<CliResult>;
  /** What it printed. Throws for any exit code but 0. */
  ok(...args: string[]): Promise<string>;
  /** Ids of the instances that run, by the title of their VM. */
  running(): Promise<Record<string, { id: string; address: string; volumes: string[] }>>;
  /** From then on each command opens the lab by itself. */
  close(): Promise<void>;
}

/**
 * A lab that another process could serve, with machines in its vSphere, a network that is apart, and
 * manifests that protect and recover all of them in one plan, `everything`. Whoever asks AWS is counted.
 */
export async function recoveryWorld(options: RecoveryWorldOptions): Promise<RecoveryWorld> {
  const { dir, machines, probes = '[ { probe: status, within: 1m } ]' } = options;
  const host = { ...nodeHost(), ...(options.clock && { clock: options.clock }) };
  const { pace } = options;
  const folder = join(dir, 'lab');
  const lab = await openLab(folder, { host, seeded: false, lockTimeout: 0, ...(pace && { pace }) });
  const { region, s3: credentials } = lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  const network = await apart(ec2);
  ec2.destroy();
  const api = await callCounter(lab.api.url, options.refuse);
  const s3 = await callCounter(lab.s3.url);
  const published = await publish({ ...lab, api: { url: api.url }, s3: { url: s3.url } }, host);
  let closed = false;
  const run = (...args: string[]) => options.run(dir, [...args, '--lab', folder]);
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  for (const { name, disks, guest = 'debian12_64Guest', firmware } of machines) {
    const kind = firmware === undefined ? [] : ['--firmware', firmware];
    const images = disks.flatMap(path => ['--disk', path]);
    await ok('lab', 'add-vm', name, ...images, '--guest', guest, ...kind);
  }
  await mkdir(join(dir, 'm'));
  await writeFile(join(dir, 'm/dr.yaml'), manifest(machines, probes, network));
  return {
    dir,
    lab,
    api,
    s3,
    run,
    ok,
    async running() {
      const { data } = await lab.command({ do: 'show' });
      const { instances, tags } = (data as { ec2: Shown }).ec2;
      const there = Object.values(instances).filter(({ state }) => state === 'running');
      return Object.fromEntries(
        there.map(({ id, privateIp, devices }) => [
          (tags[id]?.Name ?? id).split(' ')[0]!,
          { id, address: privateIp, volumes: devices.map(({ volume }) => volume) },
        ]),
      );
    },
    async close() {
      if (closed) return;
      closed = true;
      await published.close();
      await Promise.all([api.close(), s3.close()]);
      await lab.close();
    },
  };
}

interface Shown {
  instances: Record<string, { id: string; privateIp: string; state: string; devices: { volume: string }[] }>;
  tags: Record<string, { Name?: string }>;
}

const manifest = (
  machines: RecoveryMachine[],
  probes: string,
  { subnet, group }: { subnet: string; group: string },
) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { gdh-vm-replication: { versioning: true } }
  protected_vm:
${machines.map(({ name }) => `    ${name}: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }\n`).join('')}\
  recovery_target:
${machines.map(({ name, target }) => targetOf(name, subnet, group, target)).join('')}\
  recovery_plan:
    everything:
      repository: s3://gdh-vm-replication/dr
      groups: [ { targets: [ ${machines.map(({ name }) => name).join(', ')} ] } ]
      test: { subnet: ${subnet}, security_group: ${group}, teardown: none }
      probes: ${probes}
`;

const targetOf = (name: string, subnet: string, group: string, more?: string) => `    ${name}:
      repository: s3://gdh-vm-replication/dr
      instance_type: m6i.large
      subnet: ${subnet}
      security_groups: [ ${group} ]
${more === undefined ? '' : `      ${more}\n`}`;
