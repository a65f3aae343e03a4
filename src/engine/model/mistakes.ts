import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Address, Json } from './catalog.ts';
import { nearest } from './pointer.ts';
import type { AnyResourceType, Claim, Id, Mistake, WhereOne } from './resource-type.ts';

/** One mistake, for a type's `check`. */
export const mistake = (pointer: string, code: Code, message: string, hint?: string): Mistake => ({
  pointer,
  code,
  message,
  ...(hint !== undefined && { hint }),
});

/** What was found elsewhere, as a mistake at a value. */
export const mistakeAt = (pointer: string, { code, message, hint }: Diagnostic): Mistake => ({
  pointer,
  code,
  message,
  ...(hint !== undefined && { hint }),
});

/** What a mistake is told of: a resource, and where its values stand. */
interface Written {
  address: string;
  at: SourceRange;
  /** By JSON pointer; a plan file has none. */
  places?: ReadonlyMap<string, SourceRange>;
}

/**
 * All that the type finds wrong with what was written, beyond its schema. Throws a TypeError when the type's
 * answer isn't a list of mistakes.
 */
export function mistakesOf(
  type: AnyResourceType,
  properties: { [key: string]: Json },
  title: string,
  where: WhereOne,
): Mistake[] {
  const found: unknown = type.check?.(properties, title, where) ?? [];
  if (!Array.isArray(found) || !found.every(isMistake))
    throw new TypeError('its check must answer with a list of `pointer`, `code` and `message`');
  return found;
}

const isMistake = ({ pointer, code, message, hint }: Partial<Mistake>): boolean =>
  typeof pointer === 'string' &&
  /^(\/|$)/.test(pointer) &&
  typeof code === 'string' &&
  typeof message === 'string' &&
  (hint === undefined || typeof hint === 'string');

/** Where the value that a pointer names stands, or the nearest thing around it; '' is the title. */
export const placeOf = ({ at, places }: Pick<Written, 'at' | 'places'>, pointer: string): SourceRange =>
  (pointer === '' ? undefined : places && nearest(places, pointer)) ?? at;

/** A mistake as an error at its value; its code may be a user's own. */
export const asDiagnostic = ({ pointer, code, message, hint }: Mistake, written: Written): Diagnostic => ({
  code,
  severity: 'error',
  category: 'given',
  message,
  address: written.address,
  at: placeOf(written, pointer),
  ...(hint !== undefined && { hint }),
});

/** A resource with what it claims. */
export interface Claimant {
  address: Address;
  declared: Pick<Written, 'at' | 'places'>;
  /** The target that it lives on; the host's things are all of one host. */
  target?: { name: string };
  absent: boolean;
  claims: readonly Claim[];
}

/** Two owners of one real thing; one resource may be both. */
export interface Conflict {
  first: Claimant;
  second: Claimant;
  diagnostic: Diagnostic;
}

/** Who claims a thing, and how. Of those who share one the second is enough to tell who doesn't. */
interface Owner {
  claimant: Claimant;
  claim: Claim;
  second?: Owner;
}

/** Finds what two resources, or two properties of one, both want to own. Linear in claims. */
export function conflictsAmong(claimants: readonly Claimant[]): Conflict[] {
  return [...rivalsAmong(claimants), ...insideOfOthers(claimants), ...disagreements(claimants)];
}

/** Who says something else than the first of those with the same path. */
function disagreements(claimants: readonly Claimant[]): Conflict[] {
  const said = new Map<Id, { first: Claimant; alike: NonNullable<Claim['alike']> }>();
  return claimants.flatMap(second => {
    if (second.absent) return [];
    return second.claims.flatMap(({ path, alike }) => {
      if (path === undefined || !alike) return [];
      const before = said.get(path);
      if (!before) said.set(path, { first: second, alike });
      if (!before || before.alike.value === alike.value) return [];
      const { first } = before;
      const diagnostic = given(
        'not-alike',
        `\`${second.address}\` and \`${first.address}\` don't say the same of ${alike.what}`,
        {
          at: placeOf(second.declared, alike.pointer),
          address: second.address,
          hint: 'write the same in both',
          related: [
            {
              message: `\`${first.address}\` is declared here`,
              at: placeOf(first.declared, before.alike.pointer),
            },
          ],
        },
      );
      return [{ first, second, diagnostic }];
    });
  });
}

/** What is inside of a folder that is all another one's, and such a folder in one that another one clears. */
function insideOfOthers(claimants: readonly Claimant[]): Conflict[] {
  const whole = byPath(claimants, claim => claim.whole);
  if (whole.size === 0) return [];
  const cleared = byPath(claimants, claim => claim.clears);
  return claimants.flatMap(second => {
    for (const claim of second.claims) {
      if (claim.path === undefined || (second.absent && claim.evenAbsent !== true)) continue;
      const around = foldersAround(claim.path);
      const isFolder = claim.whole || (claim.shared === 'directory' && !second.absent);
      const owners = (isFolder ? around : [claim.path, ...around]).map(folder => whole.get(folder));
      if (claim.whole) owners.push(...[claim.path, ...around].map(folder => cleared.get(folder)));
      const owner = owners.find(one => one !== undefined && !(claim.whole && one.claimant === second));
      if (!owner) continue;
      const { claimant: first } = owner;
      const { what } = owner.claim;
      const diagnostic =
        first === second
          ? given('same-claim', `\`${second.address}\` would be in ${what.replace(/^what is in /, '')}`, {
              at: placeOf(second.declared, claim.pointer),
              address: second.address,
              hint: 'choose a path outside of it',
            })
          : sameClaim(owner, { claimant: second, claim: { ...claim, what } });
      return [{ first, second, diagnostic }];
    }
    return [];
  });
}

function byPath(claimants: readonly Claimant[], picks: (claim: Claim) => true | undefined): Map<Id, Owner> {
  const found = new Map<Id, Owner>();
  for (const claimant of claimants)
    for (const claim of claimant.claims)
      if (claim.path !== undefined && picks(claim) && !found.has(claim.path) && !claimant.absent)
        found.set(claim.path, { claimant, claim });
  return found;
}

/** The folders around a path, nearest first. */
function foldersAround(path: Id): Id[] {
  const folders: Id[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    folders.push(path.slice(0, end));
  return folders;
}

function rivalsAmong(claimants: readonly Claimant[]): Conflict[] {
  const byTarget = new Map<string | undefined, Map<string, Owner>>();
  const conflicts: Conflict[] = [];
  for (const second of claimants) {
    const owners = byTarget.get(second.target?.name) ?? new Map<string, Owner>();
    byTarget.set(second.target?.name, owners);
    // Several values of one resource that another one owns as well are one mistake.
    const told = new Set<Claimant>();
    for (const claim of second.claims) {
      if (second.absent && claim.evenAbsent !== true) continue;
      const own: Owner = { claimant: second, claim };
      const known = owners.get(claim.what);
      if (!known) {
        owners.set(claim.what, own);
        continue;
      }
      const other = [known, known.second].find(owner => owner && !mayShare(owner, own));
      known.second ??= own;
      if (!other || told.has(other.claimant)) continue;
      const first = other.claimant;
      if (first !== second) told.add(first);
      conflicts.push({ first, second, diagnostic: sameClaim(other, own) });
    }
  }
  return conflicts;
}

const mayShare = (one: Owner, other: Owner): boolean =>
  one.claim.shared !== undefined &&
  one.claim.shared === other.claim.shared &&
  one.claimant.absent === other.claimant.absent;

function sameClaim(
  { claimant: first, claim: earlier }: Owner,
  { claimant: second, claim }: Owner,
): Diagnostic {
  const at = placeOf(second.declared, claim.pointer);
  const before = placeOf(first.declared, earlier.pointer);
  const message =
    first === second
      ? `\`${second.address}\` declares ${claim.what} twice`
      : `\`${second.address}\` and \`${first.address}\` both want ${claim.what}`;
  return given('same-claim', message, {
    at,
    address: second.address,
    hint: first === second ? 'keep one of the two' : 'only one can have it: change or remove one',
    related: [
      { message: `declared here${first === second ? ' too' : ` by \`${first.address}\``}`, at: before },
    ],
  });
}

/** Whether a type's answer can be used. */
export const isClaim = (claim: Partial<Claim> | undefined): boolean =>
  typeof claim?.what === 'string' &&
  typeof claim.pointer === 'string' &&
  /^(\/|$)/.test(claim.pointer) &&
  (claim.shared === undefined || typeof claim.shared === 'string') &&
  (claim.alike === undefined || Object.values(claim.alike).every(value => typeof value === 'string'));
