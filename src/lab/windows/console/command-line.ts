/**
 * Splits a line into arguments as CommandLineToArgvW does for them: quotes keep blanks together and are
 * taken away, backslashes count only before a quote.
 */
export function splitCommandLine(line: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === '\\') {
      const run = /^\\+/.exec(line.slice(at))![0].length;
      const beforeQuote = line[at + run] === '"';
      current = (current ?? '') + '\\'.repeat(beforeQuote ? run >> 1 : run);
      at += run - 1;
      if (beforeQuote && run % 2 === 1) {
        current += '"';
        at++;
      }
    } else if (char === '"') {
      quoted = !quoted;
      current ??= '';
    } else if (/\s/.test(char) && !quoted) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else current = (current ?? '') + char;
  }
  if (current !== undefined) args.push(current);
  return args;
}

/** How libuv puts arguments on a command line: quotes around what holds blanks or quotes. */
export const joinCommandLine = (args: readonly string[]): string =>
  args
    .map(arg =>
      arg !== '' && !/[\s"]/.test(arg)
        ? arg
        : `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`,
    )
    .join(' ');
