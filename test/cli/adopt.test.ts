import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const site = `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: x, password: "\${secret('env:VC')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket:
    points: { versioning: true, public_access: blocked, lifecycle: { abort_incomplete_uploads: 7d } }
    plain: {}
  protected_vm:
    on: { repository: s3://points/dr, schedule: every hour }
    "${'#'} 0644: x": { repository: s3://points/dr, schedule: every hour, disks: { exclude: [ Hard disk 2 ] } }
`;

/** A lab in which two VMs with odd names have points, and one has none. */
async function place() {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const run = (...args: string[]) => cli(dir, [...args, ...lab]);
  await run('lab', 'add-vm', 'on', '--blank', '64KiB');
  await run('lab', 'add-vm', '# 0644: x', '--blank', '64KiB', '--blank', '64KiB');
  await run('lab', 'add-vm', 'idle', '--blank', '64KiB', '--folder', 'Old');
  await writeFile(join(dir, 'm.yaml'), site);
  const { code, stderr } = await run('apply', 'm.yaml');
  expect(code, stderr).toBe(0);
  const settled = async (file: string) => {
    expect((await cli(dir, ['validate', file])).stderr).toBe('');
    // Of what it was declared as before, which another schedule weakens, this state folder knows nothing.
    const { stdout, stderr } = await run('plan', file, '--state', 'new');
    expect(stderr.split('\n').slice(1).join('\n')).toBe('');
    return stdout;
  };
  return { dir, run, settled, text: (file: string) => readFile(join(dir, file), 'utf8') };
}

test('buckets: as they are, by name or all of them; a plan changes nothing', async () => {
  const { dir, run, settled, text } = await place();
  const all = await run('adopt', 'bucket', '-o', 'all.yaml');
  expect(all.code, all.stderr).toBe(0);
  expect(all.stdout).toBe('');
  expect(await text('all.yaml')).toMatch(/^# yaml-language-server: \$schema=/);
  expect(await settled('all.yaml')).toMatch(/^Nothing to do: 4 in sync/);
  const one = await run('adopt', 'bucket', 'points');
  await writeFile(join(dir, 'one.yaml'), one.stdout);
  expect(one.stdout).toMatch(
    / {4}points:\n {6}versioning: true\n {6}public_access: blocked\n {6}lifecycle:\n {8}abort_incomplete_uploads: 7d\n$/,
  );
  expect(await text('all.yaml')).toMatch(/plain:\n {6}versioning: false\n {6}public_access: blocked\n/);
  expect(await settled('one.yaml')).toMatch(/^Nothing to do: 1 in sync/);
});

test('VMs: those with points live, the others as comments; odd names are quoted', async () => {
  const { run, settled, text } = await place();
  const { code, stderr } = await run('adopt', 'vsphere', '--repository', 's3://points/dr', '-o', 'vms.yaml');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('2 resources adopted; 1 written as comments');
  expect(await settled('vms.yaml')).toMatch(/^Nothing to do: 2 in sync/);
  const written = await text('vms.yaml');
  expect(written).toMatch(/ {4}"# 0644: x":\n[\s\S]*exclude:\n +- Hard disk 2\n/);
  expect(written).toMatch(
    /# no recovery point in s3:\/\/points\/dr[\s\S]*# - \/home\/vm\/Old\/idle[\s\S]*# idle:\n/,
  );
  expect(written).toContain(`password: \${secret('env:VC_PASSWORD')}`);
});

test('without a repository nothing counts as protected, and the file is valid all the same', async () => {
  const { run, settled, text } = await place();
  expect((await run('adopt', 'vsphere', '-o', 'vms.yaml')).code).toBe(0);
  expect(await settled('vms.yaml')).toMatch(/^Nothing to do: 0 in sync/);
  expect(await text('vms.yaml')).toMatch(/# not protected, as far as is known[\s\S]*# idle:/);
});

test('what is due is a comment that says what a plan would do', async () => {
  const { run, settled, text } = await place();
  await run('lab', 'clock', '2h');
  const words = ['adopt', 'protected_vm', 'on', '--repository', 's3://points/dr'];
  expect((await run(...words, '--schedule', 'every hour', '-o', 'due.yaml')).code).toBe(0);
  expect(await text('due.yaml')).toMatch(
    /# would update at once: point "due" -> "newest", rpo "breached" -> "kept"\n[\s\S]*# on:/,
  );
  expect(await settled('due.yaml')).toMatch(/^Nothing to do/);
  expect((await run(...words, '-o', 'daily.yaml')).code).toBe(0);
  expect(await text('daily.yaml')).toMatch(/schedule: every day/);
  expect(await settled('daily.yaml')).toMatch(/^Nothing to do: 1 in sync/);
});

test('by the targets of manifests: what they declare is left out, and both files go together', async () => {
  const { dir, run, text } = await place();
  await run('lab', 'tag', 'idle', 'gold');
  const chosen =
    site.replace(/ {2}protected_vm:[\s\S]*$/, '') +
    '  protected_vm:\n    gold: { select: { tag: gold }, repository: s3://points/dr, schedule: every day }\n';
  await writeFile(join(dir, 'm.yaml'), chosen);
  const words = ['adopt', 'vsphere', 'm.yaml', '--repository', 's3://points/dr', '-o', 'more.yaml'];
  const { code, stderr } = await run(...words);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('2 resources adopted; 1 left out, which the manifests declare already');
  expect(await text('more.yaml')).toContain("${secret('env:VC')}");
  expect((await cli(dir, ['validate', 'more.yaml'])).code).toBe(0);
  expect((await cli(dir, ['validate', 'm.yaml', 'more.yaml'])).stderr).toBe('');
  const planned = await run('plan', 'm.yaml', 'more.yaml');
  expect(planned.stdout).toMatch(/create {2}protected_vm:gold\/idle[\s\S]*Plan: 1 to create, 4 in sync/);
});

test('a file is never overwritten', async () => {
  const { dir, run, text } = await place();
  await writeFile(join(dir, 'mine.yaml'), 'mine');
  const { code, stderr } = await run('adopt', 'bucket', '-o', 'mine.yaml');
  expect(code).toBe(1);
  expect(stderr).toMatch(/mine.yaml exists already/);
  expect(await text('mine.yaml')).toBe('mine');
  const nowhere = await run('adopt', 'bucket', '-o', 'no/such.yaml');
  expect(nowhere.stderr).toMatch(/the folder of no\/such.yaml isn't there/);
});

test.each([
  [['bucket', 'pionts'], 4, /there is no bucket pionts[\s\S]*did you mean `points`/],
  [['protected_vm', 'onn'], 4, /There is no VM 'onn'[\s\S]*did you mean `on`/],
  [['bukket'], 1, /nothing called `bukket` to adopt[\s\S]*did you mean `bucket`/],
  [['file'], 1, /`file` can't be adopted/],
])('adopt %j is refused', async (words, code, expected) => {
  const { run } = await place();
  const answer = await run('adopt', ...words);
  expect(answer.code).toBe(code);
  expect(answer.stderr).toMatch(expected);
});

test.each([
  [['vsphere', '--url', 'https://vc'], /--username, --password must be said/],
  [['bucket', 'x'], /--region must be said/],
  [
    ['vsphere', '--url', 'https://vc', '--username', 'x', '--password', 'hunter2'],
    /--password takes the place of a secret/,
  ],
])('adopt %j without a lab is refused', async (words, expected) => {
  const { code, stderr } = await cli(await scratch(), ['adopt', ...words]);
  expect(code).toBe(1);
  expect(stderr).toMatch(expected);
  expect(stderr).not.toContain('hunter2');
});
