import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { apart } from '../recovery/network.ts';
import { cli, scratch } from '../support/cli.ts';

const url = 's3://gdh-vm-replication/dr';
const manifest = ({ subnet, group }: { subnet: string; group: string }) => `converge: 1
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
`;

/** A lab with a Linux VM that is protected and has a target and a plan. */
async function world() {
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
  const inEc2 = async <T>(use: (ec2: EC2Client) => Promise<T>): Promise<T> => {
    const lab = await openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
    const { region, s3: credentials } = lab.settings;
    const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
    try {
      return await use(ec2);
    } finally {
      ec2.destroy();
      await lab.close();
    }
  };
  const network = await inEc2(apart);
  await mkdir(join(dir, 'm'));
  await writeFile(join(dir, 'm/dr.yaml'), manifest(network));
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

test('take over, replicate no more, commit; nothing of the plan runs again', {
  timeout: 120_000,
}, async () => {
  const { run, ok, refused, network, live, status } = await world();
  const shown = await ok('failover', 'web', 'm', '--noop');
  expect(shown).toMatch(
    /^failover of web: .*\n {2}group 1\n {4}web01 {2}m6i.large .*\n {6}launched into sg-\w+ in subnet-\w+\n {6}then the security groups sg-\w+, sg-\w+, and the instance profile recovered\n/,
  );
  expect(shown).toMatch(/ {2}WARNING: web01 runs at home\ndigest \w+\nnothing was launched\n$/);
  const [, digest] = /digest (\w+)/.exec(shown)!;
  expect(await refused('failover', 'web', 'm', '--digest', digest!)).toContain(
    'web01 runs at home: it would be there twice',
  );
  const sure = '--source-down-confirmed';
  expect(await refused('failover', 'web', 'm', sure)).toContain('nobody approved the failover of web');
  expect(await refused('failover', 'web', 'm', sure, '--digest', '00000000')).toContain('has the digest');
  expect(await live()).toEqual([]);

  const done = await ok('failover', 'web', 'm', sure, '--digest', digest!);
  expect(done).toMatch(/web01 {2}i-\w+ {2}runs after/);
  expect(done).toMatch(/taken over in .*; keep it: converge failover commit web PATHS; end it: .* undo web/);
  const [instance, ...others] = await live();
  expect(others).toEqual([]);
  expect(instance!.SecurityGroups).toHaveLength(2);
  expect(instance!.SecurityGroups!.map(({ GroupId }) => GroupId)).toContain(network.group);
  expect(instance!.IamInstanceProfile?.Arn).toMatch(/instance-profile\/recovered$/);
  expect(instance!.BlockDeviceMappings!.map(({ Ebs }) => Ebs!.DeleteOnTermination)).toEqual([false]);
  const tags = Object.fromEntries(instance!.Tags!.map(({ Key, Value }) => [Key, Value]));
  expect(tags).toMatchObject({ Name: 'web01', service: 'web' });

  // Nobody makes a point of what is at home, whoever asks.
  expect(await status()).toMatchObject({ vm: { state: 'paused', reason: 'failed-over' } });
  expect(await ok('replicate', 'web01', 'm')).toMatch(
    /^web01: skipped: web01 runs in AWS since the failover web\/1: no point is made of what is at home\n/,
  );
  // What is long due is neither planned nor a failure.
  await ok('lab', 'clock', '2h');
  const planned = await run('plan', 'm');
  expect([planned.code, planned.stdout]).toEqual([0, expect.not.stringContaining('protected_vm:web01 will')]);
  expect(planned.stdout + planned.stderr).toContain('web01 is failed over to EC2 since');
  await ok('apply', 'm');
  expect(await ok('agent', 'm', '--once')).toBe('web01: due, and paused\n');
  expect(await refused('resume', 'web01', 'm')).toContain('web01 runs in AWS');
  expect(await ok('points', 'web01', '--repository', url)).toMatch(/^(.*\n){2,3}$/);

  for (const args of [['--test'], [sure, '--yes']])
    expect(await refused('failover', 'web', 'm', ...args)).toContain('failover 1 of web has taken over');
  expect(await refused('failover', 'cleanup', 'web', 'm')).toContain("it isn't a test");
  expect(await ok('failover', 'cleanup', '--expired', 'all', 'm')).toBe(
    'web: nothing to do: failover 1 has taken over\n',
  );
  expect(await ok('failover', 'retry', 'web', 'm')).toMatch(/had passed and still runs\n.*\ntaken over/);
  expect(await ok('failover', 'status', 'web', 'm')).toMatch(/^failover 1 of web, begun .*Z\n/);

  expect(await ok('failover', 'commit', 'web', 'm')).toContain('failover 1 of web is committed');
  expect(await ok('failover', 'commit', 'web', 'm')).toContain('failover 1 of web was committed before');
  expect(await status()).toMatchObject({ code: 16, vm: { state: 'unprotected', reason: 'lives-in-aws' } });
  for (const args of [
    ['run', 'web', '--test'],
    ['run', 'web', sure, '--yes'],
    ['undo', 'web'],
    ['retry', 'web'],
  ])
    expect(await refused('failover', ...args, 'm')).toContain('failover 1 of web was committed');
  expect((await live()).map(({ InstanceId }) => InstanceId)).toEqual([instance!.InstanceId]);
  expect(await ok('replicate', 'web01', 'm')).toContain('the failover was committed');
});

test('undo ends it with its disks, and lets replication go on; a test, then a failover again', {
  timeout: 120_000,
}, async () => {
  const { run, ok, refused, live, status } = await world();
  await ok('failover', 'web', 'm', '--source-down-confirmed', '--yes');
  const undone = await ok('failover', 'undo', 'web', 'm');
  expect(undone).toMatch(
    /^1 instance terminated, 1 image deregistered, .*; 0 instances, 0 volumes, .*\nfailover 1 of web is undone/,
  );
  expect(await live()).toEqual([]);
  expect(await ok('failover', 'undo', 'web', 'm')).toBe('failover 1 of web was undone before\n');
  expect((await run('failover', 'commit', 'web', 'm')).stderr).toContain(
    'was undone: nothing of it can be kept',
  );
  expect(await status()).toMatchObject({ code: 0, vm: { state: 'kept' } });
  await ok('replicate', 'web01', 'm');

  await ok('failover', 'web', '--test', 'm');
  expect(await refused('failover', 'web', 'm', '--source-down-confirmed', '--yes')).toContain(
    'test 2 of web is still there',
  );
  expect((await run('failover', 'undo', 'web', 'm')).stderr).toContain(
    'is a test: it took over from nothing',
  );
  await ok('failover', 'cleanup', 'web', 'm');
  expect(await ok('failover', 'web', 'm', '--source-down-confirmed', '--yes')).toContain('taken over');
  expect(await live()).toHaveLength(1);
});
