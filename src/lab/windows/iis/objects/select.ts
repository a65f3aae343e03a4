import { attributeNamed, comparable, elementNamed, type Item, textOf } from '../host/effective.ts';
import type { Server } from '../host/host.ts';
import { siteOfUrl } from '../host/url.ts';
import { same } from '../schema/model.ts';
import { EXIT, failure } from '../text/messages.ts';
import { everything, type Found, IDENTIFIER, type KindName } from './kinds.ts';

/** What a command names: an identifier, and properties that must have a value. */
export interface Wanted {
  identifier?: string | undefined;
  properties: ReadonlyMap<string, string>;
}

/** The objects that fit. Throws for a property that the kind doesn't have. */
export async function select(server: Server, kind: KindName, wanted: Wanted): Promise<Found[]> {
  const all = await everything(server, kind);
  const id = await identified(server, kind, wanted.identifier);
  return all.filter(
    found =>
      (id === undefined || same(found.id, id)) &&
      [...wanted.properties].every(([name, value]) => hasValue(found, name, value)),
  );
}

async function identified(
  server: Server,
  kind: KindName,
  identifier: string | undefined,
): Promise<string | undefined> {
  if (identifier === undefined || kind === 'APPPOOL' || !/^https?:\/\//i.test(identifier)) return identifier;
  const url = await siteOfUrl(server, identifier);
  if (!url) return identifier;
  return kind === 'SITE' ? url.site : `${url.site}${url.path}`;
}

function hasValue(found: Found, name: string, value: string): boolean {
  const read = property(found, name);
  if (read === undefined) throw failure(EXIT.invalidParameter, 'unknownAttribute', name);
  return read(value);
}

type Test = (value: string) => boolean;

function property(found: Found, name: string): Test | undefined {
  const fact = found.facts.find(([each]) => same(each, name));
  if (fact) return value => same(fact[1], value);
  const place = attributePlace(found.item, name);
  if (!place) return undefined;
  const { item, schema } = place;
  return value => comparable(schema, textOf(item, schema)) === comparable(schema, value);
}

/** `a.b` as an attribute of an element below. */
export function attributePlace(item: Item, name: string) {
  const parts = name.split('.');
  const last = parts.pop()!;
  let at: Item | undefined = item;
  for (const part of parts) at = at && elementNamed(at, part);
  const schema = at && attributeNamed(at.schema, last);
  return at && schema ? { item: at, schema } : undefined;
}

/** The one object that a changing command names. Throws 87 without a name, 1168 when there is none. */
export async function selectOne(
  server: Server,
  kind: KindName,
  verb: string,
  identifier: string | undefined,
): Promise<Found> {
  if (identifier === undefined)
    throw failure(EXIT.invalidParameter, 'exactIdentifier', kind, verb.toUpperCase());
  const [found] = await select(server, kind, { identifier, properties: new Map() });
  if (!found) throw failure(EXIT.notFound, 'noSuchObject', kind, identifier);
  return found;
}

export const identifierOf = (
  kind: KindName,
  identifier: string | undefined,
  parameters: ReadonlyMap<string, string>,
): string | undefined => identifier ?? parameters.get(IDENTIFIER[kind]);
