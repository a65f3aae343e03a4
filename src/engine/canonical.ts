import { createHash } from 'node:crypto';
import type { Json } from './catalog.ts';

/** Order by UTF-16 code units: the same in every locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
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
    const entries = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => byText(a, b));
    return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member) ?? null]));
  }
  if (value === undefined) return undefined;
  throw new TypeError(`${typeof value} is not a JSON value`);
}

/** SHA-256 in lower-case hex. */
export const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
