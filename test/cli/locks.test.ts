import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = (bucket: string, repository: string, retention = '{ all: 5d, daily: 60d }') => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc-converge, password: "\${secret('env:VC_PASSWORD')}" }
  dr: { type: aws, region: eu-west-1 }
  pruner: { type: aws, region: eu-west-1 }
  locks: { type: aws, region: eu-west-1 }
resources:
  bucket:
    dr-points: { target: dr, ${bucket} }
  protected_vm:
    dc02: { repository: ${repository}, schedule: every day, retention: ${retention} }
`;
// Less than half of the 60 days that it is to be later, whoever's clock is a second ahead.
const locked = (more = 'for: 29d') =>
  `{ url: "s3://dr-points/dr", target: dr, pruner: pruner, extender: locks, lock: { mode: governance, ${more} } }`;

test('what a repository locks is said, lengthened, shown and honoured, and a bucket that can not lock is named', {
  timeout: 300_000,
}, async () => {
  const dir = await scratch();
  const declare = (text: string) => writeFile(join(dir, 'converge.yaml'), text);
  const run = (command: string[], ...more: string[]) =>
    cli(dir, [...command, 'converge.yaml', '--lab', 'lab', ...more], { env: { VC_PASSWORD: 'x' } });

  await declare(manifest('versioning: true', locked('for: 90d')));
  expect((await run(['validate'])).stderr).toContain('keeps no point that long');
  await declare(manifest('versioning: true', locked().replace('s3://dr-points/dr', 'file:///repo')));
  expect((await run(['validate'])).stderr).toContain('a folder has no Object Lock');

  await declare(manifest('versioning: true', locked()));
  const refused = await run(['apply']);
  expect(refused.code).toBe(4);
  expect(refused.stdout + refused.stderr).toContain("Objects in the bucket dr-points can't be locked");
  expect(refused.stdout + refused.stderr).toContain('object_lock: true');

  await declare(manifest('versioning: true, object_lock: true', locked()));
  const made = await run(['apply']);
  expect(made.code, made.stderr + made.stdout).toBe(0);
  const listed = JSON.parse((await run(['points', 'dc02'], '--format', 'json')).stdout);
  for (const { time, locked_until } of listed)
    expect(Date.parse(locked_until) - Date.parse(time)).toBeGreaterThan(28 * 86_400_000);

  // Nothing ends early: all was written just now.
  const noop = await run(['repository', 'extend-locks'], '--noop');
  expect(noop.stdout, noop.stderr).toMatch(
    /dc02: \d+ objects needed, would lengthen 0 locks, \d+ requests, about \$0\.0\d+/,
  );
  const done = await run(['repository', 'extend-locks']);
  expect(done.stdout).toMatch(/dc02: 0 locks lengthened; next after \d{4}-/);
  expect((await run(['repository', 'extend-locks'])).stdout).toContain('dc02: looked at lately');
  expect((await run(['points', 'dc02'])).stdout).toContain('LOCKED UNTIL');
  expect((await run(['repository', 'stats'])).stdout).toMatch(/dc02: .* locked until \d{4}-/);
  const verified = await run(['verify', 'dc02']);
  expect([verified.code, verified.stderr], verified.stderr).toEqual([
    0,
    expect.not.stringContaining('locked for'),
  ]);

  // A span that what is there was not written with: now it is short, and each of it is a request.
  await declare(manifest('versioning: true, object_lock: true', locked('for: 60d')));
  const short = await run(['verify', 'dc02']);
  expect(short.stderr, short.stdout).toMatch(
    /\d+ objects? that points of dc02 need (is|are) locked for less than half of 60d/,
  );
  const plan = JSON.parse((await run(['repository', 'extend-locks'], '--force', '--format', 'json')).stdout);
  const [vm] = plan.repositories[0].vms;
  expect(vm.extended).toBe(vm.short.length);
  expect(vm.extended).toBe(vm.needed);
  expect((await run(['verify', 'dc02'])).stderr).not.toContain('locked for');
  const doctor = await run(['doctor']);
  expect(doctor.stdout + doctor.stderr).toMatch(/object lock/);
});
