import type { TSchema } from 'typebox';
import { byText, canonicalJson } from './canonical.ts';
import { isSecretRef, type Json, type SecretRef } from './catalog.ts';
import { child } from './pointer.ts';
import type { AnyResourceType, FieldChange } from './resource-type.ts';
import { schemaAt } from './schema-at.ts';

/** Whether the secret that was last applied at this pointer is the one that is wanted now. */
export type SecretCheck = (pointer: string, ref: SecretRef) => boolean;

const never: SecretCheck = () => false;

/**
 * The properties that differ, by the type's own `diff` or by structure; sorted by path. Throws a TypeError
 * when the type's own answer can't be in a plan.
 */
export function diff(
  type: AnyResourceType,
  is: object,
  should: object,
  sameSecret: SecretCheck = never,
): FieldChange[] {
  const fields = type.diff
    ? type.diff(is, should, sameSecret)
    : structuralDiff(type.schema, is, should, sameSecret);
  const isSound = ({ path }: FieldChange) => typeof path === 'string' && /^(\/|$)/.test(path);
  if (!fields.every(isSound) || canonicalJson(fields) === undefined)
    throw new TypeError('its diff is not valid');
  return fields.toSorted((a, b) => byText(a.path, b.path));
}

/**
 * Only keys that `should` has are compared: what isn't declared isn't managed. Objects are compared
 * member by member, arrays by value, or as sets where the schema says `x-unordered: true`.
 */
export function structuralDiff(
  schema: TSchema,
  is: object,
  should: object,
  sameSecret: SecretCheck = never,
): FieldChange[] {
  const fields: FieldChange[] = [];
  const compare = (before: unknown, after: unknown, path: string): void => {
    if (after === undefined) return;
    if (isSecretRef(after)) {
      // A type that can read the secret's effect answers with the reference itself when it matches.
      const same =
        before === undefined ? sameSecret(path, after) : canonicalJson(before) === canonicalJson(after);
      if (!same) fields.push(change(path, before, after));
    } else if (isObject(before) && isObject(after)) {
      for (const [key, value] of Object.entries(after)) compare(before[key], value, child(path, key));
    } else if (!sameValue(before, after, schemaAt(schema, path)?.['x-unordered'] === true)) {
      fields.push(change(path, before, after));
    }
  };
  compare(is, should, '');
  return fields;
}

/** All leaves of a thing that will be created. */
export function creationFields(should: object): FieldChange[] {
  const fields: FieldChange[] = [];
  const walk = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (isObject(value) && !isSecretRef(value) && Object.keys(value).length > 0) {
      for (const [key, member] of Object.entries(value)) walk(member, child(path, key));
    } else if (path !== '') fields.push({ path, after: value as Json });
  };
  walk(should, '');
  return fields.toSorted((a, b) => byText(a.path, b.path));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function change(path: string, before: unknown, after: unknown): FieldChange {
  return { path, ...(before !== undefined && { before: before as Json }), after: after as Json };
}

function sameValue(before: unknown, after: unknown, asSet: boolean): boolean {
  if (before === undefined) return false;
  if (asSet && Array.isArray(before) && Array.isArray(after)) return setOf(before) === setOf(after);
  return canonicalJson(before) === canonicalJson(after);
}

const setOf = (items: unknown[]): string =>
  [...new Set(items.map(item => canonicalJson(item)))].sort(byText).join(',');
