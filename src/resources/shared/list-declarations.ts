import { world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { Adoptable, Listed, ListQuery } from '../../engine/model/resource-type.ts';

/** What a host's type lists: its declaration, ready made. `exists` is always true. */
export type Declaration = Omit<Adoptable, 'exists'>;
export type Unsaid = Extract<Listed<never>, { state: 'unsaid' }>;

export const unsaid = (what: string, why: string): Unsaid => ({ state: 'unsaid', what, why });

/** For types that make the declaration while they list. */
export const declarationToManifest = (listed: Declaration): Adoptable => ({ ...listed, exists: true });

/**
 * All that was found, or what of it was asked for by title, in any case; of a title that nothing has a
 * failure.
 * @param what the things in a sentence: `site`
 */
export function* chosen(
  found: readonly (Declaration | Unsaid)[],
  { titles }: Pick<ListQuery<unknown>, 'titles'>,
  what: string,
): Iterable<Listed<Declaration>> {
  const nameOf = (one: Declaration | Unsaid) => ('title' in one ? one.title : one.what);
  const listed = (one: Declaration | Unsaid): Listed<Declaration> =>
    'title' in one ? { state: 'present', value: one } : one;
  if (!titles) return yield* found.map(listed);
  for (const title of titles) {
    const fitting = found.filter(one => nameOf(one).toLowerCase() === title.toLowerCase());
    if (fitting.length > 0) yield* fitting.map(listed);
    else {
      const hint = suggest(title, found.map(nameOf));
      const text = `there is no ${what} ${title} on this host`;
      yield {
        state: 'failed',
        diagnostic: world('not-found', text, hint === undefined ? {} : { hint }),
      };
    }
  }
}
