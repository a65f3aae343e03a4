import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstManifest, labAnswers } from '../../src/app/start/first-manifest.ts';
import { cli, scratch } from '../support/cli.ts';

const read = (dir: string, name: string) => readFile(join(dir, name), 'utf8');
const options = [
  ...['--vm', 'dc02', '--vm', 'Web, "front": 01', '--vm', 'no'],
  ...['--vcenter', 'https://vc.example.org', '--bucket', 'example-dr', '--region', 'eu-west-1'],
];

test('by options: what it writes validates, converges in a lab, and is git-ignored where it should be', async () => {
  const dir = await scratch();
  const { code, stdout, stderr } = await cli(dir, ['init', 'site', ...options]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^wrote manifests\/dr\.yaml, schemas\/manifest\.schema\.json, \.gitignore in site\nnext:/,
  );
  const site = join(dir, 'site');
  expect(await read(site, 'manifests/dr.yaml')).toMatch(
    /^# yaml-language-server: \$schema=\.\.\/schemas\/manifest\.schema\.json\n/,
  );
  expect(JSON.parse(await read(site, 'schemas/manifest.schema.json'))).toHaveProperty('$schema');
  expect(await read(site, '.gitignore')).toBe('.converge/\n');
  const json = await cli(site, ['graph', 'manifests', '--format', 'json']);
  expect(JSON.parse(json.stdout).resources).toEqual(
    expect.arrayContaining([
      'bucket:example-dr',
      'protected_vm:dc02',
      'protected_vm:Web, "front": 01',
      'protected_vm:no',
    ]),
  );
  const tested = await cli(site, ['test', 'manifests']);
  expect(tested.code, tested.stderr).toBe(0);
});

test('for the lab it asks nothing and runs at once', async () => {
  const dir = await scratch();
  const made = await cli(dir, ['init', '--lab']);
  expect(made.code, made.stderr).toBe(0);
  const command = /^ {2}converge (.+?) {2,}/m.exec(made.stdout)![1]!;
  expect(command).toBe('apply manifests --lab');
  const applied = await cli(dir, command.split(' '));
  expect(applied.code, applied.stderr).toBe(0);
  expect(applied.stdout).toContain('a second plan is empty');
});

test('at a terminal it asks for what no option said, again when nothing is answered', async () => {
  const dir = await scratch();
  const answers = ['', ' dc02 , sql01 ', 'https://vc.example.org', 'example-dr', ''];
  const { code, stderr } = await cli(dir, ['init'], {
    ask: async () => answers.shift(),
    env: { AWS_REGION: 'eu-north-1' },
  });
  expect(code, stderr).toBe(0);
  expect(await read(dir, 'manifests/dr.yaml')).toBe(
    firstManifest(
      {
        ...labAnswers,
        vms: ['dc02', 'sql01'],
        vcenter: 'https://vc.example.org',
        bucket: 'example-dr',
        region: 'eu-north-1',
      },
      '../schemas/manifest.schema.json',
    ),
  );
});

test.each([
  ['the end of the input', false, 1, '--vcenter, --bucket, --region are needed'],
  ['Ctrl-C', true, 130, 'interrupted'],
])('%s while it asks: nothing more is asked, nothing is written', async (_, isInterrupt, expected, said) => {
  const dir = await scratch();
  const stop = new AbortController();
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    if (asked.length === 1) return 'dc02';
    if (isInterrupt) stop.abort('SIGINT');
    return undefined;
  };
  const { code, stderr } = await cli(dir, ['init'], { ask, interrupt: stop.signal });
  expect([code, asked.length]).toEqual([expected, 2]);
  expect(stderr).toContain(said);
  await expect(read(dir, '.gitignore')).rejects.toThrow('ENOENT');
});

test('without a terminal it names all that is missing', async () => {
  const dir = await scratch();
  const { code, stderr } = await cli(dir, ['init', '--vm', 'dc02']);
  expect(code).toBe(1);
  expect(stderr).toContain('--vcenter, --bucket, --region are needed');
  await expect(read(dir, '.gitignore')).rejects.toThrow('ENOENT');
});

test.each([
  ['--bucket', 'Bad_Name', 'bucket-name'],
  ['--vcenter', 'vcenter.example.com', 'wrong-value'],
  ['--region', 'Ireland', 'wrong-value'],
])(
  '%s %s is refused before anything is asked, and no file is named that was not written',
  async (option, value, mistake) => {
    const dir = await scratch();
    const asked: string[] = [];
    const ask = async (question: string) => void asked.push(question);
    const { code, stderr } = await cli(dir, ['init', option, value], { ask });
    expect(stderr).toContain(`error[${mistake}]`);
    expect(stderr).not.toContain('dr.yaml');
    expect([code, asked]).toEqual([1, []]);
    await expect(read(dir, 'manifests/dr.yaml')).rejects.toThrow('ENOENT');
  },
);

test('a wrong answer is told at once, and asked for again', async () => {
  const dir = await scratch();
  const answers = [
    'dc02',
    'http:/vc',
    'https://vc.example.org',
    'Bad_Name',
    'example-dr',
    'Ireland',
    'eu-west-1',
  ];
  const asked: string[] = [];
  const { code, stderr } = await cli(dir, ['init'], {
    ask: async question => {
      asked.push(question.split(' ').slice(0, 2).join(' '));
      return answers.shift();
    },
  });
  expect(code, stderr).toBe(0);
  expect(asked).toEqual([
    'Which VMs',
    ...['Address of', 'Address of'],
    ...['Name of', 'Name of'],
    ...['AWS region', 'AWS region'],
  ]);
  expect(stderr.match(/^error\[/gm)).toHaveLength(3);
  expect(await read(dir, 'manifests/dr.yaml')).not.toMatch(/Ireland|Bad_Name|http:\/vc/);
});

test('a region of the environment that is none is not a default that is written', async () => {
  const dir = await scratch();
  const { code, stderr } = await cli(dir, ['init', ...options.slice(0, -2), '--bucket', 'example-dr'], {
    env: { AWS_REGION: 'Ireland' },
  });
  expect(code, stderr).toBe(1);
  await expect(read(dir, 'manifests/dr.yaml')).rejects.toThrow('ENOENT');
});

test('what is there is not overwritten; a .gitignore gets one line more', async () => {
  const dir = await scratch();
  await writeFile(join(dir, '.gitignore'), 'node_modules');
  expect((await cli(dir, ['init', '--lab'])).code).toBe(0);
  expect(await read(dir, '.gitignore')).toBe('node_modules\n.converge/\n');
  const again = await cli(dir, ['init', '--lab']);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is not overwritten')]);

  const other = join(dir, 'other');
  await mkdir(join(other, 'manifests'), { recursive: true });
  await writeFile(join(other, 'manifests/dr.yaml'), 'mine');
  expect((await cli(dir, ['init', 'other', '--lab'])).code).toBe(1);
  expect(await read(other, 'manifests/dr.yaml')).toBe('mine');
});
