import { type Diagnostic, given } from '../diagnostics/diagnostic.ts';
import { nearest } from '../diagnostics/nearest.ts';
import type { Reference } from '../engine/catalog.ts';
import type { Registry } from '../engine/resource-type.ts';
import type { Declarations, DeclaredResource } from './declared.ts';
import { referenceKeys } from './metaparameters.ts';
import { quoted } from './scalar.ts';

/** Beyond these the search for the nearest name stops: it looks at every address there is. */
const mostSuggestions = 100;

/** Checks that every reference names a declared resource, and that what is notified can be refreshed. */
export function checkReferences(
  { resources, spoiled, incomplete }: Declarations,
  registry: Registry,
  report: (diagnostic: Diagnostic) => void,
): void {
  const declared = new Map(resources.map(({ resource }) => [resource.address, resource]));
  let suggestions = 0;
  const unknown = (from: DeclaredResource, { address, at }: Reference): Diagnostic => {
    const colon = address.indexOf(':');
    const type = address.slice(0, Math.max(colon, 0));
    let hint: string | undefined;
    if (colon < 1) hint = 'a reference is `type:title`, such as file:/etc/hosts';
    else if (suggestions++ < mostSuggestions) {
      const near = nearest(address, declared.keys());
      if (near !== undefined) hint = `did you mean \`${near}\`?`;
      else if (!registry.types.has(type)) hint = `there is no resource type ${quoted(type)}`;
    }
    const message = `${quoted(from.resource.address)} refers to ${quoted(address)}, which is not declared`;
    return given('unknown-reference', message, {
      at,
      address: from.resource.address,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  const deaf = (type: string, at: Reference['at'], what: string): Diagnostic =>
    given('no-refresh', `${what} has no effect: a \`${type}\` can't be refreshed`, {
      at,
      hint: 'use `before` or `require` for order alone',
    });

  for (const from of resources) {
    const { meta, address } = from.resource;
    for (const key of referenceKeys)
      for (const reference of meta[key]) {
        const target = declared.get(reference.address);
        if (!target) {
          if (incomplete || spoiled.has(reference.address)) continue;
          from.valid = false;
          report(unknown(from, reference));
        } else if (target.address === address) {
          from.valid = false;
          report(
            given('self-reference', `${quoted(address)} refers to itself`, { at: reference.at, address }),
          );
        } else if (key === 'notify' && !registry.types.get(target.type)?.refresh) {
          report({ ...deaf(target.type, reference.at, `notifying ${quoted(target.address)}`), address });
        }
      }
    const subscribed = meta.subscribe[0];
    if (subscribed && !from.type.refresh)
      report({ ...deaf(from.type.name, subscribed.at, '`subscribe`'), address });
  }
}
