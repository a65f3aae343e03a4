import type { Scalar } from 'yaml';
import type { SourceRange } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { Json } from '../../engine/model/catalog.ts';
import { constants, type JsonSchema } from '../schema/json-schema.ts';
import { fault, nameAt, type Reading } from '../scope/reading.ts';
import { controlCharacters } from '../syntax/control-characters.ts';
import { readExpression, secretExample } from '../syntax/expression.ts';
import { coreValue, expected, found, isBeyond, kindOf } from '../syntax/scalar.ts';
import { mask, place, sourceOf } from '../syntax/source-file.ts';
import { checkFormat } from './formats.ts';

/** Reads one scalar as the kind its schema names; `node` null means that nothing is written. */
export function readScalar(
  node: Scalar | null,
  schema: JsonSchema,
  pointer: string,
  reading: Reading,
  at: SourceRange,
): Json | undefined {
  const name = () => nameAt(reading, pointer);
  const written = node ? String(node.value) : '';
  const plain = node === null || node.type === 'PLAIN';
  const expression = readExpression(written);
  if (schema['x-secret']) {
    if (expression.kind === 'secret') return { $secret: expression.secret };
    if (node) mask(reading.file, node);
    const hint = `write "${secretExample}" (or file:PATH), so that the manifest holds no secret`;
    if (expression.kind === 'mistake')
      return fault(
        reading,
        pointer,
        'bad-expression',
        `${name()}: ${expression.message}`,
        at,
        expression.hint,
      );
    return fault(
      reading,
      pointer,
      'literal-secret',
      `${name()}: expected a reference to a secret, not the secret itself`,
      at,
      hint,
    );
  }
  if (expression.kind === 'secret')
    return fault(
      reading,
      pointer,
      'secret-not-allowed',
      `${name()}: a secret can't be used here`,
      at,
      'others see what is here; `converge explain --type` says which properties take a secret',
    );
  if (expression.kind === 'mistake') {
    if (/secret/i.test(written)) mask(reading.file, node!);
    return fault(
      reading,
      pointer,
      'bad-expression',
      `${name()}: ${expression.message}`,
      openingBrace(node!, reading),
      expression.hint,
    );
  }
  if (expression.kind === 'template')
    return fault(
      reading,
      pointer,
      'bad-expression',
      `${name()}: an expression can't be used here`,
      at,
      'write the value itself, or `$${` for a literal `${`',
    );
  const text = expression.text;
  const hidden = node !== null && reading.file.hidden.has(node);
  const say = (value: Json) => (hidden ? 'something else' : found(value));
  const value = plain ? coreValue(text) : text;
  const allowed = constants(schema);
  const type = schema.type ?? (allowed.length > 0 ? undefined : 'any');
  if (type === 'any') return readText(text, value, schema, pointer, reading, node, at);
  if (allowed.length > 0) {
    if (allowed.includes(text)) return text;
    if (allowed.includes(value)) return value;
    return fault(
      reading,
      pointer,
      'wrong-value',
      `${name()}: expected ${list(allowed)}, found ${say(plain && text === '' ? null : text)}`,
      at,
      allowed.length > 3 && !hidden ? suggest(text, allowed.map(String)) : undefined,
    );
  }
  if (type === 'string' && !(plain && text === ''))
    return readText(text, text, schema, pointer, reading, node, at);
  const kind = kindOf(value);
  const fits = { integer: 'integer', boolean: 'boolean', null: 'nothing' }[type as string] === kind;
  if (fits || (type === 'number' && typeof value === 'number')) return value;
  return fault(
    reading,
    pointer,
    'wrong-kind',
    `${name()}: expected ${expected([type ?? 'any'])}, found ${say(value)}`,
    at,
    hidden ? undefined : hintFor(type, text, plain),
  );
}

function readText(
  text: string,
  value: Json,
  schema: JsonSchema,
  pointer: string,
  reading: Reading,
  node: Scalar | null,
  at: SourceRange,
): Json | undefined {
  if (typeof value !== 'string' || !node) return value;
  const name = () => nameAt(reading, pointer);
  const hidden = reading.file.hidden.has(node);
  if (!schema['x-multiline'] && schema.type === 'string') {
    const wrong = controlCharacters(text, hidden ? '' : sourceOf(reading.file, node), node.type);
    if (wrong)
      return fault(reading, pointer, 'control-character', `${name()}: ${wrong.message}`, at, wrong.hint);
  }
  const wrong = schema.format ? checkFormat(schema.format, text) : undefined;
  if (wrong)
    return fault(
      reading,
      pointer,
      'wrong-value',
      `${name()}: expected ${wrong.expected}, found ${hidden ? 'something else' : found(text)}`,
      at,
      wrong.hint,
    );
  return value;
}

function hintFor(type: string | undefined, text: string, plain: boolean): string | undefined {
  if (type === 'string') return "write '' for empty text";
  if (isBeyond(text)) return `whole numbers beyond ${Number.MAX_SAFE_INTEGER} would lose digits`;
  if (!plain && kindOf(coreValue(text)) === type) return 'remove the quotes';
  if (type === 'boolean' && /^(yes|on|y)$/i.test(text)) return 'write true';
  if (type === 'boolean' && /^(no|off|n)$/i.test(text)) return 'write false';
  if (/^0[0-7]+$/.test(text))
    return `write ${Number(text)} if you mean the decimal number, 0o${text.slice(1)} if octal`;
  return undefined;
}

const list = (values: Json[]): string =>
  values.length === 1 ? `\`${values[0]}\`` : `one of ${values.map(value => `\`${value}\``).join(', ')}`;

function openingBrace(node: Scalar, reading: Reading): SourceRange {
  const [start, end] = node.range ?? [0, 0];
  const source = sourceOf(reading.file, node);
  const opening = /(?<!\$)\$\{/.exec(source)?.index ?? 0;
  const closing = source.indexOf('}', opening);
  return place(reading.file, start + opening, closing === -1 ? end : start + closing + 1);
}
