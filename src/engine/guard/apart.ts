import { blocked, type Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { PlannedField, PlannedResource } from '../model/plan.ts';
import { segments } from '../model/pointer.ts';
import type { AnyResourceType, FieldChange } from '../model/resource-type.ts';
import { gradeField } from './grade-field.ts';

/** The property of C that a field is of, or is in. */
const propertyOf = ({ path }: Pick<FieldChange, 'path'>): string => segments(path)[0] ?? '';

/**
 * Names of the properties by which an update would weaken protection, when it can do without each of them.
 * None where something else weakens as well, or nothing else is left to do: the whole resource is held back.
 */
export function apartIn(type: AnyResourceType, fields: readonly FieldChange[]): ReadonlySet<string> {
  const weaker = fields.filter(field => gradeField(type, field) === 'weakens').map(propertyOf);
  const names = new Set(weaker.every(name => type.apart?.includes(name)) ? weaker : []);
  return without(names, fields).length > 0 ? names : new Set();
}

/** The fields of all other properties. */
export const without = <F extends FieldChange>(names: ReadonlySet<string>, fields: readonly F[]): F[] =>
  fields.filter(field => !names.has(propertyOf(field)));

/** What an update without these properties makes of the object. */
export const wantedWithout = (names: ReadonlySet<string>, should: object): object =>
  Object.fromEntries(Object.entries(should).filter(([name]) => !names.has(name)));

/** Those of an update's fields that are held back by themselves say so. */
export function markedApart(type: AnyResourceType, fields: readonly PlannedField[]): PlannedField[] {
  const names = apartIn(type, fields);
  return fields.map(field => (names.has(propertyOf(field)) ? { ...field, apart: true } : field));
}

/** What of a planned update is left out while the rest is made, by name; empty when that is nothing. */
export const heldBackBy = ({ fields }: Pick<PlannedResource, 'fields'>): ReadonlySet<string> =>
  new Set(fields.filter(({ apart }) => apart).map(propertyOf));

/** What is said where it is left out. */
export function leftOut({ address, at }: PlannedResource, names: ReadonlySet<string>): Diagnostic {
  const what = [...names].map(name => `\`${name}\``).join(', ');
  return blocked(
    'weakens-protection',
    `${what} of \`${address}\` ${names.size === 1 ? 'stays as it is: it' : 'stay as they are: they'} would weaken protection. What else differs of it is not held back`,
    { address, at, hint: `if that is what you want: --allow ${address}` },
  );
}
