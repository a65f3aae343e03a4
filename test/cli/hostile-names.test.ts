import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { cli, scratch } from '../support/cli.ts';
import { evil, expectHarmless, github } from '../support/hostile.ts';

test('no name of the world steers the terminal or the runner, whatever the command', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const repository = ['--repository', `file://${dir}/repository`, ...lab];
  await mkdir(join(dir, 'web'));
  await writeFile(join(dir, 'web', 'a\u001b[2J::error::'), 'x');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:VC')}" }
resources:
  protected_vm:
    web: { repository: "file://${dir}/repository", schedule: every 15 minutes }
    every:
      select: { folder: Production }
      repository: "file://${dir}/repository"
      schedule: every 15 minutes
  file:
    note.txt: { content: ${JSON.stringify(evil)} }
`,
  );
  const commands = [
    ['lab', 'add-vm', `web${evil}`, '--blank', '1MiB', '--folder', 'Production', ...lab],
    ['lab', 'add-vm', 'web', '--blank', '1MiB', '--tag', `k${evil}`, ...lab],
    ['lab', 'tag', 'web', `tier/${evil}`, ...lab],
    ['lab', 'untag', 'web', `other${evil}`, ...lab],
    ['lab', 'move-vm', 'web', `Production/${evil}`, ...lab],
    ['lab', 'remove-vm', `none${evil}`, ...lab],
    ['lab', 'foreign-bucket', `b${evil}`, ...lab],
    ['lab', 'bucket-content', 'content', 'web', ...lab],
    ['lab', 'instance', '--tag', `k${evil}=v${evil}`, ...lab],
    ['lab', 'show', ...lab],
    ['lab', 'processes', ...lab],
    ['validate', 'm.yaml'],
    ['graph', 'm.yaml', '--lab'],
    ['graph', 'm.yaml', '--lab', '--format', 'dot'],
    ['graph', 'm.yaml', '--lab', '--format', 'json'],
    ['explain', 'file:note.txt', 'm.yaml'],
    ['explain', `file:${evil}`, 'm.yaml'],
    ['plan', 'm.yaml', ...lab],
    ['plan', 'm.yaml', '--format', 'json', ...lab],
    ['plan', 'm.yaml', '--format', 'markdown', ...lab],
    ['plan', 'm.yaml', '--format', 'github', ...lab],
    ['observe', 'm.yaml', ...lab],
    ['observe', 'm.yaml', '--format', 'json', ...lab],
    ['apply', 'm.yaml', ...lab],
    ['apply', 'm.yaml', '--events', 'ndjson', ...lab],
    ['replicate', `web${evil}`, 'm.yaml', ...lab],
    ['points', ...repository],
    ['points', '--format', 'json', ...repository],
    ['points', evil, ...repository],
    ['verify', ...repository],
    ['verify', '--format', 'json', ...repository],
    ['restore', `web${evil}`, ...repository, '--to', join(dir, 'restored')],
    ['restore', 'web', ...repository, '--point', evil, '--to', join(dir, 'other')],
    ['restore', 'none', ...repository, '--to', join(dir, `r${evil}`)],
    ['lab', 'add-snapshot', 'web', evil, ...lab],
    ['lab', 'show', ...lab],
    ['plan', 'm.yaml', ...lab],
    ['apply', 'm.yaml', ...lab],
    ['lab', 'remove-snapshot', 'web', evil, ...lab],
    ['adopt', 'vsphere', 'm.yaml', ...lab],
    ['adopt', 'ebextensions', evil],
    ['diff', evil, 'm.yaml'],
    [evil],
    ['plan', `--${evil}`],
    ['lab', 'show', '--format', evil],
    ['facts', ...lab],
  ];
  const failed: [string, string][] = [];
  for (const env of [{}, github]) {
    for (const args of commands) {
      const said = await cli(dir, args, { env: { VC: 'a-password', ...env } });
      expectHarmless(args, said, env === github);
      if (said.code !== 0) failed.push([args[0]!, said.stderr]);
    }
  }
  const json = await cli(dir, ['points', '--format', 'json', ...repository]);
  expect(json.code, JSON.stringify(failed)).toBe(0);
  // XML can't carry the rest.
  expect(JSON.stringify(JSON.parse(json.stdout))).toContain(
    '\\r\\n::error::mine\\n##[group]x##vso[task.complete]y##teamcity[z]\u202egnp\u2066',
  );
}, 300_000);

test('an adopted manifest holds what was there, escaped', async () => {
  const { writeManifest } = await import('../../src/manifest/write-manifest.ts');
  const text = writeManifest({
    schema: 'x.json',
    about: [evil],
    targets: [],
    resources: [
      { type: 'file', title: `t${evil}`, properties: { content: `first\n${evil}\n  ::warning::y\n` } },
    ],
    remarks: [`x: https://u:hunter2@h/ ${evil}`],
  });
  expectHarmless(['adopt'], { code: 0, stdout: text, stderr: '' }, true);
  expect(text).not.toContain('hunter2');
  expect(parse(text).resources.file).toEqual({
    [`t${evil}`]: { content: `first\n${evil}\n  ::warning::y\n` },
  });
});
