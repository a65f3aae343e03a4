import type { TSchema } from 'typebox';
import type { Json } from './catalog.ts';
import { child, segments } from './pointer.ts';

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

/**
 * Whether the property at a pointer, or one that it is a part of, is decided once and for all
 * (`x-immutable`).
 */
export function isImmutable(schema: TSchema, path: string): boolean {
  let at: SchemaNode | undefined = schema as SchemaNode;
  for (const segment of segments(path)) {
    at = at?.properties?.[segment] ?? at?.items;
    if (at?.['x-immutable'] === true) return true;
  }
  return false;
}

/** The parts of a JSON Schema that lead to other schemas. */
interface Part {
  type?: string;
  anyOf?: Part[];
  properties?: Record<string, Part>;
  patternProperties?: Record<string, Part>;
  additionalProperties?: boolean | Part;
  items?: Part | Part[];
  [keyword: string]: unknown;
}

/**
 * Where a URL of a scheme leads to (`x-on-target`): to the target that is named beside it, or to the only one
 * of a kind.
 */
export interface OnTarget {
  kind: string;
  /** `s3`, for `s3://…` in any case. Other URLs need no target. */
  scheme: string;
}

/** What each annotation of a text says. */
interface Notes {
  'x-ref': string;
  'x-target': string;
  /** Beside `x-target`: what for, and for nothing else. */
  'x-role': string;
  'x-on-target': OnTarget;
}

/** A text that is where a schema has an annotation. */
export interface Annotated<N> {
  pointer: string;
  text: string;
  /** What the annotation says. */
  note: N;
}

/** All texts among the properties whose schema has the annotation. */
export function annotated<K extends keyof Notes>(
  schema: TSchema,
  properties: { [key: string]: Json },
  keyword: K,
): Annotated<Notes[K]>[] {
  const found: Annotated<Notes[K]>[] = [];
  const walk = (node: Part, value: Json, pointer: string): void => {
    if (!holds(node, keyword)) return;
    const note = node[keyword] as Notes[K] | undefined;
    if (note !== undefined && typeof value === 'string') found.push({ pointer, text: value, note });
    for (const branch of node.anyOf ?? []) if (fits(branch, value)) walk(branch, value, pointer);
    if (Array.isArray(value)) {
      const { items } = node;
      value.forEach((item, index) => {
        const each = Array.isArray(items) ? items[index] : items;
        if (each) walk(each, item, `${pointer}/${index}`);
      });
    } else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) {
        const below = memberSchema(node, name);
        if (below) walk(below, member, child(pointer, name));
      }
  };
  walk(schema as Part, properties, '');
  return found;
}

/** Every annotation of a schema, wherever it stands: what the words after `x-ref:` are. */
export function notesOf(schema: TSchema, keyword: keyof Notes | 'x-immutable' | 'x-grade'): unknown[] {
  const node = schema as Part;
  const own = node[keyword] === undefined ? [] : [node[keyword]];
  return [...own, ...schemasIn(node).flatMap(below => notesOf(below as TSchema, keyword))];
}

const known = new WeakMap<Part, Map<string, boolean>>();

/** Whether the annotation is anywhere in it; most schemas have none, and are asked for every resource. */
function holds(node: Part, keyword: string): boolean {
  const answers = known.get(node) ?? new Map<string, boolean>();
  known.set(node, answers);
  const answer =
    answers.get(keyword) ??
    (node[keyword] !== undefined || schemasIn(node).some(below => holds(below, keyword)));
  answers.set(keyword, answer);
  return answer;
}

const schemasIn = (node: Part): Part[] => [
  ...(node.anyOf ?? []),
  ...Object.values(node.properties ?? {}),
  ...Object.values(node.patternProperties ?? {}),
  ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
  ...[node.items ?? []].flat(),
];

function memberSchema(node: Part, name: string): Part | undefined {
  const own = node.properties;
  if (own && Object.hasOwn(own, name)) return own[name];
  const byPattern = Object.entries(node.patternProperties ?? {}).find(([pattern]) =>
    new RegExp(pattern, 'u').test(name),
  );
  if (byPattern) return byPattern[1];
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

function fits({ type }: Part, value: Json): boolean {
  if (type === undefined) return true;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return type === 'integer' ? typeof value === 'number' : typeof value === type;
}
