import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Address, CatalogResource } from '../../engine/model/catalog.ts';
import type { Where } from '../../engine/model/resource-type.ts';
import type { Declarations, DeclaredResource } from '../scope/declared.ts';
import { quoted } from '../syntax/scalar.ts';
import { usesAround } from './uses-around.ts';

/** Finds two resources for one real object: other case, other slashes, title against property. */
export function checkIdentities(
  resources: DeclaredResource[],
  uses: Declarations['uses'],
  where: Where,
  report: (diagnostic: Diagnostic) => void,
): void {
  const related = (first: CatalogResource, second: Address) => [
    { message: `${quoted(first.address)} is declared here`, at: first.at },
    ...[first.address, second].flatMap(address => usesAround(uses, address)),
  ];
  const seen = new Map<string, CatalogResource>();
  const claimed = new Map<string, CatalogResource>();
  for (const declared of resources) {
    if (!declared.valid) continue;
    const { resource, type } = declared;
    const { address, at } = resource;
    let id: string;
    try {
      id = type.identity(resource.properties, resource.title, where);
    } catch (error) {
      // A fault of the type, which the engine names without giving up the rest.
      if (!(error instanceof Failure)) continue;
      declared.valid = false;
      for (const diagnostic of error.diagnostics) report({ at, address, ...diagnostic });
      continue;
    }
    // It is no object itself; what it selects is known when planning.
    if (resource.select !== undefined) continue;
    const key = JSON.stringify([type.name, resource.meta.target ?? '', id]);
    const first = seen.get(key);
    if (!first) {
      seen.set(key, resource);
      if (resource.meta.ensure !== 'absent') claim(declared, id, claimed, related, report);
      continue;
    }
    declared.valid = false;
    report(
      given('same-object', `${quoted(address)} and ${quoted(first.address)} are one object: ${id}`, {
        at,
        address,
        hint: 'merge the two, or remove one',
        related: related(first, address),
      }),
    );
  }
}

/** Two objects that want the same thing of the machine: the second would fail there, or break the first. */
function claim(
  declared: DeclaredResource,
  id: string,
  claimed: Map<string, CatalogResource>,
  related: (first: CatalogResource, second: Address) => NonNullable<Diagnostic['related']>,
  report: (diagnostic: Diagnostic) => void,
): void {
  const { resource } = declared;
  const { address, at } = resource;
  for (const what of claimsOf(declared, id)) {
    const first = claimed.get(what);
    claimed.set(what, first ?? resource);
    if (!first) continue;
    declared.valid = false;
    report(
      given(
        'same-claim',
        `${quoted(address)} and ${quoted(first.address)} both want ${what.replace(':', ' ')}`,
        {
          at,
          address,
          hint: 'only one can have it: change or remove one',
          related: related(first, address),
        },
      ),
    );
  }
}

function claimsOf({ type, resource }: DeclaredResource, id: string): string[] {
  try {
    return [...(type.claims?.(resource.properties, id) ?? [])].map(String);
  } catch {
    // A fault of the type, which the engine names without giving up the rest.
    return [];
  }
}
