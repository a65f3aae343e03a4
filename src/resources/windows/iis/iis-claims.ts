import { child } from '../../../engine/model/pointer.ts';
import type { Claim } from '../../../engine/model/resource-type.ts';
import { contentClaim } from '../../host/paths/path-claims.ts';

/** One attribute of IIS's configuration, and the property that says it. */
export type Setting = [pointer: string, attribute: string];

/** Objects of IIS's configuration as claims name them; names in lower case. */
export const poolNamed = (name: string): string => `the application pool ${name.toLowerCase()}`;
export const siteNamed = (name: string): string => `the site ${name.toLowerCase()}`;
/** `name` ends in `/` for the root of a site. */
export const appNamed = (name: string): string => `the application ${name.toLowerCase()}`;
/** `name` ends in `/` for the root of an application. */
export const vdirNamed = (name: string): string => `the virtual directory ${name.toLowerCase()}`;

/** Attributes of one object. */
export const settingClaims = (object: string, settings: readonly Setting[]): Claim[] =>
  settings.map(([pointer, attribute]) => ({ what: `${attribute.toLowerCase()} of ${object}`, pointer }));

/** The properties of a resource that are declared, with the attributes that they stand for. */
export const declaredSettings = (
  properties: object,
  attributes: Readonly<Record<string, string>>,
): Setting[] =>
  Object.entries(attributes).flatMap(([property, attribute]): Setting[] =>
    Object.hasOwn(properties, property) ? [[`/${property}`, attribute]] : [],
  );

/** Those of `set:`. */
export const setSettings = (set: object = {}): Setting[] =>
  Object.keys(set).map(name => [child('/set', name), name]);

/**
 * That there is such an object, in a list which several resources may add theirs to.
 * @param list `the list of sites`
 */
export const memberClaims = (object: string, list: string, pointer = ''): Claim[] => [
  { what: object, pointer, shared: 'iis', evenAbsent: true },
  { what: list, pointer, shared: 'iis' },
  hostConfigClaim,
];

export const listOfPools = 'the list of application pools';
export const listOfSites = 'the list of sites';

/** appcmd writes all of it into one file. */
export const hostConfigClaim: Claim = contentClaim(
  'c:/windows/system32/inetsrv/config/applicationhost.config',
  '',
  'iis',
);

/** A site's number, wherever it is said. */
export const siteNumber = (number: unknown, pointer: string): Claim => ({
  what: `the site number ${String(number)}`,
  pointer,
});
