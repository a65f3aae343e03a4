import type { ErrorObject, ValidateFunction } from 'ajv';
import { withoutPasswords } from '../../diagnostics/url-passwords.ts';
import type { Json } from '../../engine/model/catalog.ts';
import { child } from '../../engine/model/pointer.ts';
import { fault, nameAt, type Reading } from '../scope/reading.ts';

/**
 * Checks what the reader leaves to JSON Schema: bounds, patterns, lengths, combinations. One error per
 * place, none where the reader has found a mistake already, and of a union only the branch it took.
 */
export function checkConstraints(value: Json, validate: ValidateFunction, reading: Reading): void {
  if (validate(value)) return;
  const spoiled = new Set([...reading.faults].flatMap(fault => ['', ...prefixes(fault)]));
  const errors = (validate.errors ?? []).filter(error => concerns(error, reading, spoiled));
  const specific = errors.filter(error => !summaries.includes(error.keyword));
  for (const error of specific.length > 0 ? specific : errors) {
    const pointer = placeOf(error);
    if (reading.faults.has(pointer)) continue;
    const visit = reading.visits.get(pointer);
    const about = visit?.schema.description;
    fault(
      reading,
      pointer,
      'wrong-value',
      `${nameAt(reading, pointer)}: ${say(error, about)}`,
      visit?.at ?? reading.at,
      about && error.keyword === 'pattern' ? about : undefined,
    );
  }
}

/** Keywords that only say that something below failed. */
const summaries = ['anyOf', 'oneOf', 'allOf', 'if'];

function concerns(error: ErrorObject, reading: Reading, spoiled: Set<string>): boolean {
  const { instancePath: pointer, keyword, schemaPath } = error;
  if (keyword === 'additionalProperties') return false;
  // What is said about a value that lacks a part with a mistake is not a second mistake.
  if (spoiled.has(pointer)) return false;
  if (keyword === 'required') {
    const schema = reading.visits.get(pointer)?.schema;
    if (
      pointer === '' ? schemaPath === '#/required' : schema?.required?.includes(error.params.missingProperty)
    )
      return false;
  }
  const taken: number[] = [];
  for (const prefix of prefixes(pointer)) {
    const branch = reading.visits.get(prefix)?.branch;
    if (branch !== undefined) taken.push(branch);
  }
  const branches = [...schemaPath.matchAll(/\/anyOf\/(\d+)\//g)].map(match => Number(match[1]));
  return branches.every((branch, index) => taken[index] === undefined || taken[index] === branch);
}

/** The pointers of everything around a value and of itself, from the outside in, without the root. */
function prefixes(pointer: string): string[] {
  const result: string[] = [];
  for (let end = pointer.indexOf('/', 1); end !== -1; end = pointer.indexOf('/', end + 1))
    result.push(pointer.slice(0, end));
  if (pointer !== '') result.push(pointer);
  return result;
}

/** What needs another beside it is what is wrong, not all around it. */
const placeOf = ({ instancePath, keyword, params }: ErrorObject): string =>
  keyword === 'dependencies' ? child(instancePath, params.property) : instancePath;

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** A pattern longer than this is read by nobody who has words in its place. */
const readable = 40;

/** @param about what the schema says about the value, which is shown beside a pattern */
function say({ keyword, params, message }: ErrorObject, about?: string): string {
  switch (keyword) {
    case 'minimum':
      return `expected at least ${params.limit}`;
    case 'maximum':
      return `expected at most ${params.limit}`;
    case 'exclusiveMinimum':
      return `expected more than ${params.limit}`;
    case 'exclusiveMaximum':
      return `expected less than ${params.limit}`;
    case 'multipleOf':
      return `expected a multiple of ${params.multipleOf}`;
    case 'minLength':
      return `expected at least ${plural(params.limit, 'character')}`;
    case 'maxLength':
      return `expected at most ${plural(params.limit, 'character')}`;
    case 'minItems':
      return `expected at least ${plural(params.limit, 'item')}`;
    case 'maxItems':
      return `expected at most ${plural(params.limit, 'item')}`;
    case 'uniqueItems':
      return `items ${Math.min(params.i, params.j) + 1} and ${Math.max(params.i, params.j) + 1} are the same`;
    case 'minProperties':
      return `expected at least ${plural(params.limit, 'property').replace('ys', 'ies')}`;
    case 'dependencies':
      return `means nothing without ${params.deps
        .split(', ')
        .map((name: string) => `\`${name}\``)
        .join(' and ')}`;
    case 'pattern':
      // One with a place for passwords would be masked where it is shown.
      return withoutPasswords(params.pattern) === params.pattern &&
        (about === undefined || params.pattern.length <= readable)
        ? `expected text that matches ${params.pattern}`
        : 'expected text of another form';
    default:
      return message ?? 'is not valid';
  }
}
