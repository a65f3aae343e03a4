import type { TSchema } from 'typebox';
import type { Json } from './catalog.ts';
import { segments } from './pointer.ts';

/** What weakens protection, as an annotation `x-grade` of a property. */
export type GradeRule =
  /** From the weakest to the strongest value. */
  | { order: readonly Json[] }
  /** Of a number or a duration, or of the members of a list. */
  | { weakens: 'increase' | 'decrease' };

interface SchemaNode {
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  'x-unordered'?: boolean;
  'x-grade'?: GradeRule;
  'x-immutable'?: boolean;
}

/** The part of a type's schema at a pointer; C's paths equal P's where an annotation matters. */
export function schemaAt(schema: TSchema, path: string): SchemaNode | undefined {
  let at: SchemaNode | undefined = schema as SchemaNode;
  for (const segment of segments(path)) at = at?.properties?.[segment] ?? at?.items;
  return at;
}

/** Whether the property at a pointer, or one that it is a part of, is decided once and for all (`x-immutable`). */
export function isImmutable(schema: TSchema, path: string): boolean {
  let at: SchemaNode | undefined = schema as SchemaNode;
  for (const segment of segments(path)) {
    at = at?.properties?.[segment] ?? at?.items;
    if (at?.['x-immutable'] === true) return true;
  }
  return false;
}
