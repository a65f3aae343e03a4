import { isMap, isScalar, Lexer, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml';
import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { inspect } from './inspect.ts';
import { likelySecrets, type NamesSecret } from './secret-names.ts';
import { place, type SourceFile } from './source-file.ts';

/** How messages speak of a file. */
export interface FileKind {
  name: string;
  keys: string;
  hint: string;
}
const manifestFile: FileKind = {
  name: 'manifest',
  keys: '`converge` and `resources`',
  hint: 'a manifest starts with `converge: 1`',
};

/** Three million commas make a tree of a gigabyte; a dense manifest of 8 MiB has fewer tokens than that. */
const mostTokens = 3_000_000;

/**
 * Text to a tree of nodes whose scalars are all source text (YAML's failsafe schema: the property
 * schemas decide what a scalar is). `file.root` is undefined when a mistake was reported that keeps
 * the tree from being read.
 */
export function parseManifest(
  name: string,
  text: string,
  namesSecret: NamesSecret,
  report: (d: Diagnostic) => void,
  what: FileKind = manifestFile,
): { file: SourceFile; readable: boolean } {
  // Filled here: the parser misses the ends of lines inside some broken tokens.
  const lines = new LineCounter();
  for (let end = -1; end !== text.length; end = nextLineEnd(text, end)) lines.addNewLine(end + 1);
  const file: SourceFile = {
    name,
    text,
    lines,
    root: undefined as never,
    aliases: new Map(),
    masks: [],
    hidden: new Set(),
    expressions: [],
    conditions: [],
    templates: new Map(),
    broken: new Set(),
  };
  const stop = (code: Code, message: string, from: number, to: number, hint?: string) => {
    report(given(code, message, { at: place(file, from, to), ...(hint === undefined ? {} : { hint }) }));
    file.masks.push(...likelySecrets(text, namesSecret));
    return { file, readable: false };
  };

  if (hasTooManyTokens(text))
    return stop(
      'too-large',
      `${name} holds more than ${mostTokens} marks, names and values`,
      0,
      0,
      'split it',
    );
  let document: ReturnType<typeof readDocument>;
  try {
    document = readDocument(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return stop('too-deep', 'values are nested too deep to be read', 0, 0);
  }
  // IMPOSSIBLE: the library's own doubt about a flow collection as a key of an indented map, such as the
  // title `{4DC3E181}`, which is valid and which it reads rightly.
  const fault = document.errors.find(({ code }) => code !== 'IMPOSSIBLE') ?? document.warnings[0];
  if (fault) return stop(...explain(fault, text));
  const { contents } = document;
  if (!contents || (isScalar(contents) && contents.type === 'PLAIN' && contents.value === ''))
    return stop('empty-manifest', `this ${what.name} is empty`, 0, 0, what.hint);
  file.root = contents as Node;
  if (!isMap(file.root))
    return stop(
      'no-map',
      `expected a map at the top of the ${what.name}, with keys such as ${what.keys}`,
      ...((file.root.range?.slice(0, 2) ?? [0, 0]) as [number, number]),
      what.hint,
    );
  return { file, readable: inspect(file, namesSecret, report) };
}

function hasTooManyTokens(text: string): boolean {
  if (text.length <= mostTokens) return false;
  let left = mostTokens;
  for (const _ of new Lexer().lex(text)) if (left-- === 0) return true;
  return false;
}

function readDocument(text: string) {
  const { stackTraceLimit } = Error;
  // The library makes an Error of each mistake: with its stack, a million of them cost ten times as much.
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'failsafe',
      strict: true,
      merge: false,
      // Its own check is quadratic; inspect() has one.
      uniqueKeys: false,
      prettyErrors: false,
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function nextLineEnd(text: string, after: number): number {
  const end = text.indexOf('\n', after + 1);
  return end === -1 ? text.length : end;
}

/** One message for a YAML error; those that a value causes say "quote it" and never repeat the value. */
function explain({ code, message, pos }: YAMLError, text: string): [Code, string, number, number, string?] {
  const [from, to] = pos;
  switch (code) {
    case 'RESOURCE_EXHAUSTION':
      return ['too-deep', 'values are nested too deep to be read', from, from];
    case 'MULTIPLE_DOCS':
      return [
        'several-documents',
        'a manifest file holds one YAML document',
        from,
        from + 3,
        'remove the `---`, or make it two files',
      ];
    case 'TAG_RESOLVE_FAILED':
      return [
        'tag',
        'a plain value that starts with `!` is a tag for YAML, which converge does not use',
        from,
        to,
        "quote it: '!...'",
      ];
    case 'BAD_SCALAR_START':
      return ['yaml', message, from, to, 'quote it'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return [
        'yaml',
        'a plain value holds `: `, or this line is indented deeper than its neighbours',
        from,
        to,
        'quote the value, or fix the indentation',
      ];
    case 'BAD_DQ_ESCAPE':
      return [
        'yaml',
        `a backslash in double quotes starts an escape: ${message}`,
        from,
        to,
        'use single quotes, which take backslashes as they are',
      ];
    case 'TAB_AS_INDENT':
      return ['yaml', 'tabs cannot indent', from, to, 'indent with spaces'];
  }
  const line = text.slice(text.lastIndexOf('\n', from) + 1).split('\n', 1)[0]!;
  if (line.includes('${'))
    return [
      'yaml',
      'braces inside `{ ... }` end a plain value',
      from,
      to,
      'quote the value that holds `${...}`',
    ];
  if (/[{[]/.test(line)) return ['yaml', message, from, to, 'quote values that hold any of `{ } [ ] , : #`'];
  return ['yaml', message, from, to];
}
