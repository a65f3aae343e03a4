import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import type { Declarations } from '../scope/declared.ts';
import { quoted } from '../syntax/scalar.ts';

/**
 * Gives a resource the properties that it leaves out and that its type takes from the resource of another
 * type with the same title: the VM's repository. Its places are those of the other's, so that what differs is
 * shown where it stands.
 */
export function takeFromOthers({ resources }: Declarations, report: (diagnostic: Diagnostic) => void): void {
  for (const declared of resources) {
    const { resource, type } = declared;
    for (const [property, from] of Object.entries(type.takesFrom ?? {})) {
      if (!declared.valid || Object.hasOwn(resource.properties, property)) continue;
      const same = resources.filter(
        ({ resource: other }) =>
          other.type === from && other.title.toLowerCase() === resource.title.toLowerCase(),
      );
      const giver = same.find(({ resource: other }) => Object.hasOwn(other.properties, property));
      if (giver) take(resource, giver.resource, property);
      // To remove something doesn't take all that making it does.
      else if (resource.meta.ensure === 'absent') continue;
      // Another mistake keeps it from being said: one mistake is one error.
      else if (same.some(({ valid }) => !valid)) declared.valid = false;
      else {
        declared.valid = false;
        report(
          given(
            'missing-property',
            `\`${resource.address}\`: the property \`${property}\` is missing, and there is no ${quoted(`${from}:${resource.title}`)} to take it from`,
            {
              at: resource.at,
              address: resource.address,
              hint: `add \`${property}:\`, or declare the ${from} in the same manifests`,
            },
          ),
        );
      }
    }
  }
}

function take(to: CatalogResource, from: CatalogResource, property: string): void {
  to.properties[property] = structuredClone(from.properties[property]!);
  const pointer = `/${property}`;
  for (const [place, at] of from.places)
    if (place === pointer || place.startsWith(`${pointer}/`)) to.places.set(place, at);
}
