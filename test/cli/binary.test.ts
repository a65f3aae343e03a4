import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { binary, scratch } from '../support/cli.ts';
import { endAll, start } from '../support/start.ts';

const root = join(import.meta.dirname, '../..');
const manifest = (dir: string) => `converge: 1
resources:
  file:
    ${dir}/out: { kind: directory }
    ${dir}/out/note.txt: { content: "hello", mode: 0640 }
`;

async function withManifest() {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), manifest(dir));
  return dir;
}

/** A type that has its object once it was applied; `more` is done while applying. */
const box = (more = '') => `let there = false;
export default {
  name: 'box', doc: 'A box.', version: 1, schema: { type: 'object', properties: {} },
  runs: { on: 'host' }, realm: { name: 'box', concurrency: 1 },
  identity: (_, title) => title,
  desired: () => ({}),
  observe: async asked => new Map(asked.map(({ id }) => [id, there ? { state: 'present', value: {} } : { state: 'absent' }])),
  apply: async (steps, io) => { ${more} there = true; return new Map(steps.map(({ id }) => [id, { ok: true }])); },
};`;

describe('the real binary', () => {
  test('--version', async () => {
    const { code, stdout } = await binary(root, ['--version']);
    expect(code).toBe(0);
    expect(stdout.trim()).toBe(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version);
  });

  test('--help lists every command, on stdout', async () => {
    const { code, stdout } = await binary(root, ['--help']);
    expect(code).toBe(0);
    for (const name of [
      'validate',
      'plan',
      'apply',
      'observe',
      'schema',
      'graph',
      'explain',
      'facts',
      'replicate',
      'points',
      'restore',
      'verify',
      'key',
      'lab',
    ]) {
      expect(stdout).toMatch(new RegExp(`^\\s+${name}\\b`, 'm'));
    }
  });

  test('no command: help, and exit 1', async () => {
    expect((await binary(root, [])).code).toBe(1);
  });

  test('an unknown command is refused with the nearest', async () => {
    const { code, stderr } = await binary(root, ['aply']);
    expect(code).toBe(1);
    expect(stderr).toContain('apply');
  });

  test('an unknown option is refused', async () => {
    const { code, stderr } = await binary(root, ['plan', 'manifests', '--nope']);
    expect(code).toBe(1);
    expect(stderr).toContain('--nope');
  });

  test('facts name the Node that the project pins, whatever starts it', async () => {
    const { stdout } = await binary(root, ['facts']);
    expect(JSON.parse(stdout).node).toMatch(/^24\./);
  });

  test('runs by path where PATH leads to no Node at all', async () => {
    const dir = await scratch();
    const { code, stdout, stderr } = await binary(dir, ['facts'], { PATH: join(dir, 'nothing-here') });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).node).toMatch(/^24\./);
  });

  test("runs by path, and through a link, where the machine's own Node is older", async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'bin'));
    // Stands before every other Node and would be seen at once.
    await writeFile(join(dir, 'bin/node'), '#!/bin/sh\necho v20.20.2\nexit 97\n', { mode: 0o755 });
    await symlink(join(root, 'bin/converge'), join(dir, 'bin/converge'));
    const env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` };
    for (const file of [join(root, 'bin/converge'), join(dir, 'bin/converge')]) {
      const { code, stdout, stderr } = await binary(dir, ['facts'], env, file);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout).node).toMatch(/^24\./);
    }
  });

  test('every way to start it gives Node the options of its first line', async () => {
    const [first = ''] = (await readFile(join(root, 'dist/converge.js'), 'utf8')).split('\n');
    const options = /^#!\/usr\/bin\/env -S node (--\S+)$/.exec(first)?.[1];
    expect(options, first).toBeDefined();
    for (const starter of [
      'bin/converge',
      'packaging/beanstalk-linux/.platform/converge/agent/run.sh',
      'packaging/beanstalk-windows/converge/agent/run.cmd',
    ]) {
      const starts = (await readFile(join(root, starter), 'utf8'))
        .split('\n')
        .filter(line => /converge\.c?js" /.test(line) && !/\[ /.test(line));
      expect(starts, starter).not.toEqual([]);
      for (const line of starts) expect(line, starter).toContain(options);
    }
  });

  test('an old Node that runs the bundle by hand is told so in one line', async () => {
    const old = ['/usr/local/bin/node', '/usr/bin/node'].find(
      path =>
        existsSync(path) &&
        Number(execFileSync(path, ['-p', 'process.versions.node']).toString().split('.')[0]) < 22,
    );
    if (!old)
      return console.warn(
        'SKIPPED: no Node older than 22 on this machine; its one-line message was not tried',
      );
    const { code, stderr } = await binary(
      root,
      [join(root, 'dist/converge.js'), 'facts'],
      { PATH: '/usr/bin:/bin' },
      old,
    );
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('22.15');
  });

  test('plan, apply, and apply again', async () => {
    const dir = await withManifest();
    expect((await binary(dir, ['plan', 'm.yaml', '--detailed-exitcodes'])).code).toBe(2);
    expect((await binary(dir, ['apply', 'm.yaml', '--detailed-exitcodes'])).code).toBe(2);
    expect(await readFile(join(dir, 'out/note.txt'), 'utf8')).toBe('hello');
    const again = await binary(dir, ['apply', 'm.yaml', '--detailed-exitcodes']);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/Nothing to do/);
  });

  test('apply --noop changes nothing and says by exit code what it would', async () => {
    const dir = await withManifest();
    const { code } = await binary(dir, ['apply', 'm.yaml', '--noop', '--detailed-exitcodes']);
    expect(code).toBe(2);
    expect(existsSync(join(dir, 'out'))).toBe(false);
  });

  test('a plan file is applied as it was reviewed', async () => {
    const dir = await withManifest();
    await binary(dir, ['plan', 'm.yaml', '-o', 'plan.json']);
    expect((await binary(dir, ['apply', 'plan.json'])).code).toBe(0);
    expect(await readFile(join(dir, 'out/note.txt'), 'utf8')).toBe('hello');
  });

  test('a plan file whose world has moved is refused with 8', async () => {
    const dir = await withManifest();
    await binary(dir, ['plan', 'm.yaml', '-o', 'plan.json']);
    await binary(dir, ['apply', 'm.yaml']);
    await writeFile(join(dir, 'out/note.txt'), 'somebody else');
    const { code, stderr } = await binary(dir, ['apply', 'plan.json']);
    expect(code).toBe(8);
    expect(stderr).toContain('note.txt');
    expect(await readFile(join(dir, 'out/note.txt'), 'utf8')).toBe('somebody else');
  });

  test('plan goes to stdout, errors to stderr', async () => {
    const dir = await withManifest();
    await writeFile(join(dir, 'bad.yaml'), 'converge: 1\nresources: { nope: { a: {} } }\n');
    expect((await binary(dir, ['plan', 'm.yaml'])).stderr).toBe('');
    const bad = await binary(dir, ['plan', 'bad.yaml']);
    expect(bad).toMatchObject({ code: 1, stdout: '' });
    expect(bad.stderr).toContain('bad.yaml:2');
  });

  test('the plan text has the same bytes in any locale and time zone', async () => {
    const dir = await withManifest();
    const env = (extra: Record<string, string>) => ({ PATH: '/usr/bin:/bin', ...extra });
    const here = await binary(dir, ['plan', 'm.yaml'], env({ TZ: 'UTC', LANG: 'C' }));
    for (const [TZ, LANG] of [
      ['Pacific/Auckland', 'tr_TR.UTF-8'],
      ['Asia/Kathmandu', 'de_DE.UTF-8'],
    ] as const) {
      const there = await binary(dir, ['plan', 'm.yaml'], env({ TZ, LANG, LC_ALL: LANG }));
      expect(there.stdout).toBe(here.stdout);
    }
  });

  test('nothing that is run again is in a folder that others may write to', async () => {
    const dir = await scratch();
    const { code } = await binary(dir, ['facts'], { PATH: '/usr/bin:/bin', TMPDIR: dir, HOME: dir });
    expect(code).toBe(0);
    expect(await readdir(dir)).toEqual([]);
  });

  test('a closed pipe is not a crash', async () => {
    const child = spawn(join(root, 'bin/converge'), ['schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += chunk;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    await once(child, 'close');
    expect(stderr).toBe('');
  });

  test.skipIf(process.platform === 'win32')(
    'npx finds it where it looks first, and needs no build of its own',
    async () => {
      expect(await realpath(join(root, 'node_modules/.bin/converge'))).toBe(join(root, 'dist/converge.js'));
      const cache = await scratch();
      const run = await binary(
        root,
        ['converge', '--version'],
        { PATH: process.env.PATH!, HOME: cache, npm_config_cache: cache, npm_config_offline: 'true' },
        'npx',
      );
      expect(run).toMatchObject({ code: 0, stdout: '0.1.0\n' });
      expect(existsSync(join(cache, '_npx'))).toBe(false);
    },
  );

  test('schema prints JSON Schema draft-07', async () => {
    const { stdout } = await binary(root, ['schema']);
    expect(JSON.parse(stdout).$schema).toBe('http://json-schema.org/draft-07/schema#');
  });

  test('key create writes a key for its owner alone and never over another', async () => {
    const dir = await scratch();
    const made = await binary(dir, ['key', 'create', '--to', 'dr.key']);
    expect(made.code, made.stderr).toBe(0);
    expect(
      execFileSync('stat', ['-c', '%a', join(dir, 'dr.key')])
        .toString()
        .trim(),
    ).toBe('600');
    const text = await readFile(join(dir, 'dr.key'), 'utf8');
    expect(made.stdout + made.stderr).not.toContain(text.trim());
    expect((await binary(dir, ['key', 'create', '--to', 'dr.key'])).code).toBe(1);
    expect(await readFile(join(dir, 'dr.key'), 'utf8')).toBe(text);
  });

  /** The text of all chunks that validating m.yaml loads. */
  async function chunksOfValidate(dir: string): Promise<string[]> {
    const trace = join(dir, 'loaded.txt');
    const hook = join(dir, 'hook.mjs');
    await writeFile(
      hook,
      `import { registerHooks } from 'node:module';\nimport { appendFileSync } from 'node:fs';\nregisterHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(trace)}, url + '\\n'); return next(url, context); } });\n`,
    );
    const { code, stderr } = await binary(dir, ['validate', 'm.yaml'], {
      PATH: '/usr/bin:/bin',
      NODE_OPTIONS: `--import ${hook}`,
    });
    expect(code, stderr).toBe(0);
    const chunks = (await readFile(trace, 'utf8')).split('\n').filter(url => url.includes('/dist/'));
    expect(chunks.length).toBeGreaterThan(0);
    return Promise.all(chunks.map(url => readFile(new URL(url), 'utf8')));
  }

  test('validate loads no SDK, no listr2, no execa, no ajv', async () => {
    const texts = await chunksOfValidate(await withManifest());
    for (const name of [
      'node_modules/@aws-sdk',
      'node_modules/listr2',
      'node_modules/execa',
      'node_modules/ajv/',
      'node_modules/@peculiar',
      'node_modules/typebox/build/value',
      'src/adopt/ebextensions',
    ]) {
      expect(
        texts.some(text => text.includes(name)),
        name,
      ).toBe(false);
    }
  });

  test('ajv is loaded for types of the user, and for nothing else', async () => {
    const dir = await withManifest();
    const loadsAjv = async () =>
      (await chunksOfValidate(dir)).some(text => text.includes('node_modules/ajv/'));
    await mkdir(join(dir, 'types'));
    await writeFile(join(dir, 'types/README.md'), 'none yet');
    expect(await loadsAjv()).toBe(false);
    await writeFile(join(dir, 'types/box.js'), box());
    expect(await loadsAjv()).toBe(true);
  });

  test('a promise that a type forgot to wait for does not end the run, nor does what it leaves running', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'types'));
    const forgetful = box(
      "setInterval(() => {}, 1000); io.files.open('/not/there/at-all', 'create-new').then(() => x.y);",
    );
    await writeFile(join(dir, 'types/box.js'), forgetful);
    await writeFile(
      join(dir, 'm.yaml'),
      `converge: 1\nresources: { box: { a: {} }, file: { ${dir}/out: { kind: directory } } }`,
    );
    const { code, stdout, stderr } = await binary(dir, ['apply', 'm.yaml']);
    expect(stderr).toContain(
      'the resource type `box` of types/box.js is faulty: an error that nobody waited for',
    );
    expect(code).toBe(4);
    expect(stdout).toContain('Applied: 2 changes');
  });

  test('Ctrl-C while the lab is served ends it with its folder free for the next', async () => {
    const dir = await scratch();
    const child = start(join(root, 'bin/converge'), ['lab', 'serve', '--lab', 'lab'], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => endAll(child));
    await once(child.stdout!, 'data');
    const added = await binary(dir, ['lab', 'add-vm', 'dc09', '--blank', '1MiB', '--lab', 'lab']);
    expect(added.code, added.stderr).toBe(0);
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(0);
    const after = await binary(dir, ['lab', 'show', '--lab', 'lab']);
    expect(after.stdout).toContain('dc09');
  });
});
