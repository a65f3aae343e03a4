import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { machineLocks } from '../../src/app/session/machine-locks.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { apart } from '../recovery/network.ts';
import { cli, scratch } from '../support/cli.ts';

const manifest = ({ subnet, group }: { subnet: string; group: string }) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { gdh-vm-replication: { versioning: true } }
  protected_vm:
    web01: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }
  recovery_target:
    web01:
      repository: s3://gdh-vm-replication/dr
      instance_type: m6i.large
      subnet: ${subnet}
      security_groups: [ ${group} ]
      replica: { every: 1h, keep: 2 }
  recovery_plan:
    web:
      repository: s3://gdh-vm-replication/dr
      groups: [ { targets: [ web01 ] } ]
      test:
        subnet: ${subnet}
        security_group: ${group}
        hours: 2
        teardown: arn:aws:iam::123456789012:role/converge-tear-down
      probes: [ { probe: status, within: 1m }, { probe: picture, within: 0s } ]
`;

/** A lab with a Linux VM, a network that is apart, and the manifest that says it all. */
async function world() {
  const dir = await scratch();
  const folder = join(dir, 'lab');
  const run = (...args: string[]) => cli(dir, [...args, '--lab', folder]);
  await writeFile(join(dir, 'disk.raw'), Buffer.concat([bootBlock(), Buffer.alloc(512 * 1000, 7)]));
  const added = await run('lab', 'add-vm', 'web01', '--disk', 'disk.raw', '--guest', 'debian12_64Guest');
  expect(added.code, added.stderr).toBe(0);
  const lab = await openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
  const { region, s3: credentials } = lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  const network = await apart(ec2);
  ec2.destroy();
  await lab.close();
  await mkdir(join(dir, 'm'));
  await writeFile(join(dir, 'm/dr.yaml'), manifest(network));
  const ok = async (...args: string[]) => {
    const result = await run(...args);
    expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };
  return { dir, run, ok, network };
}

test('protect, replicate, rehearse, clean up', { timeout: 120_000 }, async () => {
  const { dir, run, ok } = await world();
  await ok('apply', 'm');
  expect(await ok('plan', 'm', '--detailed-exitcodes')).toContain('Nothing to do: 4 in sync');
  expect(await ok('replicate', 'web01', '--replica', 'm')).toMatch(
    /web01: replica of point 1 .*\n {2}disk 0: snap-[0-9a-f]+, full \(first\), 2 blocks of 512 KiB\n/,
  );
  expect(await ok('replicate', 'web01', '--replica', 'm')).toMatch(/disk 0: snap-[0-9a-f]+ was there/);
  expect(await ok('replicate', '--replica', 'm')).toBe('web01: nothing to do: it is of the newest point\n');
  expect(await ok('verify', 'm', '--vm', 'web01', '--replica')).toMatch(
    /2 of 2 blocks read back, 0 problems/,
  );

  const shown = await ok('failover', 'web', '--test', 'm', '--noop');
  expect(shown).toMatch(
    /^test of web in subnet-.*nothing leads out of it\n {2}ended after 2 h 0 min by .*\n {2}group 1\n {4}web01 {2}m6i.large {2}1 disk/,
  );
  expect(shown).toMatch(/nothing was launched\n$/);
  const digest = /digest ([0-9a-f]+)/.exec(shown)![1]!;
  expect((await run('failover', 'web', '--test', 'm', '--digest', '00000000')).code).toBe(8);
  expect((await run('failover', 'web', 'm')).code).toBe(8);

  const text = await readFile(join(dir, 'm/dr.yaml'), 'utf8');
  const done = await ok('failover', 'web', '--test', 'm', '--digest', digest);
  expect(done).toMatch(/web01 {2}i-[0-9a-f]+ {2}runs after .* probed after/);
  expect(done).toMatch(
    /passed {2}status checks \(from EC2\): system ok, instance ok\n.*picture.*\nrecovered in /,
  );
  const again = await run('failover', 'web', '--test', 'm');
  expect(again.code).toBe(8);
  expect(again.stderr).toContain('test 1 of web is still there');

  const status = await ok('failover', 'status', 'web', 'm');
  expect(status).toMatch(
    /launched web01 as i-.*\n.*probed web01: status checks passed, picture of the console passed\n.*passed after/,
  );
  const { plans } = JSON.parse(await ok('status', 'm', '--format', 'json'));
  expect(plans[0].run).toMatchObject({ kind: 'test', number: 1, state: 'standing' });
  expect(plans[0].run.machines).toEqual({ all: 1, launched: 1, probed: 1 });
  expect(plans[0].run.steps.map(({ text }: { text: string }) => text)).toContainEqual(
    expect.stringMatching(/^launched web01 as i-/),
  );
  const [, file] = /saved (.*)\n/.exec(await ok('failover', 'status', 'web', 'm', '--pictures', 'seen'))!;
  const seen = await readFile(file!);
  expect(done).toContain(`sha256:${createHash('sha256').update(seen).digest('hex')}`);
  expect((await run('failover', 'status', 'web', 'm', '--pictures', 'seen')).stderr).toContain(
    'it exists already',
  );
  expect(status).toContain('now in EC2: 1 instance, 1 volume, 1 image');
  expect(status).toMatch(/converge-[0-9a-f]{8}-[0-9a-f]{16}-1-0 ends it at 20/);
  expect(await ok('failover', 'retry', 'web', 'm')).toMatch(
    /web01 {2}i-[0-9a-f]+ {2}had passed and still runs/,
  );
  const all = await run('failover', 'cleanup', 'all', 'm');
  expect([all.code, all.stderr]).toEqual([1, expect.stringContaining('with --expired alone')]);
  expect(await ok('failover', 'cleanup', '--expired', 'all', 'm')).toMatch(
    /^web: nothing to do: test 1 may stand until 20/,
  );
  const locks = machineLocks(nodeHost(), join(dir, 'lab/locks'), 0);
  const guarded = { target: 'lab:aws:dr', type: 'recovery_plan', id: 'web' };
  const lock = await locks.take(guarded, new AbortController().signal);
  for (const command of ['cleanup', 'retry']) {
    const kept = await run('failover', command, 'web', 'm');
    expect([kept.code, kept.stderr]).toEqual([
      8,
      expect.stringContaining('another run changes recovery_plan web'),
    ]);
  }
  await lock.release();

  // Its time passes: the entry ends the instance, whoever comes by counts and removes the rest.
  await ok('lab', 'clock', '3h');
  expect(await ok('failover', 'cleanup', '--expired', 'all', 'm')).toMatch(
    /^web: \d instances? terminated, 1 image deregistered, 0 security groups deleted, 0 tear-down entries removed; 0 instances, 0 volumes, 0 images, 0 security groups and 0 entries are left\n$/,
  );
  await ok('lab', 'clock', '0s');
  expect(await ok('failover', 'status', 'web', 'm')).toContain(
    'now in EC2: 0 instances, 0 volumes, 0 images',
  );

  // A newer point: the replica is due when it is an hour old.
  await ok('replicate', 'web01', 'm');
  expect(await ok('replicate', '--replica', 'm')).toBe('web01: nothing to do: it is young enough\n');
  await ok('lab', 'clock', '1h');
  expect(await ok('failover', 'status', 'web', 'm')).toMatch(/replica of web01: 1 h .* old, 1 point behind/);
  expect(await ok('replicate', '--replica', 'm')).toMatch(
    /web01: replica of point 2 .*\n {2}disk 0: snap-.*incremental/,
  );
  expect(await ok('failover', 'status', 'web', 'm')).toMatch(/replica of web01: .* old, of its newest point/);

  // What the plan was is in the repository; a change of it is a new version, seen by the next plan.
  await writeFile(join(dir, 'm/dr.yaml'), text.replace('within: 1m', 'within: 2m'));
  expect((await run('plan', 'm', '--detailed-exitcodes')).code).toBe(2);
  await ok('apply', 'm');
  expect((await run('plan', 'm', '--detailed-exitcodes')).code).toBe(0);
});
