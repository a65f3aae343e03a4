import { malformed } from '../http/malformed.ts';
import { readLocalizedFault, type VimFault } from './faults.ts';
import { type Moref, readMoref, ref } from './moref.ts';
import type { Session } from './soap-session.ts';
import { child, childrenNamed, textAt, type XmlElement } from './xml.ts';
import { el, type Outgoing } from './xml-writer.ts';

/** Properties of one object; a property that is unset isn't in the map. */
export interface ObjectProperties {
  obj: Moref;
  properties: Map<string, XmlElement>;
}

export interface PropertySpec {
  type: string;
  paths: string[];
}

const PAGE = 500;

export const propSet = (spec: PropertySpec): Outgoing =>
  el('propSet', [el('type', spec.type), el('all', false), ...spec.paths.map(p => el('pathSet', p))]);

/**
 * Reads properties of one object. A property that may not be read is a fault here, never just missing.
 * @throws VimFault
 */
export async function readObject(
  session: Session,
  obj: Moref,
  paths: string[],
  signal?: AbortSignal,
): Promise<Map<string, XmlElement>> {
  const filter = el('specSet', [propSet({ type: obj.type, paths }), el('objectSet', [ref('obj', obj)])]);
  const [found] = await session.replaying(() => retrieve(session, filter, () => true, signal), signal);
  if (!found) throw malformed('RetrievePropertiesEx', `${obj.type} ${obj.value} is not in it`);
  return found.properties;
}

/**
 * Reads properties of one object, and of those that properties of it name, in one call. What may not be read
 * of the one is a fault; of the others it is left out.
 *
 * @param named paths of references, with what to read of the objects behind them
 * @throws VimFault
 */
export async function readWithNamed(
  session: Session,
  obj: Moref,
  paths: string[],
  named: readonly (PropertySpec & { path: string })[],
  signal?: AbortSignal,
): Promise<{ properties: Map<string, XmlElement>; others: ObjectProperties[] }> {
  const selections = named.map(({ path }) =>
    el('selectSet', [el('type', obj.type), el('path', path), el('skip', false)], {
      'xsi:type': 'TraversalSpec',
    }),
  );
  const all = [...paths, ...named.map(({ path }) => path)];
  const filter = el('specSet', [
    propSet({ type: obj.type, paths: all }),
    ...named.map(propSet),
    el('objectSet', [ref('obj', obj), el('skip', false), ...selections]),
  ]);
  const strict = (content: XmlElement) => child(content, 'obj')?.text === obj.value;
  const found = await session.replaying(() => retrieve(session, filter, strict, signal), signal);
  const own = found.find(one => one.obj.value === obj.value);
  if (!own) throw malformed('RetrievePropertiesEx', `${obj.type} ${obj.value} is not in it`);
  return { properties: own.properties, others: found.filter(one => one !== own) };
}

/** Reads properties of several objects in one call, each of its own; none of them may be kept back. */
export async function readObjects(
  session: Session,
  wanted: readonly { obj: Moref; paths: string[] }[],
  signal?: AbortSignal,
): Promise<(Map<string, XmlElement> | undefined)[]> {
  const filters = wanted.map(({ obj, paths }) =>
    el('specSet', [propSet({ type: obj.type, paths }), el('objectSet', [ref('obj', obj)])]),
  );
  const found = await session.replaying(() => retrieve(session, filters, () => true, signal), signal);
  return wanted.map(({ obj }) => found.find(one => one.obj.value === obj.value)?.properties);
}

/**
 * Reads properties of every object of these types below `container`; an object that may not be read in full
 * comes with less.
 */
export function readAll(
  session: Session,
  container: Moref,
  specs: PropertySpec[],
  signal?: AbortSignal,
): Promise<ObjectProperties[]> {
  return session.replaying(async () => {
    const view = await viewOf(session, container, specs, signal);
    const select = el(
      'selectSet',
      [el('name', 'view'), el('type', 'ContainerView'), el('path', 'view'), el('skip', false)],
      { 'xsi:type': 'TraversalSpec' },
    );
    const objects = el('objectSet', [ref('obj', view), el('skip', true), select]);
    const filter = el('specSet', [...specs.map(propSet), objects]);
    return await retrieve(session, filter, () => false, signal);
  }, signal);
}

/** By session, login, and what they show. */
const views = new WeakMap<Session, Map<string, Moref>>();

/** A view of the session: whoever lists one thing lists it again, and it ends with the session. */
async function viewOf(
  session: Session,
  container: Moref,
  specs: PropertySpec[],
  signal: AbortSignal | undefined,
): Promise<Moref> {
  const known = views.get(session) ?? new Map<string, Moref>();
  views.set(session, known);
  const types = specs.map(({ type }) => type);
  const key = [session.generation, container.value, ...types].join(' ');
  const there = known.get(key);
  if (there) return there;
  const [made] = await session.invoke({
    method: 'CreateContainerView',
    self: session.content.viewManager,
    args: [ref('container', container), ...types.map(type => el('type', type)), el('recursive', true)],
    signal,
  });
  const view = readMoref(made, 'CreateContainerView');
  known.set(key, view);
  return view;
}

async function retrieve(
  session: Session,
  filter: Outgoing | readonly Outgoing[],
  strict: (content: XmlElement) => boolean,
  signal: AbortSignal | undefined,
): Promise<ObjectProperties[]> {
  const self = session.content.propertyCollector;
  const all: ObjectProperties[] = [];
  let [page] = await session.invoke({
    method: 'RetrievePropertiesEx',
    self,
    args: [...[filter].flat(), el('options', [el('maxObjects', PAGE)])],
    signal,
  });
  while (page) {
    for (const content of childrenNamed(page, 'objects')) all.push(readContent(content, strict(content)));
    const token = textAt(page, 'token');
    if (!token) break;
    [page] = await session.invoke({
      method: 'ContinueRetrievePropertiesEx',
      self,
      args: [el('token', token)],
      signal,
    });
  }
  return all;
}

function readContent(content: XmlElement, strict: boolean): ObjectProperties {
  const missing = childrenNamed(content, 'missingSet')
    .flatMap(m => child(m, 'fault') ?? [])
    .map(readLocalizedFault);
  const denied = missing.find(
    (f): f is VimFault => f.type === 'NoPermission' || f.type === 'NotAuthenticated',
  );
  if (denied && (strict || denied.type === 'NotAuthenticated')) throw denied;
  const properties = new Map<string, XmlElement>();
  for (const p of childrenNamed(content, 'propSet')) {
    const value = child(p, 'val');
    if (value) properties.set(textAt(p, 'name') ?? '', value);
  }
  return { obj: readMoref(child(content, 'obj'), 'RetrievePropertiesEx'), properties };
}
