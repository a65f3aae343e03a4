import { styleText } from 'node:util';
import { printable } from './text-width.ts';
import { withoutPasswords } from './url-passwords.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan';

/** A piece of a line. Whatever its text holds, it is shown and does nothing. */
export interface Span {
  text: string;
  style?: Style | readonly Style[];
}

/** A command to the runner of GitHub Actions that puts a remark beside a line of a file. */
export interface Annotation {
  command: 'error' | 'warning' | 'notice';
  properties: Readonly<Record<string, string | number>>;
  text: string;
}

/**
 * One line that somebody reads. It is what leaves the program: no text of it is trusted, only its styles are.
 */
export type Line = string | readonly (string | Span)[] | Annotation;
export type Lines = readonly Line[];

export const span = (style: Span['style'], text: string): Span => ({ text, ...(style && { style }) });

/** A text of several lines, with or without a line break at its end. */
export const linesOf = (text: string): Lines => text.replace(/\n$/, '').split('\n');

export interface LineOptions {
  color?: boolean;
  /** Whether a runner of CI reads along, which takes some lines for commands. */
  runner?: boolean;
}

/** Lines as text, each ended by a newline. Passwords in URLs are masked. */
export const textOf = (lines: Lines, options: LineOptions = {}): string =>
  lines.map(line => `${textOfLine(line, options)}\n`).join('');

function textOfLine(line: Line, { color = false, runner = false }: LineOptions): string {
  if (isAnnotation(line)) return annotationText(line);
  const spans = typeof line === 'string' ? [line] : line;
  const plain = withoutPasswords(spans.map(one => printable(textIn(one))).join(''));
  if (runner && isCommand(plain)) return withoutCommand(plain);
  if (!color) return plain.trimEnd();
  let at = 0;
  return spans
    .map((one): string => {
      const from = at;
      at += printable(textIn(one)).length;
      const shown = plain.slice(from, at);
      const style = typeof one === 'string' ? undefined : one.style;
      return style === undefined || shown === '' ? shown : styleText([...[style].flat()], shown, forced);
    })
    .join('')
    .trimEnd();
}

const textIn = (one: string | Span): string => (typeof one === 'string' ? one : one.text);

/** Whether there is a terminal was decided before. */
const forced = { validateStream: false };

const isAnnotation = (line: Line): line is Annotation => typeof line === 'object' && 'command' in line;

/**
 * What a runner takes for a command. GitHub's: `::` at the beginning, spaces before it left out, and `##[`
 * anywhere (actions/runner, src/Runner.Common/ActionCommand.cs). That of Azure Pipelines: `##vso[` and `##[`
 * ("Logging commands"). TeamCity's: `##teamcity[` ("Service Messages").
 */
export const isCommand = (line: string): boolean => /^\s*::/.test(line) || line.search(commandMark) >= 0;

/** The signs that begin a command anywhere in a line. */
export const commandMark = /##(?=(?:vso|teamcity)?\[)/gi;

/** The same line, in which the runner sees no command. */
export const withoutCommand = (line: string): string =>
  line.replace(/^(\s*):(?=:)/, '$1: ').replace(commandMark, '## ');

const annotationText = ({ command, properties, text }: Annotation): string => {
  const all = Object.entries(properties).map(
    ([name, value]) => `${name}=${escapedProperty(printable(String(value)))}`,
  );
  const lines = text.split(/\r?\n/).map(line => withoutPasswords(printable(line)));
  return `::${command} ${all.join(',')}::${escaped(lines.join('\n'))}`;
};

/** As `@actions/core` escapes: https://github.com/actions/toolkit, packages/core/src/command.ts. */
const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\n', '%0A');

const escapedProperty = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
