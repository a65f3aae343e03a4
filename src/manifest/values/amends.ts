import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Json } from '../../engine/model/catalog.ts';
import { child, segments, valueAt } from '../../engine/model/pointer.ts';
import type { Reading } from '../scope/reading.ts';
import { metaparameters } from './metaparameters.ts';

type Properties = { [key: string]: Json };

/**
 * What would be declared if the values with a mistake weren't there, and if they were right. What a type
 * finds wrong with both is a mistake of its own, whatever was meant by the others. None when nobody can say:
 * a name that the type doesn't know may be meant for any, and not for each form of text there is a stand-in.
 */
export function amends(
  properties: Properties,
  { faults, visits }: Pick<Reading, 'faults' | 'visits'>,
  validate: ValidateFunction,
): Properties[] {
  const wrong = [...faults].filter(pointer => isProperty(segments(pointer)[0]));
  if (wrong.some(pointer => !visits.has(pointer))) return [];
  const without = structuredClone(properties);
  const right = structuredClone(properties);
  for (const pointer of wrong) {
    const { holder, key } = ends(pointer);
    const left = valueAt(without, holder);
    if (isHolder(left) && !Array.isArray(left)) delete left[key];
    if (valueAt(right, pointer) === undefined) put(right, pointer, null);
  }
  return makeRight(right, validate) ? [without, right] : [];
}

const isProperty = (name: string | undefined): boolean =>
  name !== undefined && name !== 'select' && !Object.hasOwn(metaparameters, name);

/** Puts what its schema takes in the place of each value that it doesn't take; tells whether that went. */
function makeRight(value: Properties, validate: ValidateFunction): boolean {
  const tried = new Set<string>();
  for (;;) {
    const [error] = mistakesIn(value, validate);
    if (!error) return true;
    const pointer = placeOf(error);
    if (tried.has(pointer)) return false;
    tried.add(pointer);
    const { allowedValues = [], allowedValue, limit = 1 } = error.params;
    const fits = (one: Json): boolean =>
      put(value, pointer, one) && !mistakesIn(value, validate).some(other => placeOf(other) === pointer);
    if (![...allowedValues, allowedValue ?? limit, limit, ...standIns].some(fits)) return false;
  }
}

const mistakesIn = (value: Properties, validate: ValidateFunction): ErrorObject[] =>
  validate(value) ? [] : (validate.errors ?? []);

const placeOf = ({ instancePath, keyword, params }: ErrorObject): string =>
  keyword === 'required' ? child(instancePath, params.missingProperty) : instancePath;

function put(value: Properties, pointer: string, one: Json): boolean {
  const { holder, key } = ends(pointer);
  const found = pointer === '' ? undefined : valueAt(value, holder);
  if (isHolder(found)) found[key] = structuredClone(one);
  return isHolder(found);
}

const isHolder = (value: unknown): value is Properties => typeof value === 'object' && value !== null;

const ends = (pointer: string): { holder: string; key: string } => ({
  holder: pointer.slice(0, pointer.lastIndexOf('/')),
  key: segments(pointer).at(-1) ?? '',
});

/** One of each form that the schemas of the types ask for. */
const standIns: Json[] = [
  ...[true, 'a', '1h', '15 minutes', '02:00', '0644', 'a.b', 'every day at 02:00', '2030-01-01T00:00:00Z'],
  ...['/a', 'C:\\a', 'HKLM\\SOFTWARE\\a', 'https://a.example/a', 's3://aaa/a', 'file:///a'],
  ...['10.0.0.1', '10.0.0.0/24', 'a.example', 'a@a.example', 'vpc-0123456789abcdef0', 't3.micro'],
  ...[{ $secret: 'env:A' }, {}, []],
];
