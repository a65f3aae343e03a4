import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bashScript } from '../../src/cli/complete/completion-scripts.ts';
import { shellWords } from '../../src/cli/complete/shell-words.ts';
import { cli, scratch } from '../support/cli.ts';

const site = 'converge: 1\nresources: { file: { "/srv/a b": {}, /srv/c: {}, x: { labels: web } } }\n';

async function folder() {
  const dir = await scratch();
  await mkdir(join(dir, 'manifests'));
  await writeFile(join(dir, 'manifests/site.yaml'), site);
  await mkdir(join(dir, 'manifests/types'));
  await writeFile(join(dir, 'manifests/types/box.ts'), 'throw new Error("run");');
  await writeFile(join(dir, 'other.yaml'), 'converge: 1\nresources: { file: { /other: {} } }\n');
  return dir;
}

test.each<[string, string[]]>([
  ['converge va', ['validate']],
  ['converge lab cl', ['clock']],
  ['converge plan manifests --ex', ['--except']],
  ['converge plan --format m', ['markdown']],
  ['converge plan --format=m', ['--format=markdown']],
  ['converge plan --format json --on', ['--only']],
  ['converge plan manifests --only file:/srv/', ['file:/srv/a b', 'file:/srv/c']],
  ['converge plan other.yaml --only file:', ['file:/other']],
  ['converge plan --lab --on', ['--only']],
  ['converge plan --lab dir --allow ', ['file:/srv/a b', 'file:/srv/c', 'file:x']],
  ["converge explain 'file:/srv/a", ['file:/srv/a b']],
  ['converge explain --type pilot', ['pilot_light']],
  ['converge schema b', ['bucket', 'box']],
  ['converge explain --type bo', ['box']],
  ['converge adopt b', ['bucket', 'box']],
  ['converge adopt vs', ['vsphere']],
  ['converge adopt bucket --from ', [':files']],
  ['converge plan ', [':files']],
  ['converge plan a b c', [':files']],
  ['converge restore dc02 --to ', [':directories']],
  ['converge plan manifests -o ', [':files']],
  ['converge completion ', ['bash', 'powershell']],
  ['converge facts nothing ', []],
  ['converge __', []],
  ['', expect.arrayContaining(['plan', 'apply'])],
])('%s', async (line, expected) => {
  const { code, stdout, stderr } = await cli(await folder(), ['__complete'], { env: { COMP_LINE: line } });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n').slice(0, -1)).toEqual(expected);
});

test('manifests with mistakes, or none, complete what is there, without a word on stderr', async () => {
  const dir = await folder();
  await writeFile(join(dir, 'manifests/bad.yaml'), 'converge: 1\nresources: { nope: {\n');
  const line = (text: string) => cli(dir, ['__complete'], { env: { COMP_LINE: text } });
  expect(await line('converge explain file:x')).toMatchObject({ code: 0, stdout: 'file:x\n', stderr: '' });
  expect(await line('converge plan nowhere --only fil')).toMatchObject({ stdout: 'file\n', stderr: '' });
});

test('it is not in the help', async () => {
  expect((await cli('/', ['--help'])).stdout).not.toContain('__complete');
});

/** Runs the script in a real bash, which has broken the line into words as it does; gives COMPREPLY. */
function bash(cwd: string, line: string, words: string[]): string[] {
  const converge = join(import.meta.dirname, '../../bin/converge');
  const program = `${bashScript}
COMP_LINE=$1 COMP_POINT=\${#1}; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_converge_completion "${converge}"
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['--norc', '-c', program, 'bash', line, ...words], {
    cwd,
    encoding: 'utf8',
  });
  return text.split('\n').slice(0, -1);
}

test('bash: commands, addresses after a colon, values after =, files', async () => {
  const dir = await folder();
  expect(bash(dir, 'converge va', ['converge', 'va'])).toEqual(['validate']);
  const only = ['converge', 'plan', 'manifests', '--only'];
  expect(bash(dir, 'converge plan manifests --only file:/srv/', [...only, 'file', ':', '/srv/'])).toEqual([
    '/srv/a\\ b',
    '/srv/c',
  ]);
  expect(bash(dir, 'converge plan manifests --only file:', [...only, 'file', ':'])).toContain('x');
  expect(bash(dir, 'converge plan --format=j', ['converge', 'plan', '--format', '=', 'j'])).toEqual(['json']);
  expect(bash(dir, 'converge plan o', ['converge', 'plan', 'o'])).toEqual(['other.yaml']);
  expect(bash(dir, 'converge restore x --to m', ['converge', 'restore', 'x', '--to', 'm'])).toEqual([
    'manifests',
  ]);
});

test('the scripts are printed; another shell is refused', async () => {
  expect((await cli('/', ['completion', 'bash'])).stdout).toBe(bashScript);
  expect((await cli('/', ['completion', 'powershell'])).stdout).toContain(
    'Register-ArgumentCompleter -Native',
  );
  expect(await cli('/', ['completion', 'fish'])).toMatchObject({ code: 1, stdout: '' });
});

test.each([
  ['a b', ['a', 'b']],
  ['a ', ['a', '']],
  ['', ['']],
  [`a 'b "c' "d 'e"`, ['a', 'b "c', "d 'e"]],
  ['a\\ b "c\\"d"', ['a b', 'c"d']],
  ["a 'b c", ['a', 'b c']],
  ["a ''", ['a', '']],
  ['a\\', ['a\\']],
])('words of %j', (line, words) => {
  expect(shellWords(line)).toEqual(words);
});
