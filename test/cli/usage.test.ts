import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

test.each([
  ['plam --help', 'plam', 'plan'],
  ['-h plam', 'plam', 'plan'],
  ['help plam', 'plam', 'plan'],
  ['--debug plam extra --help', 'plam', 'plan'],
  ['lab shw --help', 'shw', 'show'],
  ['lab help shw', 'shw', 'show'],
  ['help lab shw', 'shw', 'show'],
  ['help lab shw --lab x', 'shw', 'show'],
])('converge %s: an unknown command, whatever is asked about it', async (line, word, nearest) => {
  const { code, stdout, stderr } = await cli('/', line.split(' '));
  expect(stderr).toContain(`error: unknown command '${word}'\n(Did you mean ${nearest}?)`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test.each([
  ['--help', 'Usage: converge [options] [command]'],
  ['help', 'Usage: converge [options] [command]'],
  ['lab --help', 'Usage: converge lab '],
  ['help lab', 'Usage: converge lab '],
  ['help lab add-vm', 'Usage: converge lab add-vm '],
  ['lab help add-vm', 'Usage: converge lab add-vm '],
  ['plan nosuch --help', 'Usage: converge plan '],
  ['apply help --help', 'Usage: converge apply '],
])('converge %s: the help of what was named', async (line, usage) => {
  const { code, stdout } = await cli('/', line.split(' '));
  expect(code).toBe(0);
  expect(stdout).toContain(usage);
});

test.each([
  ['apply m --dry-run', 'Did you mean --noop?'],
  ['apply m --check', 'Did you mean --noop?'],
  ['plan m --dry-run', '`converge plan` shows what would change, and changes nothing'],
  ['replicate m --whatif', '`converge plan` shows what would change, and changes nothing'],
  ['plan m -y', 'it asks nothing'],
  ['plan m --auto-approve=true', 'it asks nothing'],
  ['plan m --json', 'Did you mean --format json?'],
])('converge %s: the option of another tool', async (line, hint) => {
  const { code, stderr } = await cli('/', line.split(' '));
  expect(stderr).toMatch(/^error: unknown option '/);
  expect(stderr.split('\n')[1]).toBe(`(${hint})`);
  expect(code).toBe(1);
});

test.each(['--version', '--help', 'explain --type bucket'])('converge %s goes on working', async line => {
  expect((await cli(await scratch(), line.split(' '))).code).toBe(0);
});

test.each([
  [['restore', 'dc02', '--repository', 'file:///srv/repo', '--to', ''], '--to'],
  [['plan', 'm.yaml', '--only', 'file:a', '--only', ''], '--only'],
  [['points', ''], 'an argument'],
  [['apply', '', '--state', ''], '--state'],
])('a word that is empty, as of a variable that is not set, is refused: %j', async (args, what) => {
  const { code, stderr } = await cli(await scratch(), args);
  expect(stderr).toContain(`error[empty-argument]: ${what} is empty`);
  expect(code).toBe(1);
});
