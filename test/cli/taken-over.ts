import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { type Lab, openLab } from '../../src/lab/lab.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { apart } from '../recovery/network.ts';
import { cli, scratch } from '../support/cli.ts';

export const url = 's3://gdh-vm-replication/dr';
const manifest = ({ subnet, group, dns }: { subnet: string; group: string; dns?: string }) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { gdh-vm-replication: { versioning: true } }
  protected_vm:
    web01: { repository: ${url}, schedule: every 15 minutes }
  recovery_target:
    web01:
      repository: ${url}
      instance_type: m6i.large
      subnet: ${subnet}
      security_groups: [ ${group} ]
      admin_cidrs: [ 203.0.113.0/24 ]
      instance_profile: recovered
      tags: { service: web }
  recovery_plan:
    web:
      repository: ${url}
      groups: [ { targets: [ web01 ] } ]
      test: { subnet: ${subnet}, security_group: ${group}, teardown: none }
      probes: [ { probe: status, within: 1m } ]
${dns === undefined ? '' : `      dns: ${dns}\n`}`;

/**
 * A lab with a Linux VM that is protected and has a target and a plan.
 *
 * @param dns of the plan, as YAML
 */
export async function world(dns?: string) {
  const dir = await scratch();
  const folder = join(dir, 'lab');
  const run = (...args: string[]) => cli(dir, [...args, '--lab', folder]);
  const ok = async (...args: string[]) => {
    const result = await run(...args);
    expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };
  const refused = async (...args: string[]) => {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([8, expect.any(String)]);
    return stderr;
  };
  await writeFile(join(dir, 'disk.raw'), Buffer.concat([bootBlock(), Buffer.alloc(512 * 1000, 7)]));
  await ok('lab', 'add-vm', 'web01', '--disk', 'disk.raw', '--guest', 'debian12_64Guest');
  const inEc2 = async <T>(use: (ec2: EC2Client, lab: Lab) => Promise<T>): Promise<T> => {
    const lab = await openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
    const { region, s3: credentials } = lab.settings;
    const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
    try {
      return await use(ec2, lab);
    } finally {
      ec2.destroy();
      await lab.close();
    }
  };
  const network = await inEc2(ec2 => apart(ec2));
  await mkdir(join(dir, 'm'));
  await writeFile(join(dir, 'm/dr.yaml'), manifest({ ...network, ...(dns !== undefined && { dns }) }));
  await ok('apply', 'm');
  /** What runs of VMs of ours. */
  const live = () =>
    inEc2(async ec2 =>
      (await ec2.send(new DescribeInstancesCommand({})))
        .Reservations!.flatMap(it => it.Instances!)
        .filter(it => it.Tags?.some(({ Key }) => Key === 'converge:vm') && it.State!.Name !== 'terminated'),
    );
  const status = async () => {
    const { code, stdout } = await run('status', 'm', '--format', 'json');
    return { code, vm: (JSON.parse(stdout) as { vms: { state: string; reason: string }[] }).vms[0]! };
  };
  return { dir, folder, run, ok, refused, network, live, status, inEc2 };
}
