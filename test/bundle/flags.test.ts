import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { makeCliContext } from '../../src/cli/context/cli-context.ts';
import { makeProgram, nameOf } from '../../src/cli/program.ts';
import { nodeHost } from '../../src/io/node.ts';
import { allCommands } from '../../tools/help.ts';
import { bundled, textOf } from './support.ts';

const silent = { write() {}, isTTY: false, columns: 100 };

/** The command that a line of arguments would run; rejects when the CLI doesn't take them. */
async function parsed(line: string): Promise<string> {
  const io = { stdout: silent, stderr: silent, host: nodeHost(), interrupt: new AbortController().signal };
  const commands = allCommands(await makeProgram(makeCliContext(io), () => {}));
  let ran = '';
  for (const command of commands)
    if (command.commands.length === 0)
      command.action(() => {
        ran = nameOf(command);
      });
  await commands[0]!.parseAsync(line.replaceAll("'", '').split(' '), { from: 'user' });
  return ran;
}

test.each([false, true])(
  'what the scripts run is what converge takes, with rollouts alone: %s',
  async onlyRollouts => {
    const windows = textOf(bundled('beanstalk-windows', { onlyRollouts }), 'converge/agent/run.cmd');
    const linux = textOf(bundled('beanstalk-linux', { onlyRollouts }), '.platform/converge/agent/run.sh');
    const lines = [...windows.matchAll(/"ARGUMENTS=(.+)"/g), ...linux.matchAll(/arguments=\((.+)\)/g)];
    const ran = await Promise.all(lines.map(([, line]) => parsed(line!)));
    expect(ran).toEqual(['converge apply', 'converge agent', 'converge apply', 'converge agent']);
  },
);

test('a flag that it does not have would be seen', async () => {
  await expect(parsed('agent --self s3://bbb/ --twice')).rejects.toBeInstanceOf(CommanderError);
});
