import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests/lab');
const labs = () => readdirSync(tmpdir()).filter(name => name.startsWith('converge-lab-'));

// Other tests run at the same time, and make labs of their own.
beforeEach(async () => {
  const own = join(await scratch(), 'tmp');
  mkdirSync(own);
  vi.stubEnv('TMPDIR', own);
  return () => vi.unstubAllEnvs();
});

test('manifests that converge pass, and leave nothing behind', async () => {
  const dir = await scratch();
  const before = labs();
  const { code, stdout, stderr } = await cli(dir, ['test', manifests]);
  expect(code, stderr).toBe(0);
  expect(stdout).toBe('5 changes; a second plan is empty\n');
  expect(labs()).toEqual(before);
  expect(existsSync(join(dir, '.converge'))).toBe(false);
});

test('what would change again is named', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    'converge: 1\nresources: { exec: { never-done: { command: [/bin/true], creates: /srv/not-made } } }\n',
  );
  const { code, stdout, stderr } = await cli(dir, ['test', 'm.yaml']);
  expect(code).toBe(4);
  expect(stdout).toBe('');
  expect(stderr).toContain('exec:never-done');
});

test('mistakes are mistakes here, too', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), 'converge: 1\nresources: { nope: { a: {} } }\n');
  expect((await cli(dir, ['test', 'm.yaml'])).code).toBe(1);
});
