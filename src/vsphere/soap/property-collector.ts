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
  const [found] = await session.replaying(() => retrieve(session, filter, true, signal), signal);
  if (!found) throw malformed('RetrievePropertiesEx', `${obj.type} ${obj.value} is not in it`);
  return found.properties;
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
    const [made] = await session.invoke({
      method: 'CreateContainerView',
      self: session.content.viewManager,
      args: [ref('container', container), ...specs.map(s => el('type', s.type)), el('recursive', true)],
      signal,
    });
    const view = readMoref(made, 'CreateContainerView');
    try {
      const select = el(
        'selectSet',
        [el('name', 'view'), el('type', 'ContainerView'), el('path', 'view'), el('skip', false)],
        {
          'xsi:type': 'TraversalSpec',
        },
      );
      const objects = el('objectSet', [ref('obj', view), el('skip', true), select]);
      return await retrieve(session, el('specSet', [...specs.map(propSet), objects]), false, signal);
    } finally {
      // It also ends with the session; the answer of the work matters more.
      await session.invoke({ method: 'DestroyView', self: view }).catch(() => {});
    }
  }, signal);
}

async function retrieve(
  session: Session,
  filter: Outgoing,
  strict: boolean,
  signal: AbortSignal | undefined,
): Promise<ObjectProperties[]> {
  const self = session.content.propertyCollector;
  const all: ObjectProperties[] = [];
  let [page] = await session.invoke({
    method: 'RetrievePropertiesEx',
    self,
    args: [filter, el('options', [el('maxObjects', PAGE)])],
    signal,
  });
  while (page) {
    for (const content of childrenNamed(page, 'objects')) all.push(readContent(content, strict));
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
