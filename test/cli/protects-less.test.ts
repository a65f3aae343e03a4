import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const site = (vm: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: x, password: "\${secret('env:VC')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { points: { public_access: blocked } }
  protected_vm:
    idle: { repository: s3://points/dr, ${vm} }
    many: { select: { folder: Web }, repository: s3://points/dr, ${vm} }
`;
const strong = 'schedule: every 15 minutes, rpo: 1h, quiesce: require';

/** A lab in which it was applied as `strong` says. */
async function place() {
  const dir = await scratch();
  const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'lab')]);
  await run('lab', 'add-vm', 'idle', '--blank', '64KiB', '--blank', '64KiB');
  await run('lab', 'add-vm', 'web', '--blank', '64KiB', '--blank', '64KiB', '--folder', 'Web');
  const write = (vm: string, from = site(vm)) => writeFile(join(dir, 'm.yaml'), from);
  await write(strong);
  const { code, stderr } = await run('apply', 'm.yaml');
  expect(code, stderr).toBe(0);
  return { dir, run, write };
}

const warned = (stderr: string) =>
  [...stderr.matchAll(/^warning\[protects-less\]: (.*)$/gm)].map(([, text]) => text);

test('what protects less than at the last apply is warned of until it is applied, and nothing is blocked', async () => {
  const { run, write } = await place();
  expect(warned((await run('plan', 'm.yaml')).stderr)).toEqual([]);
  await write('schedule: every 30 minutes, rpo: 1h, quiesce: prefer, disks: { exclude: [2] }');
  const planned = await run('plan', 'm.yaml');
  expect(planned.code, planned.stderr).toBe(0);
  expect(warned(planned.stderr).filter(text => text!.includes('protected_vm:many/web'))).toEqual([
    expect.stringContaining('`schedule` was "every 15 minutes" and is "every 30 minutes"'),
    expect.stringContaining('`quiesce` was "require" and is "prefer"'),
    expect.stringContaining('`disks.exclude` was nothing and is ["2"]'),
  ]);
  expect(planned.stderr).toContain('--> m.yaml:8:');
  const noop = await run('apply', 'm.yaml', '--noop');
  expect(warned(noop.stderr).length).toBeGreaterThan(0);
  expect((await run('apply', 'm.yaml')).code).toBe(0);
  expect(warned((await run('plan', 'm.yaml')).stderr)).toEqual([]);
  await write(strong);
  expect(warned((await run('plan', 'm.yaml')).stderr)).toEqual([]);
});

test('what a plan shows as a change is not said twice', async () => {
  const { run, write } = await place();
  await write('', site(strong).replace('blocked', 'unmanaged'));
  expect(warned((await run('plan', 'm.yaml')).stderr)).toEqual([
    expect.stringContaining('`public_access` was "blocked" and is "unmanaged"'),
  ]);
});

test('offline, and by another digest for nobody: the recording knows what was applied', async () => {
  const { dir, run, write } = await place();
  expect((await run('observe', 'm.yaml', '-o', 'seen.json')).code).toBe(0);
  await write(strong.replace('rpo: 1h', 'rpo: 8h'));
  const offline = await cli(dir, ['plan', 'm.yaml', '--observed', 'seen.json', '--format', 'json']);
  expect(warned(offline.stderr)).toHaveLength(2);
  const { digest } = JSON.parse(offline.stdout) as { digest: string };
  expect((await run('plan', 'm.yaml')).stdout).toContain(digest.slice(0, 8));
  const recording = JSON.parse(await readFile(join(dir, 'seen.json'), 'utf8')) as {
    resources: { protection?: unknown }[];
  };
  recording.resources[0]!.protection = 7;
  await writeFile(join(dir, 'seen.json'), JSON.stringify(recording));
  expect((await cli(dir, ['plan', 'm.yaml', '--observed', 'seen.json'])).code).toBe(1);
});
