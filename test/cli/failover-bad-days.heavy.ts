import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { apart } from '../recovery/network.ts';
import { cli, scratch } from '../support/cli.ts';
import { type RecoveryMachine, recoveryWorld } from '../support/recovery-world.ts';

/** Machines whose points are there; `edit` changes what the manifest says. */
async function world(machines: Pick<RecoveryMachine, 'name' | 'guest' | 'target'>[]) {
  const dir = await scratch();
  await writeFile(join(dir, 'disk.raw'), Buffer.concat([bootBlock(), Buffer.alloc(512 * 1000, 7)]));
  const made = await recoveryWorld({
    dir,
    run: (cwd, args) => cli(cwd, args),
    machines: machines.map(one => ({ ...one, disks: [join(dir, 'disk.raw')] })),
  });
  onTestFinished(() => made.close());
  const { region, s3: credentials } = made.lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: made.lab.api.url });
  onTestFinished(() => ec2.destroy());
  const path = join(dir, 'm/dr.yaml');
  const text = () => readFile(path, 'utf8');
  const edit = async (from: string | RegExp, to: string) =>
    writeFile(path, (await text()).replaceAll(from, to));
  const [, subnet] = /test: \{ subnet: (subnet-\w+)/.exec(await text())!;
  const vpc = async () => {
    const { data } = await made.lab.command({ do: 'show' });
    return (data as { ec2: { subnets: Record<string, { vpc: string }> } }).ec2.subnets[subnet!]!.vpc;
  };
  return { ...made, ec2, text, edit, subnet: subnet!, vpc };
}

const started = ['RunInstances', 'RegisterImage', 'CreateSchedule', 'StartSnapshot'];
const calls = (of: Awaited<ReturnType<typeof world>>) =>
  // A dry run, which EC2 answers with 412, begins nothing.
  of.api.calls
    .filter(({ status }) => status !== 412)
    .map(({ what }) => what.split(':')[1]!)
    .filter(what => started.includes(what));

test('what speaks against any machine is said at once, with where it is declared, and nothing is begun', {
  timeout: 120_000,
}, async () => {
  const of = await world([
    { name: 'web01' },
    { name: 'dc02', guest: 'windows2019srv_64Guest' },
    { name: 'db01' },
    { name: 'app01', target: 'private_address: 10.9.1.3' },
    { name: 'app02', target: 'private_address: 10.9.1.40' },
    { name: 'app03', target: 'private_address: 10.9.1.40' },
  ]);
  // What lacks its licence keeps its target and the plan from being made, and nothing else.
  expect((await of.run('apply', 'm')).stderr).toContain('license-required');
  // Renamed, it is a machine that no point was ever made of.
  await of.edit('db01', 'db02');
  of.api.clear();
  const { code, stdout, stderr } = await of.run('failover', 'everything', '--test', 'm');
  expect(code).not.toBe(0);
  expect(stdout).toBe('');
  const lines = (await of.text()).split('\n');
  const at = (vm: string) => `m/dr.yaml:${lines.lastIndexOf(`    ${vm}:`) + 1}:5`;
  const said = (vm: string, words: RegExp) => {
    const error = stderr.split(/\n(?=error\[)/).find(one => words.test(one));
    expect(error, `${words}\n${stderr}`).toBeDefined();
    expect(error).toContain(at(vm));
  };
  said('dc02', /license-required.*windows2019srv_64Guest/);
  said('db02', /vm-not-in-repository.*holds no recovery point of db02/);
  said('app01', /address-reserved.*app01 can't have 10\.9\.1\.3/);
  said('app03', /address-taken.*app03 and app02 both have the private_address 10\.9\.1\.40/);
  expect(stderr.match(/error\[/g)).toHaveLength(4);
  expect(calls(of)).toEqual([]);
  expect((await of.run('failover', 'cleanup', 'everything', 'm')).stderr).toContain('no-failover');
});

test('fallback subnets and the address of a machine: in the plan, its digest, the run, and its status', {
  timeout: 120_000,
}, async () => {
  const of = await world([
    { name: 'web01', target: 'private_address: 10.9.1.40' },
    { name: 'db01', target: 'private_address: 10.1.0.9' },
  ]);
  const { Subnet } = await of.ec2.send(
    new CreateSubnetCommand({
      VpcId: await of.vpc(),
      CidrBlock: '10.9.2.0/24',
      AvailabilityZone: 'eu-west-1b',
    }),
  );
  const second = Subnet!.SubnetId!;
  await of.edit(
    `test: { subnet: ${of.subnet}`,
    `test: { subnet: ${of.subnet}, fallback: { subnets: [ ${second} ] }`,
  );
  await of.ok('apply', 'm');
  for (const vm of ['web01', 'db01']) await of.ok('replicate', vm, '--replica', 'm');
  const shown = await of.ok('failover', 'everything', '--test', 'm', '--noop');
  expect(shown).toContain(`if it has no room: in ${second}, which nothing leads out of either`);
  expect(shown).toContain(`      10.9.1.40 in ${of.subnet}, any other address elsewhere\n`);
  expect(shown).toContain('      another address than its 10.1.0.9, which is in no subnet of the test\n');
  const digest = /digest ([0-9a-f]+)/.exec(shown)![1]!;
  await of.lab.command({
    do: 'fault',
    on: 'ec2',
    rule: { kind: 'capacity', zone: 'eu-west-1b', times: 9 },
  });
  await of.lab.command({
    do: 'fault',
    on: 'ec2',
    rule: { kind: 'refused', operation: 'RunInstances', code: 'InsufficientFreeAddressesInSubnet' },
  });
  // One of the two finds its first subnet full and the other one without room.
  const failed = await of.run('failover', 'everything', '--test', 'm', '--digest', digest);
  expect(failed.code).toBe(4);
  // What is about to be done is told before the first launch, though nobody is asked.
  expect(failed.stdout).toMatch(new RegExp(`\\$0\\.\\d+ an hour while it runs.*\ndigest ${digest}\n$`, 's'));
  expect(failed.stderr).toMatch(
    /no-room.*InsufficientFreeAddressesInSubnet.*; m6i\.large in subnet-\w+: Insufficient/,
  );
  expect(Object.keys(await of.running())).toHaveLength(1);
  expect(await of.ok('failover', 'status', 'everything', 'm')).toMatch(
    /(web01|db01) was not launched: EC2 has no room/,
  );
  await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'clear' } });
  // What is gone on with is what was approved.
  const done = await of.run('failover', 'everything', '--test', 'm', '--digest', digest, '--format', 'json');
  expect(done.stderr).toMatch(new RegExp(`digest ${digest}\n.*: i-\\w+ runs\n`, 's'));
  expect(JSON.parse(done.stdout)).toMatchObject({ recovered: [{ vm: 'web01' }, { vm: 'db01' }] });
  // Interrupted, it took as long as the record says.
  const recorded = async () => {
    const { run } = JSON.parse(await of.ok('failover', 'status', 'everything', 'm', '--format', 'json'));
    return run.steps.findLast((step: { what: string }) => step.what === 'finished').took;
  };
  expect(JSON.parse(done.stdout).took).toBe(await recorded());
  const running = await of.running();
  expect(running.web01!.address).toBe('10.9.1.40');
  expect(Object.keys(running).sort()).toEqual(['db01', 'web01']);
  expect(await of.ok('failover', 'status', 'everything', 'm')).toContain(`in ${of.subnet}, ${second}`);
  const again = JSON.parse(await of.ok('failover', 'retry', 'everything', 'm', '--format', 'json'));
  expect(again.recovered).toMatchObject([{ kept: true }, { kept: true }]);
  expect(again.took).toBe(await recorded());
  expect(await of.ok('failover', 'cleanup', 'everything', 'm')).toContain('2 instances terminated');
  expect(await of.running()).toEqual({});
});

test('an interrupted test goes on in its own network: that one is proven, whatever the plan says by now', {
  timeout: 120_000,
}, async () => {
  const of = await world([{ name: 'web01' }]);
  await of.ok('apply', 'm');
  await of.ok('replicate', 'web01', '--replica', 'm');
  await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity' } });
  expect((await of.run('failover', 'everything', '--test', 'm')).code).toBe(4);
  const other = await apart(of.ec2);
  await of.edit(
    /test: \{ subnet: \S+, security_group: \S+,/g,
    `test: { subnet: ${other.subnet}, security_group: ${other.group},`,
  );
  const { InternetGateway } = await of.ec2.send(new CreateInternetGatewayCommand({}));
  const { InternetGatewayId } = InternetGateway!;
  await of.ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: await of.vpc() }));
  const refused = await of.run('failover', 'everything', '--test', 'm');
  expect([refused.code, refused.stderr]).toEqual([8, expect.stringContaining(`${of.subnet} with`)]);
  expect(await of.running()).toEqual({});
  expect(await of.ok('failover', 'cleanup', 'everything', 'm')).toContain('0 instances terminated');
});

test('a point whose pack is missing is refused before anything is launched, pinned or written', {
  timeout: 120_000,
}, async () => {
  const of = await world([{ name: 'web01' }]);
  await of.ok('apply', 'm');
  await of.ok('replicate', 'web01', 'm');
  const pack = of.s3.calls.map(({ path }) => path).find(path => path.includes('/packs/'))!;
  const key = pack.split('?')[0]!.replace(/^\/?(gdh-vm-replication\/)?/, '');
  const s3 = new S3Client({
    region: 'eu-west-1',
    credentials: of.lab.settings.s3,
    endpoint: of.lab.s3.url,
    forcePathStyle: true,
  });
  await s3.send(new DeleteObjectCommand({ Bucket: 'gdh-vm-replication', Key: key }));
  s3.destroy();
  of.api.clear();
  const { code, stderr } = await of.run('failover', 'everything', '--test', 'm');
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/missing-object.*web01.*is missing in the repository/);
  expect(stderr).toMatch(/m\/dr\.yaml:\d+:5/);
  expect(calls(of)).toEqual([]);
});
