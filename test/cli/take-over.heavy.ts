import { expect, test } from 'vitest';
import { aZone } from '../lab/ec2/zone.ts';
import { url, world } from './taken-over.ts';

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
  expect(done).toMatch(
    /taken over in .*; keep it: converge failover commit web m --lab \S+lab; end it: .* undo web m/,
  );
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
  expect(await ok('failover', 'retry', 'web', 'm')).toMatch(
    /had passed and still runs\n.*\nall have passed; this try took/,
  );
  expect(await ok('failover', 'status', 'web', 'm')).toMatch(/^failover 1 of web, begun .*Z\n/);

  for (const decide of ['commit', 'undo'])
    expect(await refused('failover', decide, 'web', 'm')).toContain('not-approved');
  expect(await live()).toHaveLength(1);
  expect(await ok('failover', 'commit', 'web', 'm', '--yes')).toContain(
    'failover 1 of web is committed: web01 lives in AWS',
  );
  expect(await ok('failover', 'commit', 'web', 'm', '--yes')).toContain(
    'failover 1 of web was committed before',
  );
  expect(await status()).toMatchObject({ code: 16, vm: { state: 'unprotected', reason: 'lives-in-aws' } });
  for (const args of [
    ['run', 'web', '--test'],
    ['run', 'web', sure, '--yes'],
    ['undo', 'web', '--yes'],
    ['retry', 'web'],
  ])
    expect(await refused('failover', ...args, 'm')).toContain('failover 1 of web was committed');
  expect((await live()).map(({ InstanceId }) => InstanceId)).toEqual([instance!.InstanceId]);
  expect(await ok('replicate', 'web01', 'm')).toContain('the failover was committed');

  // Home again, it can be ended alone: its cycles go on, and the plan runs again.
  await ok('lab', 'power-off', 'web01');
  const home = await ok('failback', 'web01', 'm', '--to', 'out', '--yes');
  const [, end] = /then: converge (failover undo web .*--only recovery_target:web01)/.exec(home)!;
  expect(await status()).toMatchObject({ vm: { state: 'paused', reason: 'brought-home' } });
  expect(await ok('replicate', 'web01', 'm')).toContain('--only recovery_target:web01');
  expect(await refused('failover', 'web', '--test', 'm')).toContain('something of web01 is left in EC2');
  expect(await run(...end!.split(' '), '--yes')).toMatchObject({ code: 0 });
  expect(await live()).toEqual([]);
  await ok('replicate', 'web01', 'm', '--rescan');
  await ok('failover', 'web', '--test', 'm');
});

test('undo ends it with its disks, and lets replication go on; a test, then a failover again', {
  timeout: 120_000,
}, async () => {
  const { run, ok, refused, live, status, inEc2 } = await world(
    '[ { zone: example.com, name: web.example.com, type: A, to: web01 } ]',
  );
  const sure = ['web', 'm', '--source-down-confirmed'];
  expect((await run('failover', ...sure, '--noop')).stderr).toContain(
    'the account has no hosted zone example.com',
  );
  const zone = await inEc2((_, lab) => aZone(lab, 'example.com'));
  expect(await ok('failover', ...sure, '--noop')).toContain(
    `web.example.com A in ${zone}: no record -> the private address of web01 in EC2 (ttl 60)\n`,
  );
  const switched = /\nDNS: web\.example\.com A: no record -> [\d.]+ \(ttl 60\)\nRoute 53 has taken that/;
  expect(await ok('failover', ...sure, '--yes')).toMatch(switched);
  expect(await ok('failover', 'retry', 'web', 'm')).toMatch(switched);
  const asked = await run('failover', 'undo', 'web', 'm');
  expect(asked.code).toBe(8);
  expect(asked.stdout).toMatch(/web01: ends, and all that it has written in EC2 since .*Z is LOST\n/);
  const undone = await ok('failover', 'undo', 'web', 'm', '--yes');
  expect(undone).toContain('\nDNS: web.example.com A: put back: no record\n');
  expect(undone).toMatch(
    /\n1 instance terminated, 1 image deregistered, .*; 0 instances, 0 volumes, .*\n.*\nfailover 1 of web is undone/,
  );
  expect(await live()).toEqual([]);
  expect(await ok('failover', 'undo', 'web', 'm', '--yes')).toBe('failover 1 of web was undone before\n');
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
