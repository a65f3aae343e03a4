import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import type { Address, Reference } from '../../engine/model/catalog.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import type { Declarations, DeclaredResource } from '../scope/declared.ts';
import { quoted } from '../syntax/scalar.ts';
import { referenceKeys } from '../values/metaparameters.ts';

/** Beyond these the search for the nearest name stops: it looks at every address there is. */
const mostSuggestions = 100;

/**
 * Checks that every reference names a declared resource, and that what is notified can be refreshed.
 * Resolves references from inside modules, and those to modules to all of their resources.
 */
export function checkReferences(
  { resources, spoiled, incomplete, uses, leftOut }: Declarations,
  registry: Registry,
  report: (diagnostic: Diagnostic) => void,
): void {
  const declared = new Map(resources.map(({ resource }) => [resource.address, resource]));
  const selections = resources.flatMap(({ resource }) => (resource.select === undefined ? [] : [resource]));
  /** `SELECTION/OBJECT`: whether the object is one of those that are selected shows when planning. */
  const selectionAround = (name: Address) => selections.find(one => name.startsWith(`${one.address}/`));
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

  /** Siblings first, then what is around the module, then what is outside of all. */
  const resolve = ({ address }: Reference, module: Address): Found | undefined => {
    for (let around = module; ; around = around.slice(0, Math.max(around.lastIndexOf('/'), 0))) {
      const name = around === '' ? address : `${around}/${address}`;
      if (declared.has(name) || selectionAround(name)) return { addresses: [name] };
      const use = uses.get(name);
      if (use) return { addresses: use.members, module: name };
      if (leftOut.has(name)) return { addresses: [], leftOut: leftOut.get(name)! };
      if (around === '') return undefined;
    }
  };
  // A reference of a module's use goes for all that is inside, and a mistake in it is one.
  const told = new Set<Reference>();
  const linkOf = (from: DeclaredResource, key: Key, reference: Reference, module: Address): Reference[] => {
    const { address, type } = from.resource;
    const target = resolve(reference, module);
    const { at } = reference;
    const tell = (diagnostic: Diagnostic) => {
      if (!told.has(reference)) report(diagnostic);
      told.add(reference);
    };
    if (!target) {
      if (incomplete || spoiled.has(reference.address)) return [reference];
      from.valid = false;
      tell(unknown(from, reference));
      return [];
    }
    if (target.leftOut) {
      from.valid = false;
      tell(
        given(
          'left-out',
          `${quoted(address)} refers to ${quoted(reference.address)}, which \`when\` leaves out`,
          {
            at,
            address,
            hint: 'give both the same `when`',
            related: [{ message: 'left out here', at: target.leftOut }],
          },
        ),
      );
      return [];
    }
    if (target.addresses.includes(address)) {
      from.valid = false;
      const message = target.module
        ? `${quoted(address)} refers to ${quoted(target.module)}, which it is a part of`
        : `${quoted(address)} refers to itself`;
      tell(given('self-reference', message, { at, address }));
      return [];
    }
    let taken = target.addresses;
    if (key === 'notify') {
      const typeOf = (to: Address) => (declared.get(to) ?? selectionAround(to)!).type;
      taken = taken.filter(to => registry.types.get(typeOf(to))?.refresh);
      const what = target.module ?? target.addresses[0];
      if (taken.length === 0 && what !== undefined) {
        const kind = target.module ? target.module.split(':')[0]! : typeOf(what);
        tell({ ...deaf(kind, at, `notifying ${quoted(what)}`), address });
      }
    }
    if (key === 'subscribe' && !registry.types.get(type)?.refresh) return [];
    return taken.map(to => ({ address: to, at }));
  };

  for (const from of resources) {
    const { meta, address } = from.resource;
    const subscribed = meta.subscribe[0];
    if (subscribed && !from.type.refresh)
      report({ ...deaf(from.type.name, subscribed.at, '`subscribe`'), address });
    for (const key of referenceKeys) {
      meta[key] = [
        ...meta[key].flatMap(reference => linkOf(from, key, reference, from.module)),
        ...from.inherited.flatMap(use =>
          use.meta[key].flatMap(reference => linkOf(from, key, reference, use.module)),
        ),
      ];
    }
  }
}

type Key = (typeof referenceKeys)[number];

interface Found {
  addresses: Address[];
  /** The use of a module that the reference names. */
  module?: Address;
  leftOut?: SourceRange;
}
