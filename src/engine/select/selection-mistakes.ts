import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import type { Address, CatalogResource } from '../model/catalog.ts';
import type { SelectionMade } from '../model/plan.ts';
import { nearest } from '../model/pointer.ts';
import type { Found } from '../model/resource-type.ts';

/** Who an object belongs to already. */
export type Owner = Pick<CatalogResource, 'address' | 'at' | 'selectedBy'>;

export interface Overlap {
  first: Owner;
  second: CatalogResource;
  titles: string[];
}

/** What is said about a selection that could be asked: slips, emptiness, and who left. */
export function warningsOf(
  { address, places, at }: CatalogResource,
  { warnings }: Found,
  { members, left }: SelectionMade,
): Diagnostic[] {
  const warn = (code: Code, message: string, hint: string | undefined, pointer = ''): Diagnostic => ({
    ...given(code, message, {
      address,
      at: nearest(places, `/select${pointer}`) ?? at,
      ...(hint !== undefined && { hint }),
    }),
    severity: 'warning',
  });
  const unknown = warnings.map(({ pointer, message, hint }) =>
    warn('selects-unknown', `\`${address}\`: ${message}`, hint, pointer),
  );
  const nothing = 'nothing is managed by it until something fits';
  return [
    ...unknown,
    ...(members.length > 0
      ? []
      : [warn('selects-nothing', `\`${address}\` selects nothing`, warnings[0]?.hint ?? nothing)]),
    ...left.map(name =>
      warn(
        'no-longer-selected',
        `\`${address}\` no longer selects ${name}`,
        'nothing is deleted and what was made for it stays; from now on it is not looked after. Declare it by itself to go on',
      ),
    ),
  ];
}

/** One mistake, however many objects two selections share. */
export function overlapping({ first, second, titles }: Overlap): Diagnostic {
  const shown = titles.slice(0, 5).join(', ');
  const names = titles.length > 5 ? `${shown} and ${titles.length - 5} more` : shown;
  return given('same-object', `\`${first.selectedBy}\` and \`${second.address}\` both select ${names}`, {
    address: second.address,
    at: second.at,
    hint: 'exclude it from one of the two, or declare it by itself, which goes before both',
    related: [{ message: `\`${first.selectedBy}\` is declared here`, at: first.at }],
  });
}

/** Names may hold `/`, so a title can look like a selection and its member. */
export function sameAddress(resources: readonly CatalogResource[]): Diagnostic[] {
  const seen = new Map<Address, CatalogResource>();
  return resources.flatMap(resource => {
    const first = seen.get(resource.address);
    seen.set(resource.address, first ?? resource);
    if (!first) return [];
    return given('declared-twice', `\`${resource.address}\` is there twice: once as a selected object`, {
      address: resource.address,
      at: resource.at,
      hint: 'give the selection another title',
      related: [{ message: 'first here', at: first.at }],
    });
  });
}
