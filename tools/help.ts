import type { Command } from 'commander';

/** All that `--help` prints of a command, at so many columns. */
export function helpOf(command: Command, columns: number): string {
  let text = '';
  command.configureOutput({
    writeOut: more => {
      text += more;
    },
    getOutHelpWidth: () => columns,
  });
  command.outputHelp();
  return text;
}

/** The example lines of a help text, as they would be typed; what follows two spaces is a remark. */
export function examplesIn(help: string): string[] {
  const [, examples = ''] = help.split(/^Examples?:\n/m);
  return examples.split('\n').flatMap(line => /^ {2}(converge\b.*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? []);
}

/** A command and all below it, as `--help` lists them; hidden ones are left out. */
export function allCommands(command: Command): Command[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter(child => child.name() !== 'help');
  return [command, ...visible.flatMap(child => allCommands(child as Command))];
}
