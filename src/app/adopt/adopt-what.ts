import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { AnyResourceType, Registry } from '../../engine/model/resource-type.ts';

/** What `adopt` was told to look for. */
export interface Sought {
  types: AnyResourceType[];
  /** Of the host that the types are for; undefined for those of targets and of any host. */
  platform?: NodeJS.Platform;
}

/** Nobody means all of these: there are hundreds, and what they hold is often secret. */
const onlyByName = ['environment_variable', 'registry_value'];

/** A type that can list, or all that can of a kind of target or of Windows. */
export function soughtBy(
  what: string,
  registry: Registry,
  { services = false, ownAreKnown }: { services?: boolean; ownAreKnown: boolean },
): Sought {
  const listing = [...registry.types.values()].filter(({ list }) => list);
  if (what === 'windows') {
    const types = listing.filter(
      ({ name, runs }) =>
        runs.on === 'host' &&
        (runs.platforms?.includes('win32') ?? true) &&
        !onlyByName.includes(name) &&
        (services || name !== 'service'),
    );
    return { types, platform: 'win32' };
  }
  const types = listing.filter(
    ({ name, runs }) => name === what || (runs.on === 'remote' && runs.target === what),
  );
  const [first] = types;
  if (first) {
    const [platform, ...more] = (first.runs.on === 'host' && first.runs.platforms) || [];
    return { types, ...(platform && more.length === 0 && { platform }) };
  }
  const names = ['windows', 'ebextensions', ...registry.targets.keys(), ...listing.map(({ name }) => name)];
  const message = registry.types.has(what)
    ? `\`${what}\` can't be adopted: it can't tell what there is`
    : `there is nothing called \`${what}\` to adopt`;
  const own = ownAreKnown ? [] : ['a type of your own is found beside manifests: --from PATH'];
  const hint = [suggest(what, names), ...own].filter(Boolean).join('; ');
  throw new Failure(given('unknown-type', message, { hint }));
}

/** Whether the words behind it are manifests, and not titles. */
export const isPlace = (what: string, registry: Registry): boolean =>
  what === 'windows' || registry.targets.has(what);

/** The kind of target that these live on; undefined: the host. */
export const kindOf = ([type]: AnyResourceType[]): string | undefined =>
  type?.runs.on === 'remote' ? type.runs.target : undefined;

/** The targets to write and to look at: all of the kind, one of which is meant. */
export function chosenTargets(
  declared: readonly CatalogTarget[],
  kind: string,
  name: string | undefined,
): CatalogTarget[] {
  const fitting = declared.filter(({ type }) => type === kind);
  const names = fitting.map(target => target.name);
  if (fitting.length === 0)
    throw new Failure(given('no-target', `the manifests declare no target of type ${kind}`));
  if (name !== undefined && !names.includes(name)) {
    const hint = suggest(name, names);
    throw new Failure(
      given('unknown-target', `there is no ${kind} target \`${name}\``, hint === undefined ? {} : { hint }),
    );
  }
  if (name === undefined && fitting.length > 1)
    throw new Failure(
      given('ambiguous-target', `the manifests declare several ${kind} targets: ${names.join(', ')}`, {
        hint: `adopt from one at a time: --target ${names[0]}`,
      }),
    );
  // A repository may be on another kind of target than what it protects.
  return [...declared];
}
