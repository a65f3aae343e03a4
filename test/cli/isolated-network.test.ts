import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const declared = (network: string, plan: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { gdh-vm-replication: { versioning: true } }
  isolated_network:
    drill: ${network}
  protected_vm:
    sql01: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }
  recovery_target:
    sql01: { subnet: subnet-03cac5a47da5e8567, security_groups: [default], replica: { writer: home } }
${plan}`;

const whole = declared(
  '{ cidr: 10.0.0.0/16, subnets: { 10.0.1.0/24: eu-west-1a, 10.0.2.0/24: eu-west-1b }, name_servers: none }',
  `  recovery_plan:
    dr:
      repository: s3://gdh-vm-replication/dr
      groups: [{ targets: [sql01] }]
      test: { network: drill, teardown: none, hours: 4 }
`,
);

test('a network is built, a plan is rehearsed in it, its evidence saved, and nothing is left', {
  timeout: 240_000,
}, async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), whole);
  await writeFile(join(dir, 'gone.yaml'), declared('{ ensure: absent }', ''));
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(dir, [...args, '--lab']);
    expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  expect(await ok('apply', 'm.yaml')).toContain('a second plan is empty');
  await ok('replicate', '--replica', 'm.yaml');
  const said = await ok('failover', 'dr', '--test', 'm.yaml');
  const [, subnet, vpc] = /^test of dr in (subnet-\w+) of (vpc-\w+), .*: nothing leads out of it$/m.exec(
    said,
  )!;
  const [, digest] = /^digest (\w+)$/m.exec(said)!;
  expect(said).toMatch(/^ {2}if it has no room: in subnet-\w+, which nothing leads out of either$/m);
  expect(said).toMatch(/^recovered in [\d.]+ s/m);

  const status = await ok('failover', 'status', 'dr', 'm.yaml', '--evidence', 'seen');
  expect(status).toMatch(/nothing leads out of subnet-\w+, subnet-\w+\n.*launched sql01/);
  const evidence = JSON.parse(await readFile(join(dir, 'seen/dr-1.json'), 'utf8'));
  expect(evidence).toMatchObject({
    passed: true,
    digest: expect.stringMatching(new RegExp(`^${digest}`)),
    network: { vpc, subnets: [{ id: subnet }, {}], proven: { looked: expect.any(Array) } },
    phases: [{ what: 'proven' }, { what: 'launched' }, { what: 'probed' }, { what: 'finished' }],
  });
  const page = await readFile(join(dir, 'seen/dr-1.html'), 'utf8');
  for (const shown of [vpc!, digest!, '10.0.1.0/24', 'every probe passed']) expect(page).toContain(shown);

  // While a test stands in it the network stays, and says whose it is to end.
  const kept = await cli(dir, ['apply', 'gone.yaml', '--lab']);
  expect([kept.code, kept.stderr]).toEqual([4, expect.stringContaining('converge failover cleanup PLAN')]);
  expect(await ok('failover', 'cleanup', 'dr', 'm.yaml')).toContain('0 instances, 0 volumes, 0 images');
  expect(await ok('apply', 'gone.yaml')).toContain('a second plan is empty');
  const none = await cli(dir, ['failover', 'dr', '--test', 'm.yaml', '--lab']);
  expect([none.code, none.stderr]).toEqual([
    4,
    expect.stringContaining('isolated_network drill is not there'),
  ]);
});
