/** One command of a PowerShell script. */
export interface PlainCommand {
  /** The cmdlet or the program, and its arguments. */
  argv: string[];
  text: string;
  /** Line of the script, from 0. */
  at: number;
}

/**
 * The commands of a PowerShell script that does nothing but run one after the other, undefined for any other
 * script: variables, pipes, blocks, expressions, redirections and several commands in a line are evaluated,
 * and nothing here evaluates.
 */
export function plainCommands(text: string): PlainCommand[] | undefined {
  const commands: PlainCommand[] = [];
  for (const [at, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const command = line.trim().replace(/^&\s+/, '');
    if (command === '' || command.startsWith('#')) continue;
    // A comma at the end goes on with the next line, `--%` makes cmd's rules of what follows.
    if (/[$(){}|;`@<>&#]|,$|--%|^[.\d]/.test(command)) return undefined;
    // Without `&` a text is an expression, which is printed.
    if (/^['"]/.test(command) && !line.trim().startsWith('&')) return undefined;
    const argv = wordsOf(command);
    if (argv === undefined) return undefined;
    if (!/^(exit|return)$/i.test(argv[0]!)) commands.push({ argv, text: command, at });
  }
  return commands;
}

/** Quotes of both kinds stand for themselves when they are doubled. Undefined when one isn't closed. */
function wordsOf(command: string): string[] | undefined {
  const words: string[] = [];
  for (const [whole] of command.matchAll(/(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|[^\s"'])+|["']/g)) {
    if (whole === '"' || whole === "'") return undefined;
    words.push(
      whole.replace(/"((?:[^"]|"")*)"|'((?:[^']|'')*)'/g, (_, double?: string, single?: string) =>
        double === undefined ? single!.replaceAll("''", "'") : double.replaceAll('""', '"'),
      ),
    );
  }
  return words;
}
