import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { shellWords } from '../../src/cli/complete/shell-words.ts';
import { makeCliContext } from '../../src/cli/context/cli-context.ts';
import { makeProgram, nameOf } from '../../src/cli/program.ts';
import { nodeHost } from '../../src/io/node.ts';
import { allCommands, examplesIn, helpOf } from '../../tools/help.ts';
import { cli, scratch } from '../support/cli.ts';

const silent = { write() {}, isTTY: false, columns: 100 };
async function tree() {
  const interrupt = new AbortController().signal;
  const io = { stdout: silent, stderr: silent, host: nodeHost(), interrupt };
  return allCommands(await makeProgram(makeCliContext(io), () => {}));
}
const names = (await tree()).map(nameOf);

/** The commands of a line that pipes or chains them; those of other programs left out. */
const commandsOf = (line: string) =>
  line
    .split(/ (?:&&|\|) /)
    .filter(part => part.startsWith('converge '))
    .map(part => shellWords(part.replace(/ >>? \S+$/, '')).slice(1));

async function parse(words: string[]): Promise<string> {
  const commands = await tree();
  let ran = '';
  for (const command of commands)
    if (command.commands.length === 0) {
      command.action(() => {
        ran = nameOf(command);
      });
    }
  await commands[0]!.parseAsync(words, { from: 'user' });
  return ran;
}

test.each(names)('%s --help has a description and examples, and each can be typed', async name => {
  const command = (await tree()).find(one => nameOf(one) === name)!;
  const help = helpOf(command, 100);
  expect(command.description()).not.toBe('');
  const examples = examplesIn(help);
  const ran: string[] = [];
  for (const line of examples) for (const words of commandsOf(line)) ran.push(await parse(words));
  expect(ran, help).toContainEqual(expect.stringMatching(new RegExp(`^${name}`)));
  for (const option of command.options) expect(option.description, option.flags).not.toBe('');
});

test('an example with a mistake is refused', async () => {
  await expect(parse(['plan', '--no-such-option'])).rejects.toBeInstanceOf(CommanderError);
  await expect(parse(['restore', 'dc02'])).rejects.toBeInstanceOf(CommanderError);
});

describe('mistakes in what is typed', () => {
  test.each<[string[], RegExp]>([
    [['aply'], /unknown command 'aply'\n\(Did you mean apply\?\)/],
    [['plan', 'm', '--olny', 'x'], /unknown option '--olny'\n\(Did you mean --only\?\)/],
    [['plan', 'm', '--format', 'xml'], /Allowed choices are text, json/],
    [['restore', 'dc02'], /required option '--to <DIR>' not specified/],
    [['lab', 'clok'], /unknown command 'clok'\n\(Did you mean clock\?\)/],
  ])('%j is one line and what to do, exit 1', async (args, expected) => {
    const { code, stdout, stderr } = await cli(await scratch(), args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/--help/);
    expect(stderr.split('\n').length).toBeLessThan(6);
  });

  test('without any word, the help', async () => {
    const { code, stdout, stderr } = await cli(await scratch(), []);
    expect(stdout + stderr).toContain('Usage: converge');
    expect(code).toBe(1);
  });
});
