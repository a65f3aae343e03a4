import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const bucket = [
  '--repository',
  's3://gdh-vm-replication/dr',
  '--plan',
  'everything',
  '--region',
  'eu-west-1',
];

test('a machine that is known not to run is refused before anything is begun, unless it is allowed', {
  timeout: 180_000,
}, async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'open.raw'), bootBlock());
  await writeFile(join(dir, 'bad.raw'), Buffer.alloc(2 ** 20, 7));
  const machines = ['open', 'bad'].map(name => ({ name, disks: [join(dir, `${name}.raw`)] }));
  const world = await recoveryWorld({ dir, run: cli, machines });
  onTestFinished(() => world.close());
  await world.ok('apply', 'm');
  // Nobody looked yet: that is no reason to refuse a recovery.
  const early = await world.ok('failover', 'everything', '--test', 'm', '--noop');
  expect(
    early.match(/warning: readiness not looked at: run `converge readiness --plan everything m --lab \S+`/g),
  ).toHaveLength(2);

  for (const { name } of machines) await world.ok('replicate', name, '--replica', 'm');
  world.s3.clear();
  world.api.clear();
  const refused = await world.run('failover', 'everything', '--test', 'm');
  expect([refused.code, refused.stderr]).toEqual([
    8,
    expect.stringMatching(
      /error\[target-not-ready\]: recovery_target:bad would not run in EC2: boot sector: disk 0 has no boot sector: 55 AA is missing[\s\S]*m\/dr\.yaml:[\s\S]*grub-install DISK`; to launch it all the same: --allow recovery_target:bad/,
    ),
  ]);
  expect(refused.stderr).not.toContain('recovery_target:open');
  // 412: what EC2 would do was asked.
  const done = world.api.calls.filter(({ status }) => status !== 412);
  expect(done.filter(({ what }) => !/^(ec2:(Describe|Get)|ssm:Get|route53\w*:)/.test(what))).toEqual([]);
  expect(world.s3.calls.filter(({ path }) => path.includes('/packs/'))).toEqual([]);

  const other = await world.run('failover', 'everything', '--test', 'm', '--allow', 'recovery_target:worse');
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('error[nothing-allowed]')]);
  const allowed = await world.ok(
    'failover',
    'everything',
    '--test',
    'm',
    '--allow',
    'recovery_target:bad',
    '--noop',
  );
  expect(allowed).toMatch(/ {6}NOT READY, and allowed: boot sector: disk 0 has no boot sector/);
  expect(allowed).toMatch(/ {6}warning: not known to run \(NVMe driver, guest\): run `converge readiness/);
  expect(await world.running()).toEqual({});

  const rule = {
    kind: 'refused',
    operation: 'RunInstances',
    code: 'VcpuLimitExceeded',
    as: 'dry-run',
    times: 9,
  } as const;
  await world.lab.command({ do: 'fault', on: 'ec2', rule });
  const beyond = await world.run('failover', 'everything', '--test', 'm', '--allow', 'recovery_target:bad');
  expect([beyond.code, beyond.stderr]).toEqual([
    8,
    expect.stringMatching(
      /recovery_target:open would not run in EC2: launch: ec2:RunInstances is refused: VcpuLimitExceeded: [\s\S]*Service Quotas/,
    ),
  ]);
  expect(beyond.stderr).not.toContain('recovery_target:bad');
  const told = await world.run('readiness', 'm', '--only', 'recovery_target:open');
  expect(told.stdout).toMatch(/^not ready {2}launch .*VcpuLimitExceeded/m);
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'clear' } });
  expect(await world.running()).toEqual({});

  const byPaths = await world.run('readiness', 'm', '--format', 'json');
  const byBundle = await world.run('readiness', ...bucket, '--format', 'json');
  const found = (text: string) =>
    (
      JSON.parse(text) as { targets: { vm: string; verdict: string; findings: { what: string }[] }[] }
    ).targets.map(({ vm, verdict, findings }) => [vm, verdict, findings.map(({ what }) => what)]);
  expect([byBundle.code, byBundle.stderr]).toEqual([4, expect.any(String)]);
  expect(found(byBundle.stdout)).toEqual(found(byPaths.stdout));
  const unnamed = await world.run('readiness', '--repository', 's3://gdh-vm-replication/dr');
  expect([unnamed.code, unnamed.stderr]).toEqual([1, expect.stringContaining('--plan')]);
});
