import { isDeepStrictEqual } from 'node:util';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import type { Address, CatalogResource } from '../../engine/model/catalog.ts';
import { asDiagnostic, type Claimant, conflictsAmong, mistakesOf } from '../../engine/model/mistakes.ts';
import type { Claim, Mistake, Where } from '../../engine/model/resource-type.ts';
import type { Declarations, DeclaredResource } from '../scope/declared.ts';
import { quoted } from '../syntax/scalar.ts';
import { usesAround } from './uses-around.ts';

type Report = (diagnostic: Diagnostic) => void;

/**
 * Asks each type what is wrong with its resources, and finds two resources for one real object (other case,
 * other slashes, title against property) and two owners of one real thing. All of it is told, each at its
 * value.
 */
export function checkIdentities(
  resources: DeclaredResource[],
  uses: Declarations['uses'],
  where: Where,
  report: Report,
): void {
  const around = (...addresses: Address[]) => addresses.flatMap(address => usesAround(uses, address));
  const seen = new Map<string, CatalogResource>();
  const owners: Owner[] = [];
  for (const declared of resources) {
    if (!isSound(declared, where, report) || !declared.valid) continue;
    const { resource, type } = declared;
    const { address, at, meta } = resource;
    const id = saidBy(() => type.identity(resource.properties, resource.title, where));
    if (id === undefined) continue;
    if (resource.select !== undefined) {
      // A selection isn't an object itself: what it selects shows when planning, what it owns besides before.
      const claims = saidBy(() => type.select?.claims?.(resource.properties, where)) ?? [];
      owners.push(ownerOf(declared, claims));
      continue;
    }
    const key = JSON.stringify([type.name, meta.target ?? '', id]);
    const first = seen.get(key);
    if (!first) {
      seen.set(key, resource);
      const claims = saidBy(() => type.claims?.(resource.properties, id, where)) ?? [];
      owners.push(ownerOf(declared, claims));
      continue;
    }
    declared.valid = false;
    report(
      given('same-object', `${quoted(address)} and ${quoted(first.address)} are one object: ${id}`, {
        at,
        address,
        hint: 'merge the two, or remove one',
        related: [
          { message: `${quoted(first.address)} is declared here`, at: first.at },
          ...around(first.address, address),
        ],
      }),
    );
  }
  for (const { first, second, diagnostic } of conflictsAmong(owners)) {
    (second as Owner).of.valid = false;
    const related = [...(diagnostic.related ?? []), ...around(...new Set([first.address, second.address]))];
    report({ ...diagnostic, related });
  }
}

interface Owner extends Claimant {
  of: DeclaredResource;
}

const ownerOf = (of: DeclaredResource, claims: readonly Claim[]): Owner => {
  const { address, meta } = of.resource;
  const target = meta.target === undefined ? {} : { target: { name: meta.target } };
  return { address, declared: of.resource, ...target, absent: meta.ensure === 'absent', claims, of };
};

/** Tells all that the type finds wrong with it, beside what is known to be wrong. */
function isSound(declared: DeclaredResource, where: Where, report: Report): boolean {
  const { resource, type, broken } = declared;
  const { window } = resource.meta;
  const here = { ...where, ...(window && { window }) };
  const mistakes = saidBy(() => {
    const [all = [], amended] = (broken?.meant ?? [resource.properties]).map(properties =>
      mistakesOf(type, properties, resource.title, here),
    );
    return amended ? all.filter(one => amended.some(other => isDeepStrictEqual(one, other))) : all;
  });
  for (const mistake of mistakes ?? [])
    if (!isTold(mistake, broken?.at)) report(asDiagnostic(mistake, resource));
  if (mistakes?.length !== 0) declared.valid &&= mistakes === undefined;
  return mistakes?.length === 0;
}

/** Whether the same value has a mistake already, or one in it, or what it is in; '' is the title alone. */
const isTold = ({ pointer }: Mistake, at: ReadonlySet<string> = new Set()): boolean =>
  [...at].some(other => other === pointer || isIn(other, pointer) || isIn(pointer, other));

const isIn = (pointer: string, around: string): boolean => around !== '' && pointer.startsWith(`${around}/`);

/** What a type throws is its own fault, which the engine names without giving up the rest. */
function saidBy<T>(say: () => T): T | undefined {
  try {
    return say();
  } catch {
    return undefined;
  }
}
