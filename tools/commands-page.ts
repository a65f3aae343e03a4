import { makeCliContext } from '../src/cli/context/cli-context.ts';
import { makeProgram, nameOf } from '../src/cli/program.ts';
import { nodeHost } from '../src/io/node.ts';
import { allCommands, helpOf } from './help.ts';

const intro = `# Commands

<!-- Written by \`npm run generate\` from the commands themselves. -->

What \`--help\` says about each. [terminals.md](terminals.md) has what all of them share: output, colours, completion;
[exit-codes.md](exit-codes.md) what they end with.
`;

/** docs/commands.md: the help of every command, as it is printed at 100 columns. */
export async function commandsPage(): Promise<string> {
  const output = { write() {}, isTTY: false, columns: 100 };
  const interrupt = new AbortController().signal;
  const context = makeCliContext({ stdout: output, stderr: output, host: nodeHost(), interrupt });
  const sections = allCommands(await makeProgram(context, () => {})).map(
    command => `## ${nameOf(command)}\n\n\`\`\`text\n${helpOf(command, 100).trimEnd()}\n\`\`\`\n`,
  );
  return [intro, ...sections].join('\n');
}
