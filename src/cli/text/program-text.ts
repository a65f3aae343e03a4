import { commandMark, isCommand, withoutCommand } from '../../diagnostics/lines.ts';
import { printable } from '../../diagnostics/text-width.ts';

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/**
 * JSON with whatever could steer a terminal or a runner escaped; it says the same. `##` can only be in a text
 * of it, and a line of JSON never begins with `::`.
 */
export const jsonText = (json: string): string =>
  json
    .split('\n')
    .map(line =>
      printable(line) === line
        ? line
        : Array.from(line, one => (printable(one) === one ? one : escaped(one))).join(''),
    )
    .join('\n')
    .replace(commandMark, '#\\u0023');

/** Text whose writer already escaped what doesn't belong there: this only makes sure. Tabs stay. */
export const exactText = (text: string, runner: boolean): string =>
  text
    .split('\n')
    .map(line => line.split('\t').map(printable).join('\t'))
    .map(line => (runner && isCommand(line) ? withoutCommand(line) : line))
    .join('\n');
