import type { Redactor } from '../../engine/model/redact.ts';
import type { CliIo, Output } from './io.ts';

/** How text leaves the program: without secrets, and as wide and colourful as whoever reads it takes it. */
export interface Text {
  /** Results go to stdout. */
  print(text: string): void;
  /** Everything else goes to stderr. */
  say(text: string): void;
  color: { stdout: boolean; stderr: boolean };
  /** Of stdout when it is a terminal: what is written to a file or pipe isn't broken to fit. */
  columns?: number;
}

export function openText({ stdout, stderr, host }: CliIo, redactor: Redactor): Text {
  return {
    print: text => stdout.write(redactor.text(text)),
    say: text => stderr.write(redactor.text(text)),
    color: { stdout: isColored(host.env, stdout), stderr: isColored(host.env, stderr) },
    ...(stdout.isTTY && { columns: stdout.columns }),
  };
}

/** As Node and what is built on it decide: FORCE_COLOR, then NO_COLOR, then what the terminal is. */
function isColored({ FORCE_COLOR: force, NO_COLOR, TERM }: CliIo['host']['env'], { isTTY }: Output): boolean {
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTTY && !NO_COLOR && TERM !== 'dumb';
}
