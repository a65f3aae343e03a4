import { dirname, isAbsolute, join } from 'node:path';
import { type Diagnostic, Failure, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Address, CatalogTarget, Json, Metaparameters } from './catalog.ts';
import { asDiagnostic, isClaim, mistakesOf } from './mistakes.ts';
import type {
  AnyResourceType,
  Asked,
  Capability,
  Claim,
  Id,
  Need,
  Registry,
  Where,
} from './resource-type.ts';
import { type NamedObject, namedObjects, objectCapability, resolveTarget } from './targets.ts';
import { typeBug } from './type-bug.ts';

/** What catalog and plan both say about a resource. */
export interface Declared {
  address: Address;
  type: string;
  title: string;
  properties: { [key: string]: Json };
  meta: Metaparameters;
  at: SourceRange;
  /** See `CatalogResource`; a plan has none. */
  places?: ReadonlyMap<string, SourceRange>;
  select?: Json;
  selectedBy?: Address;
  fault?: Diagnostic;
}

/** A declared resource joined with its type, its target and the identity of the real object. */
export interface Subject {
  address: Address;
  type: AnyResourceType;
  id: Id;
  asked: Asked<Record<string, Json>>;
  needs: Need[];
  provides: Capability[];
  claims: Claim[];
  /** Objects that its properties name. */
  names: NamedObject[];
  /**
   * The type is faulty and could not say who this is, or the target what is selected; then it isn't observed.
   */
  fault?: Diagnostic;
  absent: boolean;
  noop: boolean;
  /** The target it lives on; undefined on the host, or when none of its kind is declared. */
  target?: CatalogTarget;
  /** Type and target: what one call of `observe` takes together. */
  batch: string;
  /** Realm and target: what a write makes stale and what bounds parallel writes. */
  realm: string;
  declared: Declared;
}

export interface Surroundings {
  registry: Registry;
  targets: readonly CatalogTarget[];
  where: Where;
}

/** Throws a Failure (given) when the type is unknown or refuses the properties. */
export function subjectOf(declared: Declared, surroundings: Surroundings): Subject {
  const { registry, targets } = surroundings;
  const { address, meta, title, at } = declared;
  const type = registry.types.get(declared.type);
  if (!type)
    throw new Failure(
      given('unknown-type', `there is no resource type \`${declared.type}\``, { address, at }),
    );
  const resolved = resolveSources(declared, type);
  // The plan says these properties too: a type that changes what it was handed would change the plan.
  const properties = type.origin ? frozen(structuredClone(resolved)) : resolved;
  const target = targetOf(declared, type, targets);
  const said = sayingsOf({ declared, type, properties, target }, surroundings);
  const sayings = declared.select === undefined ? said : ofSelection(declared, said);
  const place = target?.name ?? '';
  return {
    address,
    type,
    ...sayings,
    asked: { id: sayings.id, title, properties },
    absent: meta.ensure === 'absent',
    noop: meta.noop,
    ...(target && { target }),
    batch: `${type.name}\n${place}`,
    realm: realmKey(type.realm.name, place),
    declared,
  };
}

type Sayings = Pick<Subject, 'id' | 'needs' | 'provides' | 'claims' | 'names' | 'fault'>;

/** A resource on its way to become a subject. */
interface Asking {
  declared: Declared;
  type: AnyResourceType;
  properties: { [key: string]: Json };
  target: CatalogTarget | undefined;
}

/**
 * What the type says about the resource without looking at the world. Throws a Failure (given) with all
 * mistakes.
 */
function sayingsOf(asking: Asking, surroundings: Surroundings): Sayings {
  const { declared, type, properties } = asking;
  const { address, title, at } = declared;
  const { window } = declared.meta;
  const where = { ...surroundings.where, ...(window && { window }) };
  let mistakes: Diagnostic[];
  try {
    mistakes = mistakesOf(type, properties, title, where).map(mistake => asDiagnostic(mistake, declared));
    if (mistakes.length === 0) return soundSayings(asking, surroundings);
  } catch (error) {
    const fault = {
      ...typeBug(type, error instanceof Error ? error.message : String(error), error),
      address,
      at,
    };
    return { id: address, needs: [], provides: [], claims: [], names: [], fault };
  }
  throw new Failure(mistakes);
}

function soundSayings(asking: Asking, surroundings: Surroundings): Sayings {
  const { declared, type, properties, target } = asking;
  const { where } = surroundings;
  const { title, at, places } = declared;
  const id: unknown = type.identity(properties, title, where);
  if (typeof id !== 'string') throw new TypeError('its identity is not text');
  const needs = type.needs?.(properties, id) ?? [];
  const provides = type.provides?.(properties, id) ?? [];
  const claims = type.claims?.(properties, id, where) ?? [];
  const isText = (capability: unknown) => typeof capability === 'string';
  if (!provides.every(isText) || !needs.every(({ anyOf }) => anyOf.every(isText)) || !claims.every(isClaim))
    throw new TypeError('its needs, its claims or what it provides is not valid');
  const names = namedObjects({ type, properties, at, target, ...(places && { places }) }, surroundings);
  return {
    id,
    needs: [...needs, ...names.map(({ capability }) => ({ anyOf: [capability] }))],
    provides: [...new Set([...provides, objectCapability(type.name, target?.name, id)])],
    claims,
    names,
  };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

/** A selection isn't an object itself: what it needs and owns, each of its members will. */
const ofSelection = ({ address, fault }: Declared, { needs, fault: typeFault }: Sayings): Sayings => {
  const known = typeFault ?? fault;
  return { id: address, needs, provides: [], claims: [], names: [], ...(known && { fault: known }) };
};

const realmKey = (realm: string, target: string): string => `${realm}\n${target}`;

/** All subjects, or one Failure with what is wrong with any of them. */
export function subjectsOf(declared: readonly Declared[], surroundings: Surroundings): Subject[] {
  const wrong: Diagnostic[] = [];
  const subjects = declared.flatMap(resource => {
    try {
      return [subjectOf(resource, surroundings)];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      wrong.push(...error.diagnostics);
      return [];
    }
  });
  if (wrong.length > 0) throw new Failure(wrong);
  return subjects;
}

/** The content sources of a subject, as `io.source` takes them. `beside`: those that it may do without. */
export function sourcesOf({ type, asked }: Subject): { named: string[]; beside: string[] } {
  const named = sourceKeys(type).flatMap(key => {
    const path = asked.properties[key];
    return typeof path === 'string' ? [path] : [];
  });
  return { named, beside: type.sourcesBeside?.(asked.id) ?? [] };
}

function sourceKeys(type: AnyResourceType): string[] {
  const properties = (type.schema as { properties?: Record<string, { 'x-path'?: string }> }).properties ?? {};
  return Object.keys(properties).filter(key => properties[key]?.['x-path'] === 'source');
}

/** Content sources are written relative to the manifest's file. */
function resolveSources(declared: Declared, type: AnyResourceType): { [key: string]: Json } {
  const keys = sourceKeys(type).filter(key => typeof declared.properties[key] === 'string');
  if (keys.length === 0) return declared.properties;
  const resolved = { ...declared.properties };
  for (const key of keys) {
    const path = String(resolved[key]);
    resolved[key] = isAbsolute(path) ? path : join(dirname(declared.at.file), path);
  }
  return resolved;
}

function targetOf(
  declared: Declared,
  type: AnyResourceType,
  targets: readonly CatalogTarget[],
): CatalogTarget | undefined {
  if (type.runs.on === 'host') return undefined;
  const { target, mistake } = resolveTarget(targets, type.runs.target, declared.meta.target);
  if (!mistake) return target;
  const { code, message, hint } = mistake;
  const details = { address: declared.address, at: declared.at, ...(hint !== undefined && { hint }) };
  throw new Failure(given(code, message, details));
}
