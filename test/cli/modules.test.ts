import { mkdir, symlink, writeFile } from 'node:fs/promises';
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

test('explain --type: a module with its parameters, a kind of target, and all there is', async () => {
  const dir = await scratch();
  const module = await cli(dir, ['explain', '--type', 'pilot_light']);
  expect(module.stdout).toMatch(/^pilot_light\n\nWhat has to be in place/);
  expect(module.stdout).toMatch(/\n {2}vms {2}list of text, 1 or more, required\n/);
  expect(module.stdout).toMatch(/\n {2}schedule {2}schedule, default every 15 minutes\n/);
  expect(module.stdout).toMatch(/\n {2}rpo {2}duration\n/);
  expect((await cli(dir, ['explain', '--type', 'aws'])).stdout).toMatch(/\n {2}region {2}text/);

  const all = await cli(dir, ['explain', '--type']);
  for (const part of [
    /^ {2}bucket +An S3/m,
    /^ {2}pilot_light +What/m,
    /^ {2}vsphere +A vC/m,
    /^ {2}notify {2}/m,
  ])
    expect(all.stdout).toMatch(part);
  // Names without a meaning yet are nothing to explain.
  expect(all.stdout).not.toMatch(/^ {2}purge/m);

  const wrong = await cli(dir, ['explain', '--type', 'pilot_ligth']);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('did you mean `pilot_light`?')]);
});

test('explain --type finds the modules beside the manifests that are named', async () => {
  const dir = await scratch();
  await mkdir(join(dir, 'site/modules/mine'), { recursive: true });
  const module = 'converge: 1\ndescription: Mine.\nparameters: { to: { enum: [a, b] } }\nresources: {}\n';
  await writeFile(join(dir, 'site/modules/mine/module.yaml'), module);
  await writeFile(join(dir, 'site/m.yaml'), 'converge: 1\n');
  expect((await cli(dir, ['explain', '--type', 'mine'])).code).toBe(1);
  const found = await cli(dir, ['explain', '--type', 'mine', 'site']);
  expect(found.stdout).toMatch(/^mine\n\nMine\.\n[\s\S]*to {2}a \| b, required/);
});

test.each([40, 60, 100])('explain --type fits %i columns', async columns => {
  for (const type of [[], ['bucket'], ['protected_vm'], ['raw_image'], ['pilot_light'], ['vsphere']]) {
    const { stdout } = await cli('/', ['explain', '--type', ...type], { columns });
    for (const line of stdout.split('\n').filter(one => / \S+ /.test(one.trim())))
      expect(line.length, line).toBeLessThanOrEqual(columns);
  }
});

test('a module that is there by two paths, one of them through a link, is one module', async () => {
  const dir = await scratch();
  await mkdir(join(dir, 'store/lib/modules/web'), { recursive: true });
  await writeFile(join(dir, 'store/lib/modules/web/module.yaml'), 'converge: 1\nresources: {}\n');
  await writeFile(join(dir, 'store/lib/m.yaml'), 'converge: 1\nresources: { web: { a: {} } }\n');
  await symlink(join(dir, 'store/lib'), join(dir, 'lib'));
  const { code, stderr } = await cli(dir, ['validate', 'store/lib', 'lib']);
  expect(stderr).not.toContain('two modules');
  expect(code).toBe(1);
  expect((await cli(dir, ['validate', 'lib'])).code).toBe(0);
});
