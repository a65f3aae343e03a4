import type { ReadIo } from '../../../engine/model/io.ts';
import { child, childrenNamed, type XmlElement } from '../../../io/xml.ts';
import { type IisObject, listObjects } from '../../../windows/iis/appcmd.ts';
import { readApplicationHost } from '../../../windows/iis/application-host.ts';
import type { WrittenSettings } from '../../../windows/iis/written-settings.ts';
import { type Declaration, type Unsaid, unsaid } from '../../shared/list-declarations.ts';

/** Elements of applicationHost.config, which hold what people wrote and nothing of the defaults. */
export async function writtenPools(io: ReadIo): Promise<XmlElement[]> {
  const host = child(await readApplicationHost(io), 'system.applicationHost');
  return childrenNamed(child(host, 'applicationPools'), 'add');
}

export async function writtenSites(io: ReadIo): Promise<XmlElement[]> {
  const host = child(await readApplicationHost(io), 'system.applicationHost');
  return childrenNamed(child(host, 'sites'), 'site');
}

/** Whether each object runs, by its name in lower case; only IIS knows. */
export async function states(
  io: ReadIo,
  kind: Extract<IisObject, 'site' | 'apppool'>,
): Promise<Map<string, 'started' | 'stopped'>> {
  const name = `${kind.toUpperCase()}.NAME`;
  return new Map(
    (await listObjects(io, kind)).map(({ attributes }) => [
      (attributes.get(name) ?? '').toLowerCase(),
      isStarted(kind, attributes.get('state')?.toLowerCase()) ? 'started' : 'stopped',
    ]),
  );
}

/** As the types read it: a pool that isn't said to be stopped starts with its first request. */
const isStarted = (kind: IisObject, state: string | undefined): boolean =>
  kind === 'apppool' ? state !== 'stopped' : state === 'started';

/** Attributes that have a property of their own, by appcmd's name, and those left for `set`. */
export function sorted(
  { attributes }: WrittenSettings,
  properties: Readonly<Record<string, string>>,
): { own: Record<string, string | number | boolean>; set: Record<string, string | number | boolean> } {
  const own: Record<string, string | number | boolean> = {};
  const set: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const property = properties[name];
    if (property === undefined) set[name] = value;
    else own[property] = value;
  }
  return { own, set };
}

/** The same as part of a declaration. */
export const setOf = (set: Record<string, string | number | boolean>) =>
  Object.keys(set).length > 0 ? { set } : {};

/** A declaration, and what of the element no property says. */
export function declared(
  title: string,
  properties: object,
  { rows, secrets }: WrittenSettings,
  known: readonly string[] = [],
): (Declaration | Unsaid)[] {
  const note = secrets.some(name => /password$/i.test(name))
    ? `its password can't be read: say it with password: "\${secret('env:NAME')}"`
    : undefined;
  return [
    { title, properties, ...(note !== undefined && { note }) },
    ...Object.keys(rows)
      .filter(collection => !known.includes(collection))
      .map(collection => unsaid(`${title}: ${collection}`, 'no property says it')),
  ];
}
