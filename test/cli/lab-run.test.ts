import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { binary, cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests/lab');
const repository = ['--repository', 's3://gdh-vm-replication/dr'];

test('the first apply protects the VMs, the second has nothing to do', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];

  const first = await cli(dir, ['apply', manifests, ...lab]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain('nothing leaves this machine');
  expect(first.stderr + first.stdout).toMatch(/2 recovery points/);
  expect(first.stderr + first.stdout).toMatch(/second plan is empty/);

  const second = await cli(dir, ['apply', manifests, ...lab, '--detailed-exitcodes']);
  expect(second.code, second.stderr).toBe(0);
  expect(second.stdout).toMatch(/nothing to (do|change)/i);

  const points = await cli(dir, ['points', ...repository, '--format', 'json', ...lab]);
  const listed = JSON.parse(points.stdout) as { vm: { name: string }; disks: unknown[]; mode: string }[];
  expect(listed.map(p => [p.vm.name, p.disks.length, p.mode])).toEqual(
    expect.arrayContaining([
      ['dc02', 1, 'full'],
      ['sql01', 2, 'full'],
    ]),
  );

  // The image under the lab's host folder is the newest point, byte for byte.
  const restored = await cli(dir, ['restore', 'dc02', ...repository, '--to', join(dir, 'out'), ...lab]);
  expect(restored.code, restored.stderr).toBe(0);
  const image = await readFile(join(dir, 'lab/host/srv/spool/dc02.raw'));
  expect(image.equals(await readFile(join(dir, 'out/disk-0.raw')))).toBe(true);
  expect(image.some(byte => byte !== 0)).toBe(true);
});

test('when the interval has passed a cycle is due, and the image follows', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  expect((await cli(dir, ['apply', manifests, ...lab])).code).toBe(0);
  expect((await cli(dir, ['lab', 'clock', '20m', ...lab])).code).toBe(0);
  const plan = await cli(dir, ['plan', manifests, ...lab, '--detailed-exitcodes']);
  expect(plan.code, plan.stderr).toBe(2);
  expect(plan.stdout).toContain('protected_vm:dc02');
  expect(plan.stdout).toContain('raw_image:/srv/spool/dc02.raw');
  const again = await cli(dir, ['apply', manifests, ...lab, '--detailed-exitcodes']);
  expect(again.code, again.stderr).toBe(2);
  expect((await cli(dir, ['plan', manifests, ...lab, '--detailed-exitcodes'])).code).toBe(0);
});

test('the binary runs by path with nothing in PATH but the system', async () => {
  const dir = await scratch();
  const { code, stdout, stderr } = await binary(dir, ['plan', manifests, '--lab', join(dir, 'lab')]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/to create/);
});

test('--lab that swallowed the manifests says so', async () => {
  const dir = await scratch();
  const { code, stderr } = await cli(dir, ['apply', '--lab', manifests]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/--lab|paths/);
});
