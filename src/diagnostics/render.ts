import { styleText } from 'node:util';
import { apart, type Diagnostic, type SourceRange } from './diagnostic.ts';
import { excerpt } from './excerpt.ts';
import { printable } from './text-width.ts';

export interface RenderOptions {
  color: boolean;
  /** Columns of the terminal. */
  width: number;
}

/** More than this many mistakes are counted, not shown. */
const mostShown = 200;

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/**
 * Diagnostics as text: what is wrong, where, the source line with a caret, the way out. Sorted by file
 * and line, those without a place last; the first 200, a count at the end. Passwords in URLs are masked. `sources` maps file names to their text.
 */
export function renderDiagnostics(
  all: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  { color, width }: RenderOptions,
): string {
  const diagnostics = apart(all);
  if (diagnostics.length === 0) return '';
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
  const shown = mostImportant(diagnostics);
  const lines = new Map([...sources].map(([name, text]) => [name, withoutPasswords(text).split('\n')]));
  const blocks = sorted(shown).map(diagnostic => render(diagnostic, lines, width, paint));
  const left = diagnostics.length - shown.length;
  const more = left === 0 ? '' : `, of which ${left} are not shown`;
  return `${blocks.join('\n\n')}\n\n${count(diagnostics)}${more}\n`;
}

/** Errors before warnings when there are more than anybody reads. */
function mostImportant(diagnostics: Diagnostic[]): Diagnostic[] {
  if (diagnostics.length <= mostShown) return diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity !== 'error');
  return [...sorted(errors), ...sorted(warnings)].slice(0, mostShown);
}

/** `//user:password@` in URLs; columns stay as they are. A key may hold a slash, which no port does. */
const withoutPasswords = (text: string): string =>
  text.replace(
    /(\/\/[^\s/:@'"]*:)([^\s'"]{1,500})(?=@)/g,
    (_, user: string, password: string) => user + '*'.repeat(password.length),
  );

/** By file, line and column; without a place last; the same place in the order given. */
function sorted(diagnostics: Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(({ at: a }, { at: b }) => {
    if (!a || !b) return Number(!a) - Number(!b);
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}

function render(diagnostic: Diagnostic, lines: Map<string, string[]>, width: number, paint: Paint): string {
  const { severity, code, message, hint, at, related = [] } = diagnostic;
  const accent = severity === 'error' ? 'red' : 'yellow';
  const places = [at, ...related.map(other => other.at)].filter(place => place !== undefined);
  const gutter = Math.max(1, ...places.map(({ line }) => String(line).length));
  const margin = ' '.repeat(gutter);
  const out = [`${paint([accent, 'bold'], `${severity}[${code}]`)}: ${indented(message, '  ')}`];
  const show = (place: SourceRange, style: Style): string[] => {
    const arrow = `${margin}${paint('blue', '-->')} ${printable(place.file)}:${place.line}:${place.column}`;
    const text = lines.get(place.file)?.[place.line - 1];
    if (text === undefined) return [arrow];
    const { source, caret } = excerpt(text.replace(/\r$/, ''), place, Math.max(20, width - gutter - 3));
    const bar = paint('blue', '|');
    return [
      arrow,
      `${margin} ${bar}`,
      `${paint('blue', String(place.line).padStart(gutter))} ${bar} ${source}`.trimEnd(),
      `${margin} ${bar} ${paint(style, caret)}`,
    ];
  };
  if (at) out.push(...show(at, accent));
  if (hint !== undefined)
    out.push(`${margin} ${paint('blue', '=')} ${paint('cyan', 'hint')}: ${indented(hint, `${margin}   `)}`);
  for (const other of related)
    out.push(
      `${margin} ${paint('blue', '=')} ${indented(other.message, `${margin}   `)}`,
      ...show(other.at, 'blue'),
    );
  return out.join('\n');
}

const indented = (text: string, indent: string): string =>
  text.trimEnd().split('\n').map(printable).join(`\n${indent}`);

function count(diagnostics: Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const say = (number: number, thing: string) =>
    number === 0 ? [] : [`${number} ${thing}${number === 1 ? '' : 's'}`];
  return [...say(errors, 'error'), ...say(warnings, 'warning')].join(', ');
}
