import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { holdsPassword } from '../../diagnostics/url-passwords.ts';
import type { CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import { child } from '../../engine/model/pointer.ts';
import type { Declarations } from '../scope/declared.ts';
import { quoted } from '../syntax/scalar.ts';

/**
 * Refuses URLs that hold a password or a token, whatever the property: plans, reports and the world's own
 * records show URLs. `https://NAME@HOST` is most often a token; `ssh://git@HOST` is a name.
 */
export function checkUrls(
  { resources, targets }: Declarations,
  report: (diagnostic: Diagnostic) => void,
): void {
  for (const declared of resources) {
    const { address, at, places, properties } = declared.resource;
    for (const pointer of urlsIn(properties)) {
      declared.valid = false;
      report(refused(quoted(address), pointer, { at: placeIn(places, pointer) ?? at, address }));
    }
  }
  for (const { name, at, properties } of targets)
    for (const pointer of urlsIn(properties)) report(refused(`the target ${quoted(name)}`, pointer, { at }));
}

/** Never with the URL itself. */
const refused = (
  whose: string,
  pointer: string,
  details: Partial<Pick<Diagnostic, 'at' | 'address'>>,
): Diagnostic =>
  given('password-in-url', `${whose}: the URL at ${pointer} holds a password or token`, {
    ...details,
    hint: 'take it out, and give it by a property that takes a `secret(...)`: URLs are shown in plans and reports',
  });

/** Pointers to the texts that are such a URL, made on the way back: nearly no manifest has one. */
function urlsIn(value: unknown): string[] {
  if (typeof value === 'string') return holdsPassword(value) ? [''] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    urlsIn(member).map(below => child('', key) + below),
  );
}

/** The nearest place that is known at or above a pointer. */
function placeIn(places: CatalogResource['places'], pointer: string): CatalogTarget['at'] | undefined {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = places.get(at);
    if (place) return place;
  }
  return undefined;
}
