import { Document, isScalar, Scalar, visit } from 'yaml';
import { commandMark, isCommand, withoutCommand } from '../diagnostics/lines.ts';
import { printable } from '../diagnostics/text-width.ts';
import { withoutPasswords } from '../diagnostics/url-passwords.ts';
import { type CatalogTarget, isSecretRef, type Json } from '../engine/model/catalog.ts';
import { literal } from './syntax/expression.ts';

/** One resource to write; with `comment` it is written as a comment below that line. */
export interface Written {
  type: string;
  title: string;
  properties: { [key: string]: Json };
  target?: string;
  note?: string;
  comment?: string;
}

export interface ManifestText {
  /** Where editors find the schema, from the file. */
  schema: string;
  /** Lines about the file as a whole. */
  about: string[];
  /** What the manifest needs to be run, `windows`. */
  os?: string;
  targets: readonly CatalogTarget[];
  /** Those of one type stand together, in this order. */
  resources: readonly Written[];
  /** Comments at the end. */
  remarks?: readonly string[];
}

/** A manifest as people would write it. Ends with a newline. */
export function writeManifest({ schema, about, os, targets, resources, remarks = [] }: ManifestText): string {
  const types = Object.entries(Object.groupBy(resources, ({ type }) => type));
  const lines = [
    `# yaml-language-server: $schema=${schema}`,
    ...about.map(comment),
    'converge: 1',
    ...(os === undefined ? [] : [`requires: { os: ${os} }`]),
    ...(targets.length === 0 ? [] : ['targets:', ...targets.flatMap(targetLines)]),
    ...(types.length === 0 ? [] : ['resources:']),
    ...types.flatMap(([type, some = []]) => [typeLine(type, some), ...resourceLines(some)]),
    ...remarks.map(comment),
  ];
  return `${lines.join('\n')}\n`;
}

const targetLines = ({ name, type, properties }: CatalogTarget): string[] =>
  indented(entry(name, { type, ...(asWritten(properties) as object) }), '  ');

/** One of which all is a comment may be no type at all. */
const typeLine = (type: string, some: readonly Written[]): string =>
  some.some(one => one.comment === undefined) ? `  ${type}:` : `  # ${type}:`;

/** What is live first: comments after it don't tear it apart. */
function resourceLines(resources: readonly Written[]): string[] {
  const live = resources.filter(one => one.comment === undefined);
  const others = Object.entries(
    Object.groupBy(
      resources.filter(one => one.comment !== undefined),
      one => one.comment!,
    ),
  );
  return [
    ...live.flatMap(one => [
      ...(one.note === undefined ? [] : [`    ${comment(one.note)}`]),
      ...indented(bodyOf(one), '    '),
    ]),
    ...others.flatMap(([why, some]) => [
      `    ${comment(why)}`,
      ...(some ?? []).flatMap(one => [
        ...(one.note === undefined ? [] : [`    ${comment(`- ${one.note}`)}`]),
        ...indented(withoutPasswords(bodyOf(one)), '    # '),
      ]),
    ]),
  ];
}

const bodyOf = ({ title, properties, target }: Written): string =>
  entry(literal(title), { ...(asWritten(properties) as object), ...(target !== undefined && { target }) });

/** On one line, whatever is quoted in it, and without the passwords of URLs. */
const comment = (text: string): string =>
  withoutCommand(`# ${withoutPasswords(printable(text)).replaceAll('\ufffd', ' ')}`).trimEnd();

/** Only double quotes can escape. A file that a runner of CI prints must hold no command either. */
const needsEscapes = (text: string): boolean =>
  text
    .split('\n')
    .some(line => printable(line.replaceAll('\t', ' ')) !== line.replaceAll('\t', ' ') || isCommand(line));

/** YAML that shows all of its texts: what would steer a terminal is escaped (YAML 1.2.2, section 5.7). */
function entry(name: string, value: object): string {
  const document = new Document({ [name]: value });
  visit(document, (_, node) => {
    if (isScalar(node) && typeof node.value === 'string' && needsEscapes(node.value))
      node.type = Scalar.QUOTE_DOUBLE;
  });
  return document
    .toString({ lineWidth: 0, collectionStyle: 'any', doubleQuotedMinMultiLineLength: 1e9 })
    .split('\n')
    .map(escaped)
    .join('\n');
}

/** What is left to escape can only be in double quotes. */
const escaped = (line: string): string =>
  Array.from(line, one =>
    one === '\t' || printable(one) === one ? one : `\\U${one.codePointAt(0)!.toString(16).padStart(8, '0')}`,
  )
    .join('')
    .replace(commandMark, '#\\x23');

const indented = (text: string, by: string): string[] =>
  text
    // Not what else JavaScript calls white space: that may be the end of a value.
    .replace(/\n+$/, '')
    .split('\n')
    .map(line => `${by}${line}`);

/** Secrets as the expression that names them; text that looks like an expression as itself. */
function asWritten(value: Json): Json {
  if (isSecretRef(value)) return `\${secret('${value.$secret}')}`;
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return value.map(asWritten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asWritten(member)]));
}
