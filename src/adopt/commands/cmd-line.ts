/**
 * What cmd.exe and a program's start-up code make of a line, without evaluating anything. cmd first:
 * a quote switches special characters off until the next one, `^` outside quotes takes the next
 * character as it is, `&`, `&&`, `||` and `|` part commands, `<` and `>` redirect. Then
 * CommandLineToArgvW: `\"` is a quote, 2n backslashes before a quote are n, quotes may stand anywhere
 * in an argument (Microsoft, "Parsing C++ command-line arguments").
 */
export interface CommandLine {
  /** The program and its arguments. */
  argv: string[];
  /** The command as cmd would hand it over: carets resolved, redirections taken out. */
  text: string;
  /** The file that output goes to, when that was said. */
  output?: string;
  /** The file, or the command before a bar, that its input comes from. */
  input?: string;
  /** What is between the command before and this one, where there is one. */
  after?: '&' | '&&' | '||' | '|';
}

/** The lines of a script with their numbers from 0; a caret at the end of one goes on with the next. */
export function linesOf(text: string): { line: string; at: number }[] {
  const lines: { line: string; at: number }[] = [];
  let open = false;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const goesOn = /(^|[^^])(\^\^)*\^$/.test(line);
    const part = goesOn ? line.slice(0, -1) : line;
    if (open) lines.at(-1)!.line += part.trimStart();
    else lines.push({ line: part, at });
    open = goesOn;
  }
  return lines;
}

/**
 * Whether some lines of a script are run only sometimes, or again: conditions, loops, blocks, jumps, an early
 * end.
 */
export function jumps(text: string): boolean {
  const lines = linesOf(text).filter(({ line }) => line.trim() !== '');
  return lines.some(
    ({ line }, at) =>
      /^[\s@]*(if|for|goto|shift|call\s+:)\b|^\s*\)|\(\s*$/i.test(line) ||
      (/(?:^|[&|])[\s@]*exit\b/i.test(line) && at < lines.length - 1),
  );
}

/** The commands of one line. A remark, a label, `@echo off` and an empty line give none. */
export function commandsOf(line: string): CommandLine[] {
  const text = line.trim().replace(/^@/, '');
  if (
    text === '' ||
    /^(rem(\s|$)|::|:|echo(\s+(on|off))?\s*$|echo\.|setlocal|endlocal|exit(\s|$))/i.test(text)
  )
    return [];
  return piecesOf(text).flatMap(({ text: command, ...rest }) => {
    const argv = argvOf(command);
    return argv.length === 0 ? [] : [{ argv, text: command.trim(), ...rest }];
  });
}

interface Piece extends Omit<CommandLine, 'argv'> {}

/** The pieces between separators, carets resolved and redirections taken out. */
function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [{ text: '' }];
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const piece = pieces.at(-1)!;
    const char = line[at]!;
    if (char === '"') {
      quoted = !quoted;
      piece.text += char;
    } else if (quoted) piece.text += char;
    else if (char === '^') piece.text += line[++at] ?? '';
    else if (char === '&' || char === '|') {
      const isDouble = line[at + 1] === char;
      if (isDouble) at++;
      const after = (isDouble ? char + char : char) as '&';
      const said = /^\s*echo(?:[.\s]|$)/i.test(piece.text);
      // `echo Y | cacls` answers a question, which no resource asks.
      pieces.push({
        text: '',
        after,
        ...(char === '|' && !isDouble && !said && { input: piece.text.trim() }),
      });
    } else if (char === '>' || char === '<') {
      // `2>` names a handle; what follows, up to the next blank, is where to.
      const handle = /(?:^|\s)(\d)$/.exec(piece.text)?.[1] ?? '1';
      piece.text = piece.text.replace(/(^|\s)\d$/, '$1');
      const end = endOfTarget(line, at + 1);
      const target = line.slice(at + 1, end).replace(/^>?\s*"?|"$/g, '');
      if (char === '>' && handle === '1' && !target.startsWith('&')) piece.output = target;
      if (char === '<' && !target.startsWith('&') && !/^nul$/i.test(target)) piece.input = target;
      at = end - 1;
    } else piece.text += char;
  }
  return pieces;
}

function endOfTarget(line: string, from: number): number {
  let at = from;
  if (line[at] === '>') at++;
  if (line[at] === '&') return at + 2;
  while (line[at] === ' ' || line[at] === '\t') at++;
  for (let quoted = false; at < line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    else if (!quoted && /[\s&|<>]/.test(line[at]!)) break;
  }
  return at;
}

/** Splits one command as CommandLineToArgvW does. */
export function argvOf(command: string): string[] {
  const argv: string[] = [];
  let argument: string | undefined;
  let quoted = false;
  for (let at = 0; at < command.length; at++) {
    const char = command[at]!;
    if (char === '\\') {
      const run = /^\\+/.exec(command.slice(at))![0].length;
      const beforeQuote = command[at + run] === '"';
      argument = (argument ?? '') + '\\'.repeat(beforeQuote ? run >> 1 : run);
      at += run - 1;
      if (beforeQuote && run % 2 === 1) {
        argument += '"';
        at++;
      }
    } else if (char === '"') {
      // Two quotes inside a quoted part are one quote, and the part goes on.
      if (quoted && command[at + 1] === '"') {
        argument += '"';
        at++;
      } else {
        quoted = !quoted;
        argument ??= '';
      }
    } else if (!quoted && /\s/.test(char)) {
      if (argument !== undefined) argv.push(argument);
      argument = undefined;
    } else argument = (argument ?? '') + char;
  }
  if (argument !== undefined) argv.push(argument);
  return argv;
}
