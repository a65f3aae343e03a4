import { child } from '../../../engine/model/pointer.ts';
import type { Claim, Id } from '../../../engine/model/resource-type.ts';
import type { WrittenRow } from '../../../windows/iis/config-rows.ts';
import type { Section } from '../../../windows/iis/sections.ts';
import type { ConfigProperties } from './config-properties.ts';
import {
  hostConfigClaim,
  listOfPools,
  listOfSites,
  memberClaims,
  poolNamed,
  type Setting,
  settingClaims,
  siteNamed,
  siteNumber,
} from './iis-claims.ts';

/** Sections whose rows are objects of a type of their own. */
const objects: Readonly<Record<string, { named(name: string): string; list: string }>> = {
  'system.applicationHost/applicationPools': { named: poolNamed, list: listOfPools },
  'system.applicationHost/sites': { named: siteNamed, list: listOfSites },
};

/** What it sets, in the words of the types whose objects it may set as well. */
export function configClaims(properties: ConfigProperties, section: Section, id: Id): Claim[] {
  const { attributes = {}, collections = {}, items, mode = 'exact' } = properties;
  const own = [
    ...Object.keys(attributes).map((name): Setting => [child('/attributes', name), name]),
    ...Object.keys(collections).map((name): Setting => [child('/collections', name), `the rows of ${name}`]),
  ];
  const object = objects[section.name];
  return [
    hostConfigClaim,
    ...settingClaims(`the section ${id.replace(/^:/, '')}`, own),
    ...(object && items && mode === 'exact' ? [{ what: object.list, pointer: '/items' }] : []),
    ...(object && items
      ? items.flatMap((row, index) => rowClaims(object, row, `/items/${index}`, mode))
      : []),
  ];
}

function rowClaims(
  { named, list }: (typeof objects)[string],
  row: WrittenRow,
  pointer: string,
  mode: ConfigProperties['mode'],
): Claim[] {
  const entries = Object.entries(row);
  const name = String(entries.find(([key]) => key.toLowerCase() === 'name')?.[1]);
  const settings = entries.flatMap(([key]): Setting[] =>
    key.toLowerCase() === 'name' ? [] : [[child(pointer, key), key]],
  );
  const number = entries.find(([key]) => key.toLowerCase() === 'id');
  return [
    ...(mode === 'exact' ? [] : memberClaims(named(name), list, pointer)),
    ...settingClaims(named(name), settings),
    ...(list === listOfSites && number ? [siteNumber(number[1], child(pointer, number[0]))] : []),
  ];
}
