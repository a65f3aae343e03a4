import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Json } from './catalog.ts';
import { nearest } from './pointer.ts';
import type { AnyResourceType, Mistake, Where } from './resource-type.ts';

/** One mistake, for a type's `check`. */
export const mistake = (pointer: string, code: string, message: string, hint?: string): Mistake => ({
  pointer,
  code,
  message,
  ...(hint !== undefined && { hint }),
});

/** What a mistake is told of: a resource, and where its values stand. */
interface Written {
  address: string;
  at: SourceRange;
  /** By JSON pointer; a plan file has none. */
  places?: ReadonlyMap<string, SourceRange>;
}

/**
 * All that the type finds wrong with what was written, beyond its schema. Throws a TypeError when the type's answer
 * isn't a list of mistakes.
 */
export function mistakesOf(
  type: AnyResourceType,
  properties: { [key: string]: Json },
  title: string,
  where: Where,
): Mistake[] {
  const found: unknown = type.check?.(properties, title, where) ?? [];
  if (!Array.isArray(found) || !found.every(isMistake))
    throw new TypeError('its check must answer with a list of `pointer`, `code` and `message`');
  return found;
}

const isMistake = ({ pointer, code, message, hint }: Partial<Mistake>): boolean =>
  typeof pointer === 'string' &&
  /^(\/|$)/.test(pointer) &&
  typeof code === 'string' &&
  typeof message === 'string' &&
  (hint === undefined || typeof hint === 'string');

/** Where the value that a pointer names stands, or the nearest thing around it; '' is the title. */
export const placeOf = ({ at, places }: Pick<Written, 'at' | 'places'>, pointer: string): SourceRange =>
  (pointer === '' ? undefined : places && nearest(places, pointer)) ?? at;

/** A mistake as an error at its value. */
export const asDiagnostic = ({ pointer, code, message, hint }: Mistake, written: Written): Diagnostic =>
  given(code, message, {
    address: written.address,
    at: placeOf(written, pointer),
    ...(hint !== undefined && { hint }),
  });
