import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { refusedBySystem } from '../../src/io/errors.ts';
import { cli, scratch } from '../support/cli.ts';

const root = join(import.meta.dirname, '../..');

/** The real binary with an output that takes nothing. */
function intoFullDisk(output: 'stdout' | 'stderr', ...args: string[]) {
  const full = openSync('/dev/full', 'w');
  const stdio = output === 'stdout' ? ['ignore', full, 'pipe'] : ['ignore', 'pipe', full];
  return spawnSync(join(root, 'bin/converge'), args, {
    cwd: root,
    encoding: 'utf8',
    stdio: stdio as 'pipe'[],
  });
}

describe.skipIf(!existsSync('/dev/full'))('a full disk behind the output', () => {
  test.each([
    ['--version'],
    ['--help'],
    ['schema'],
    ['schema', '--types'],
    ['completion', 'bash'],
    ['explain', '--type', 'bucket'],
    ['graph', 'manifests/lab'],
    ['validate', 'manifests/lab'],
  ])('converge %s %s: 4 and one line', (...args) => {
    const { status, stderr } = intoFullDisk('stdout', ...args.filter(Boolean));
    expect(stderr).toBe("converge can't write all that it has to say: the disk is full\n");
    expect(status).toBe(4);
  });

  test('what was not used is not missed: a mistake stays 1, and has no second line', () => {
    const { status, stderr } = intoFullDisk('stdout', 'validate', 'no/such/path');
    expect(stderr).not.toContain('disk is full');
    expect(status).toBe(1);
    expect(intoFullDisk('stderr', 'schema', 'bucket').status).toBe(0);
  });
});

test.each([
  ['lab show --lab FILE/lab'],
  ['apply MANIFEST --lab FILE/lab'],
  ['apply MANIFEST --state FILE/state'],
  ['restore dc02 --repository s3://gdh-vm-replication/dr --to FILE --lab'],
  ['restore dc02 --repository s3://gdh-vm-replication/dr --to FILE/below --lab'],
  ['plan MANIFEST -o FILE/plan.json'],
  ['observe MANIFEST -o FILE/observed.json'],
  ['key create --to FILE/dr.key'],
  ['init FILE/new --lab'],
])('%s, where a file is in the way: a message', async line => {
  const dir = await scratch();
  const file = join(dir, 'a-file');
  await writeFile(file, '');
  await mkdir(join(dir, 'm'));
  await writeFile(
    join(dir, 'm/m.yaml'),
    `converge: 1\nresources: { file: { ${dir}/out: { kind: directory } } }\n`,
  );
  if (line.startsWith('restore')) {
    const made = await cli(dir, ['apply', join(root, 'manifests/lab'), '--lab']);
    expect(made.code, made.stderr).toBe(0);
  }
  const words = line.replaceAll('FILE', file).replaceAll('MANIFEST', 'm').split(' ');
  const { code, stderr } = await cli(dir, words);
  expect(stderr).toMatch(/a part of the path is not a directory|a file is in its place/);
  expect(stderr).not.toContain('in a way it should not');
  expect(code).toBe(4);
});

test
  .skipIf(!existsSync('/proc/self'))
  .each([
    ['apply MANIFEST --lab /proc/x'],
    ['lab show --lab /proc/x'],
    ['apply MANIFEST --state /proc/x'],
    ['init /proc/x --lab'],
    ['restore dc02 --repository s3://gdh-vm-replication/dr --to /proc/x --lab'],
  ])('%s, where nothing can be made: a message, and an end', async line => {
  const dir = await scratch();
  const manifest = join(dir, 'm.yaml');
  await writeFile(manifest, `converge: 1\nresources: { file: { ${dir}/out: { kind: directory } } }\n`);
  if (line.startsWith('restore')) {
    const made = await cli(dir, ['apply', join(root, 'manifests/lab'), '--lab']);
    expect(made.code, made.stderr).toBe(0);
  }
  // In a process of its own: what hangs there would take the tests along.
  const args = ['src/cli/entry.ts', ...line.replaceAll('MANIFEST', manifest).split(' ')];
  const { status, stderr, signal } = spawnSync(process.execPath, [join(root, args[0]!), ...args.slice(1)], {
    cwd: dir,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  expect({ status, signal }, stderr).toEqual({ status: 4, signal: null });
  expect(stderr).toContain("can't make the directory /proc/x");
});

test.each([
  ['EACCES', 'mkdir', "can't make the directory /x/lab: permission denied", 'file-access'],
  ['EROFS', 'mkdir', "can't make the directory /x/lab: the file system is read-only", 'file-access'],
  ['ENOSPC', 'open', "can't open /x/lab: the disk is full", 'disk-full'],
  ['EDQUOT', 'rename', "can't replace /x/lab: the disk quota is used up", 'disk-full'],
])('%s of %s is what the system answered, with a way out', (code, syscall, message, name) => {
  const error = Object.assign(new Error(`${code}: nope`), { code, syscall, path: '/x/lab' });
  const [said] = refusedBySystem(error)!.diagnostics;
  expect(said).toMatchObject({ code: name, message, category: 'world', hint: expect.stringMatching(/./) });
});

test.each(['ENOENT', 'ECONNREFUSED', 'ERR_INVALID_ARG_TYPE'])('%s is not about a place', code => {
  expect(refusedBySystem(Object.assign(new Error(code), { code }))).toBeUndefined();
});

test.skipIf(process.platform === 'win32')(
  'a working directory that is gone is said in one line',
  async () => {
    const dir = await scratch();
    const script = `mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"`;
    const { status, stderr } = spawnSync('sh', ['-c', script, join(root, 'bin/converge'), 'plan', 'm.yaml'], {
      cwd: dir,
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^error: the working directory isn't there any more: .*\n$/m);
    expect(stderr).not.toContain('uv_cwd');
    expect(status).toBe(4);
  },
);

test('what was done is told though its report has no place', async () => {
  const dir = await scratch();
  await mkdir(join(dir, '.converge'), { mode: 0o700 });
  await writeFile(join(dir, '.converge/reports'), 'in the way');
  await writeFile(join(dir, 'm.yaml'), 'converge: 1\nresources: { file: { a.txt: { content: x } } }\n');
  const { code, stdout, stderr } = await cli(dir, ['apply', 'm.yaml']);
  expect(stdout).toContain('Applied: 1 change');
  expect(stderr).toMatch(/error\[file-access\]: can't .*\.converge\/reports/);
  expect(code).toBe(4);
});
