import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { globOf } from '../../values/glob.ts';
import type { Address } from '../model/catalog.ts';
import type { Declared } from '../model/subject.ts';

export interface Selection {
  /** Each a type, an address, a glob of addresses, or `label:NAME`. Empty: everything. */
  only?: readonly string[];
  except?: readonly string[];
}

/**
 * The addresses that `--only` takes less those that `--except` takes. Throws a Failure (given) when a
 * selector matches nothing of them, or of what was `declared` before selections were expanded.
 */
export function select(
  resources: readonly Declared[],
  { only = [], except = [] }: Selection,
  declared: readonly Declared[] = [],
): Set<Address> {
  const known = [...resources, ...declared];
  const wrong = [...only, ...except].filter(selector => !known.some(resource => matches(selector, resource)));
  if (wrong.length > 0) throw new Failure(wrong.map(selector => nothing(selector, known)));
  const taken = resources.filter(
    resource =>
      (only.length === 0 || only.some(selector => matches(selector, resource))) &&
      !except.some(selector => matches(selector, resource)),
  );
  return new Set(taken.map(({ address }) => address));
}

/** Whether something of a selection, whose members aren't known yet, may be taken. */
export const mayTake = (selection: Declared, { only = [] }: Selection): boolean =>
  only.length === 0 ||
  only.some(
    selector =>
      matches(selector, selection) || selector.startsWith(`${selection.address}/`) || /[*?]/.test(selector),
  );

function matches(selector: string, { address, type, meta, selectedBy }: Declared): boolean {
  if (selector === type || selector === address || isInside(selector, address, type)) return true;
  if (selector === selectedBy) return true;
  if (selector.startsWith('label:')) return meta.labels.includes(selector.slice('label:'.length));
  return /[*?]/.test(selector) && globOf(selector).test(address);
}

/**
 * A use of a module, by its address or name, means all that is inside: `pilot_light:dr/bucket:x`. The
 * address of what is in no module begins with its own type, so that `file:/srv` doesn't mean `file:/srv/a`.
 */
const isInside = (selector: string, address: Address, type: string): boolean =>
  !address.startsWith(`${type}:`) &&
  (address.startsWith(`${selector}/`) || (address.startsWith(`${selector}:`) && !selector.includes(':')));

function nothing(selector: string, resources: readonly Declared[]) {
  const names = new Set<string>();
  for (const { address, type, meta } of resources) {
    names.add(type).add(address);
    for (const label of meta.labels) names.add(`label:${label}`);
  }
  const hint = suggest(selector, names);
  return given('nothing-selected', `\`${selector}\` selects none of the declared resources`, {
    hint: hint ?? 'a selector is a type, an address, a glob of addresses, or label:NAME',
  });
}
