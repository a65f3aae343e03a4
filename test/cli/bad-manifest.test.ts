import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const targets = `targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: u, password: "\${secret('env:VC_PASSWORD')}" }
  dr: { type: aws, region: eu-west-1 }
`;

/** Each: the manifest, then what the message must contain, place included. */
const mistakes: [name: string, yaml: string | Buffer, expected: (string | RegExp)[]][] = [
  ['unknown type', 'converge: 1\nresources:\n  buckett: { a: {} }\n', ['m.yaml:3:3', 'buckett', '`bucket`']],
  [
    'unknown property',
    `converge: 1\n${targets}resources:\n  bucket:\n    dr-bucket: { versionning: true }\n`,
    ['m.yaml:7:18', 'versionning', '`versioning`'],
  ],
  [
    'unknown reference',
    'converge: 1\nresources:\n  file:\n    /srv/a: { kind: directory }\n    /srv/b: { content: x, require: file:/srv/aa }\n',
    ['m.yaml:5', 'file:/srv/aa', 'file:/srv/a'],
  ],
  [
    'wrong kind',
    `converge: 1\n${targets}resources:\n  bucket:\n    dr-bucket: { versioning: maybe }\n`,
    ['m.yaml:7', 'versioning', /true|boolean/],
  ],
  [
    'one object declared twice in other spelling',
    'converge: 1\nresources:\n  file:\n    /srv/a/: { kind: directory }\n    /srv/./a: { kind: directory }\n',
    ['m.yaml:4', 'm.yaml:5'],
  ],
  [
    'a cycle',
    'converge: 1\nresources:\n  file:\n    /srv/a: { content: x, require: file:/srv/b }\n    /srv/b: { content: x, require: file:/srv/a }\n',
    ['cycle', 'm.yaml:4', 'm.yaml:5', 'file:/srv/a', 'file:/srv/b'],
  ],
  [
    'a control character',
    'converge: 1\nresources:\n  file:\n    a: { path: "c:\\temp", content: x }\n',
    ['m.yaml:4', 'single quotes'],
  ],
  ['a binary file', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]), ['m.yaml', /binary|text/]],
  ['more than 8 MiB', `converge: 1\n# ${'x'.repeat(8 * 1024 * 1024)}\n`, ['m.yaml', '8 MiB']],
  [
    'a YAML alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((n, i) => `${n}: &${n} [${Array(10).fill(`*${'abcdefghi'[i]}`).join(',')}]`)
      .join('\n')}\nconverge: 1\n`,
    ['m.yaml', 'alias'],
  ],
  ['a newer language', 'converge: 2\nresources: {}\n', ['m.yaml:1', 'converge']],
  [
    'a literal password',
    `converge: 1\ntargets:\n  home: { type: vsphere, url: https://v, username: u, password: hunter2hunter2 }\n`,
    ['m.yaml:3', 'secret('],
  ],
];

describe('a mistake in a manifest is one clear message with its place, and exit 1', () => {
  test.each(mistakes)('%s', async (_, yaml, expected) => {
    const dir = await scratch();
    await writeFile(join(dir, 'm.yaml'), yaml);
    for (const command of [
      ['validate', 'm.yaml'],
      ['plan', 'm.yaml'],
    ]) {
      const { code, stdout, stderr } = await cli(dir, command);
      expect(code, stderr).toBe(1);
      expect(stdout).toBe('');
      for (const part of expected) expect(stderr).toMatch(part);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stderr).not.toContain('hunter2');
      expect(stderr.match(/error\[/g), stderr).toHaveLength(1);
    }
  });

  test('an empty folder is named', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'none'));
    const { code, stderr } = await cli(dir, ['plan', 'none']);
    expect(code).toBe(1);
    expect(stderr).toContain('none');
  });

  test('a path that is not there is named', async () => {
    const { code, stderr } = await cli(await scratch(), ['plan', 'manifest']);
    expect(code).toBe(1);
    expect(stderr).toContain('manifest');
  });

  test('an unquoted 0644 is the mode 0644 and not a number', async () => {
    const dir = await scratch();
    await writeFile(
      join(dir, 'm.yaml'),
      `converge: 1\nresources:\n  file:\n    ${dir}/x: { content: hi, mode: 0644 }\n`,
    );
    const { code, stdout, stderr } = await cli(dir, ['plan', 'm.yaml', '--format', 'json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).resources[0].properties.mode).toBe('0644');
  });

  test('all mistakes of a run are shown at once', async () => {
    const dir = await scratch();
    await writeFile(
      join(dir, 'm.yaml'),
      'converge: 1\nresources:\n  nope: { a: {} }\n  file:\n    /srv/x: { contnt: y }\n',
    );
    const { stderr } = await cli(dir, ['validate', 'm.yaml']);
    expect(stderr.match(/error\[/g)).toHaveLength(2);
  });

  test('validate reads no secret and reaches no target', async () => {
    const dir = await scratch();
    await writeFile(
      join(dir, 'm.yaml'),
      `converge: 1\n${targets}resources:\n  protected_vm:\n    dc02: { repository: s3://some-bucket/dr, schedule: every 15 minutes }\n`,
    );
    const { code, stderr } = await cli(dir, ['validate', 'm.yaml'], { env: {} });
    expect(code, stderr).toBe(0);
  });
});
