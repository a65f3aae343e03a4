import { join } from 'node:path';
import { expect, test } from 'vitest';
import { binary, cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests/pilot-light');

test('pilot_light protects the VMs of the lab, and a second apply has nothing to do', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const first = await cli(dir, ['apply', manifests, ...lab]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain('pilot_light:dr/protected_vm:dc02');
  expect(first.stdout).toMatch(/second plan is empty/);
  const second = await cli(dir, ['apply', manifests, ...lab, '--detailed-exitcodes']);
  expect(second.code, second.stderr).toBe(0);
  expect(second.stdout).toMatch(/Nothing to do/);
  const only = await cli(dir, ['plan', manifests, '--only', 'pilot_light:dr', ...lab]);
  expect(only.stdout).toContain('6 in sync');
});

test('explain shows every layer of a value, the winner marked, in the binary too', async () => {
  const dir = await scratch();
  const address = 'pilot_light:dr/raw_image:/srv/spool/dc02.raw.vm';
  expect((await binary(dir, ['explain', address, manifests])).stdout).toContain('vm = dc02');
  const { code, stdout, stderr } = await cli(dir, [
    ...['explain', 'pilot_light:dr/protected_vm:dc02.schedule', manifests],
    ...['--env', 'relaxed', '--set', 'schedule=every 2 hours'],
  ]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/\* --set +every 2 hours/);
  expect(stdout).toMatch(/relaxed\.yaml:1 +every 4 hours/);
  expect(stdout).toMatch(/common\.yaml:1 +every 15 minutes/);
  const unknown = await cli(dir, ['explain', 'pilot_light:dr/protected_vm:dc03', manifests]);
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toContain('did you mean');
});

test('explain --type prints the documentation of a type', async () => {
  const { stdout } = await cli('/', ['explain', '--type', 'bucket']);
  expect(stdout).toMatch(/^bucket\n[\s\S]*versioning {2}boolean/);
});
