import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { binary, cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests/lab');
const digestOf = (text: string) => (JSON.parse(text) as { digest: string }).digest;

const site = (more = '') => `converge: 1
resources:
  file:
    srv: { kind: directory }
    srv/token: { content: "\${secret('env:TOKEN')}", mode: 0600 }
    srv/motd: { source: motd.txt }
${more}`;

async function observedSite() {
  const dir = await scratch();
  const env = { TOKEN: 'correct horse "battery" staple' };
  await writeFile(join(dir, 'm.yaml'), site());
  await writeFile(join(dir, 'motd.txt'), 'hello');
  await mkdir(join(dir, 'srv'));
  await writeFile(join(dir, 'srv/token'), env.TOKEN, { mode: 0o600 });
  const { code, stderr } = await cli(dir, ['observe', 'm.yaml', '-o', 'obs.json'], { env });
  expect(code, stderr).toBe(0);
  return { dir, env, text: await readFile(join(dir, 'obs.json'), 'utf8') };
}

test('the lab: before and after an apply, the digest is that of a plan online', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const offline = ['plan', manifests, '--observed', 'obs.json', '--format', 'json'];
  for (const when of ['before', 'after', 'due']) {
    if (when === 'after') expect((await cli(dir, ['apply', manifests, ...lab])).code).toBe(0);
    if (when === 'due') expect((await cli(dir, ['lab', 'clock', '20m', ...lab])).code).toBe(0);
    expect((await cli(dir, ['observe', manifests, '-o', 'obs.json', ...lab])).code).toBe(0);
    const online = await cli(dir, ['plan', manifests, '--format', 'json', ...lab]);
    const { code, stdout, stderr } = await cli(dir, offline);
    expect(code, stderr).toBe(0);
    expect(stdout, when).toBe(online.stdout);
  }
});

test('a secret is neither in the file nor needed to plan', async () => {
  const { dir, env, text } = await observedSite();
  expect(text).toContain('env:TOKEN');
  for (const form of [env.TOKEN, JSON.stringify(env.TOKEN).slice(1, -1), btoa(env.TOKEN)])
    expect(text).not.toContain(form);
  const online = await cli(dir, ['plan', 'm.yaml', '--format', 'json'], { env });
  const offline = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json', '--format', 'json']);
  expect(offline.stderr).toBe('');
  expect(offline.stdout).toBe(online.stdout);
  expect(offline.stdout).toContain('"action": "none"');
});

test('in another folder, time zone and locale it has the same digest, and leaves nothing behind', async () => {
  const { dir } = await observedSite();
  const here = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json', '--format', 'json']);
  const other = await scratch();
  for (const name of ['m.yaml', 'motd.txt', 'obs.json'])
    await writeFile(join(other, name), await readFile(join(dir, name)));
  const before = await readdir(other);
  for (const env of [
    { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' },
    { TZ: 'Asia/Kathmandu', LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' },
  ]) {
    const there = await binary(other, ['plan', 'm.yaml', '--observed', 'obs.json', '--format', 'json'], {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: other,
      ...env,
    });
    expect(there.code, there.stderr).toBe(0);
    expect(digestOf(there.stdout)).toBe(digestOf(here.stdout));
  }
  expect(await readdir(other)).toEqual(before);
});

test('the plan can be applied where it was observed', async () => {
  const { dir, env } = await observedSite();
  expect((await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json', '-o', 'plan.json'])).code).toBe(0);
  const { code, stderr } = await cli(dir, ['apply', 'plan.json'], { env });
  expect(code, stderr).toBe(0);
  expect(await readFile(join(dir, 'srv/motd'), 'utf8')).toBe('hello');
});

describe('what the observations do not hold', () => {
  test('a new resource is named, with the nearest one and the way out', async () => {
    const { dir } = await observedSite();
    await writeFile(join(dir, 'm.yaml'), site('    srv/motdd: {}\n    other: {}\n'));
    const { code, stderr } = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/`file:srv\/motdd` is not in obs.json[\s\S]*m.yaml:7:5/);
    expect(stderr).toMatch(/`file:other` is not in obs.json/);
    expect(stderr).toMatch(/converge observe m\.yaml -o obs\.json/);
    expect(stderr).toMatch(/2 errors/);
  });

  test('with --only it does not matter', async () => {
    const { dir } = await observedSite();
    await writeFile(join(dir, 'm.yaml'), site('    other: {}\n'));
    const only = ['--only', 'file:srv/motd', '--except', 'label:none'];
    expect((await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json', ...only])).stderr).toMatch(
      /`label:none` selects none/,
    );
    const { code } = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json', ...only.slice(0, 2)]);
    expect(code).toBe(0);
  });

  test('a target is named', async () => {
    const { dir } = await observedSite();
    const target = 'targets: { dr: { type: aws, region: eu-west-1 } }\n';
    await writeFile(join(dir, 'm.yaml'), site().replace('resources:', `${target}resources:`));
    const { code, stderr } = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/aws target `dr` is not in obs.json/);
  });

  test('a property that was declared since is warned of', async () => {
    const { dir } = await observedSite();
    await writeFile(join(dir, 'm.yaml'), site().replace('motd.txt }', 'motd.txt, mode: 0600 }'));
    const { code, stderr } = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning\[observed-otherwise\].*file:srv\/motd/);
  });

  test.each([
    ['no JSON', () => '{', /not valid JSON/],
    ['something else', () => '[]', /holds no observations/],
    ['a newer version', (text: string) => text.replace(/("converge_observed":) 1/, '$1 7'), /version 7/],
    ['a part', (text: string) => text.replace('"resources"', '"resource"'), /incomplete/],
    ['nonsense', (text: string) => text.replace(/"state": "\w+"/, '"state": "maybe"'), /incomplete/],
  ])('a file with %s is refused', async (_, edit, expected) => {
    const { dir, text } = await observedSite();
    await writeFile(join(dir, 'obs.json'), edit(text));
    const { code, stderr } = await cli(dir, ['plan', 'm.yaml', '--observed', 'obs.json']);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(expected);
  });
});
