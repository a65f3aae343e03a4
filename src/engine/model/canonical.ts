import { createHash } from 'node:crypto';
import type { Json } from './catalog.ts';

/** Order by UTF-16 code units: the same in every locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Not a package's: RFC 8785 (`canonicalize`) sorts keys like "9" and "10" as texts, while these go in the
 * order that objects of JavaScript have, and bytes of plans and repositories written so are out there. Large
 * ones go item by item, too.
 *
 * JSON with sorted keys and without undefined members, so that equal values give equal bytes.
 * Throws a TypeError on what JSON can't hold (a bigint, a function, NaN).
 */
export function canonicalJson(value: unknown, indent?: number): string {
  return JSON.stringify(sorted(value), undefined, indent);
}

function sorted(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(item => sorted(item) ?? null);
  if (typeof value === 'object' && !(value instanceof Map)) {
    const object = value as Record<string, unknown>;
    return Object.fromEntries(definedKeys(object).map(key => [key, sorted(object[key]) ?? null]));
  }
  if (value === undefined) return undefined;
  throw new TypeError(`${typeof value} is not a JSON value`);
}

/** Sorted by code units, as `sort` does by itself. */
const definedKeys = (object: Record<string, unknown>): string[] =>
  Object.keys(object)
    .filter(key => object[key] !== undefined)
    .sort();

/**
 * SHA-256 of the canonical JSON of an object whose keys are names. Its text is never held as a whole:
 * members that are iterable count as lists, and go in item by item.
 */
export function canonicalDigest(object: Record<string, unknown>): string {
  const hash = createHash('sha256');
  for (const piece of pieces(object)) hash.update(piece);
  return hash.digest('hex');
}

function* pieces(object: Record<string, unknown>): Generator<string> {
  yield '{';
  let comma = '';
  for (const key of definedKeys(object)) {
    const member = object[key];
    yield `${comma}${JSON.stringify(key)}:`;
    comma = ',';
    if (isIterable(member)) yield* listPieces(member);
    else yield canonicalJson(member);
  }
  yield '}';
}

function* listPieces(list: Iterable<unknown>): Generator<string> {
  let before = '[';
  for (const item of list) {
    yield before + canonicalJson(item ?? null);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;
