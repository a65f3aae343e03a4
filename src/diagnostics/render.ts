import { apart, type Diagnostic, type SourceRange } from './diagnostic.ts';
import { excerpt } from './excerpt.ts';
import { type Line, type Lines, type Span, type Style, span } from './lines.ts';
import { withoutPasswords } from './url-passwords.ts';

export interface RenderOptions {
  /** Columns of the terminal. */
  width: number;
}

/** More than this many mistakes are counted, not shown. */
const mostShown = 200;

/**
 * Diagnostics as lines: what is wrong, where, the source line with a caret, the way out. Sorted by file
 * and line, those without a place last; the first 200, a count at the end. Passwords in URLs are masked.
 * `sources` maps file names to their text.
 */
export function renderDiagnostics(
  all: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  { width }: RenderOptions,
): Lines {
  const diagnostics = apart(all);
  if (diagnostics.length === 0) return [];
  const shown = mostImportant(diagnostics);
  const lines = new Map([...sources].map(([name, text]) => [name, withoutPasswords(text).split('\n')]));
  const blocks = sorted(shown).map(diagnostic => render(diagnostic, lines, width));
  const left = diagnostics.length - shown.length;
  const more = left === 0 ? '' : `, of which ${left} are not shown`;
  return [...blocks.flatMap(block => [...block, '']), `${count(diagnostics)}${more}`];
}

/** Errors before warnings when there are more than anybody reads. */
function mostImportant(diagnostics: Diagnostic[]): Diagnostic[] {
  if (diagnostics.length <= mostShown) return diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const warnings = diagnostics.filter(({ severity }) => severity !== 'error');
  return [...sorted(errors), ...sorted(warnings)].slice(0, mostShown);
}

/** By file, line and column; without a place last; the same place in the order given. */
function sorted(diagnostics: Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(({ at: a }, { at: b }) => {
    if (!a || !b) return Number(!a) - Number(!b);
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}

function render(diagnostic: Diagnostic, sources: Map<string, string[]>, width: number): Line[] {
  const { severity, code, message, hint, at, related = [] } = diagnostic;
  const accent: Style = severity === 'error' ? 'red' : 'yellow';
  const places = [at, ...related.map(other => other.at)].filter(place => place !== undefined);
  const gutter = Math.max(1, ...places.map(({ line }) => String(line).length));
  const margin = ' '.repeat(gutter);
  const show = (place: SourceRange, style: Style): Line[] => {
    const arrow = [`${margin}`, span('blue', '-->'), ` ${place.file}:${place.line}:${place.column}`];
    const text = sources.get(place.file)?.[place.line - 1];
    if (text === undefined) return [arrow];
    const { source, caret } = excerpt(text.replace(/\r$/, ''), place, Math.max(20, width - gutter - 3));
    const bar = span('blue', '|');
    return [
      arrow,
      [`${margin} `, bar],
      [span('blue', String(place.line).padStart(gutter)), ' ', bar, ` ${source}`],
      [`${margin} `, bar, ' ', span(style, caret)],
    ];
  };
  const below = (...before: (string | Span)[]) => [`${margin} `, span('blue', '='), ' ', ...before];
  return [
    ...indented([span([accent, 'bold'], `${severity}[${code}]`), ': '], message, '  '),
    ...(at ? show(at, accent) : []),
    ...(hint === undefined ? [] : indented(below(span('cyan', 'hint'), ': '), hint, `${margin}   `)),
    ...related.flatMap(other => [
      ...indented(below(), other.message, `${margin}   `),
      ...show(other.at, 'blue'),
    ]),
  ];
}

/** The first line of a text behind `before`, the others below it. */
function indented(before: (string | Span)[], text: string, indent: string): Line[] {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  return [[...before, first], ...rest.map(line => indent + line)];
}

function count(diagnostics: Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const say = (number: number, thing: string) =>
    number === 0 ? [] : [`${number} ${thing}${number === 1 ? '' : 's'}`];
  return [...say(errors, 'error'), ...say(warnings, 'warning')].join(', ');
}
