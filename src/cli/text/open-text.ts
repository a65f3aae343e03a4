import { type Typed, withPaths } from '../../app/as-typed.ts';
import { folded } from '../../diagnostics/fold-lines.ts';
import { type Line, type Lines, textOf } from '../../diagnostics/lines.ts';
import { printable } from '../../diagnostics/text-width.ts';
import type { Redactor } from '../../engine/model/redact.ts';
import type { CliIo, Output } from './cli-io.ts';
import { isForCursor, isForRunner } from './output-kinds.ts';
import { exactText, jsonText } from './program-text.ts';
import type { Tasks } from './tasks.ts';

/**
 * How text leaves the program, and the only way: without secrets, without anything in it that would steer a
 * terminal or a runner, and as wide and colourful as whoever reads it takes it.
 */
export interface Text {
  /** Results go to stdout. */
  print(lines: Lines): void;
  /** Everything else goes to stderr. */
  say(lines: Lines): void;
  /** JSON for programs, to stdout: the same values, with more of it escaped. */
  printJson(json: string): void;
  sayJson(json: string): void;
  /** To stdout, what a program reads line by line and character by character: YAML, a script, Markdown. */
  printExact(text: string): void;
  /** A list of what goes on, on stderr; left out when that has no cursor. */
  openTasks?(): Promise<Tasks>;
  /** Of stdout when it is a terminal: what is written to a file or pipe isn't broken to fit. */
  columns?: number;
}

/** @param copy gets what is said as well, uncoloured: a log */
export function openText(io: CliIo, redactor: Redactor, copy?: (text: string) => void): Text {
  const { stdout, stderr, host } = io;
  const runner = isForRunner(host);
  const saying = (output: Output) => {
    const color = isColored(host.env, output);
    return (lines: Lines) => {
      const { typed } = io;
      const clean = redactor.value(typed ? lines.map(line => naming(line, typed)) : lines);
      // Only a terminal needs it, which would break them inside words.
      const fitting = output.isTTY ? folded(clean, output.columns) : clean;
      output.write(redactor.text(textOf(fitting, { color, runner })));
      copy?.(redactor.text(textOf(clean)));
    };
  };
  const exactly = (output: Output, made: (text: string) => string) => (text: string) => {
    const clean = made(redactor.text(text));
    output.write(clean);
    copy?.(clean);
  };
  return {
    print: saying(stdout),
    say: saying(stderr),
    printJson: exactly(stdout, jsonText),
    sayJson: exactly(stderr, jsonText),
    printExact: exactly(stdout, text => exactText(text, runner)),
    ...(isForCursor(io) && {
      async openTasks() {
        const { openTasks } = await import('./tasks.ts');
        return openTasks(stderr.stream!, text => printable(redactor.text(text)));
      },
    }),
    ...(stdout.isTTY && { columns: stdout.columns }),
  };
}

/** With the manifests that were named in the commands that it tells of. */
function naming(line: Line, typed: Typed): Line {
  if (typeof line === 'string') return withPaths(line, typed);
  if ('command' in line) return { ...line, text: withPaths(line.text, typed) };
  return line.map(one =>
    typeof one === 'string' ? withPaths(one, typed) : { ...one, text: withPaths(one.text, typed) },
  );
}

/** As Node and what is built on it decide: FORCE_COLOR, then NO_COLOR, then what the terminal is. */
function isColored({ FORCE_COLOR: force, NO_COLOR, TERM }: CliIo['host']['env'], { isTTY }: Output): boolean {
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTTY && !NO_COLOR && TERM !== 'dumb';
}
