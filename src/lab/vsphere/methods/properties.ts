import { collect, objectContent, readFilterSpec } from '../inventory/collector.ts';
import type { Session } from '../inventory/sessions.ts';
import { type Collector, createCollector } from '../inventory/updates.ts';
import { invalidArgument, notAuthenticated, notFound, VimFault } from '../soap/faults.ts';
import { type Data, data, list, ref, text, type Value } from '../soap/vim.ts';
import { childOf, childrenOf, integerOf, required, textOf } from '../soap/xml-reader.ts';
import type { Call, Method, OpenMethod, Vcenter } from './method.ts';

const DEFAULT_PAGE = 1000;
/** Without a session, only what a client reads before it logs in. */
const PUBLIC = new Set(['ServiceInstance', 'SessionManager']);

function retrieve({ args, find, session }: Call): Data[] {
  const contents: Data[] = [];
  for (const element of childrenOf(args, 'specSet')) {
    const spec = readFilterSpec(element);
    if (!session && spec.objects.some(one => !PUBLIC.has(one.object.ref))) throw notAuthenticated();
    contents.push(...collect(spec, find).found.map(objectContent));
  }
  return contents;
}

function page(
  { newId }: Vcenter,
  session: Session | undefined,
  contents: Data[],
  size: number,
): Value | undefined {
  if (contents.length === 0) return undefined;
  const rest = contents.slice(size);
  let token: string | undefined;
  if (rest.length > 0 && session) {
    token = newId();
    session.pages.set(token, rest);
  }
  return data('RetrieveResult', {
    token: token === undefined ? undefined : text(token),
    objects: list('ObjectContent', token === undefined ? contents : contents.slice(0, size)),
  });
}

const pageSize = (call: Call): number => {
  const options = childOf(call.args, 'options');
  const size = (options && integerOf(options, 'maxObjects')) ?? DEFAULT_PAGE;
  if (size <= 0) throw invalidArgument('options.maxObjects');
  return size;
};

export const openPropertyMethods: Record<string, OpenMethod> = {
  RetrieveProperties: (_, call) => list('ObjectContent', retrieve(call)),
  RetrievePropertiesEx: (vcenter, call) => page(vcenter, call.session, retrieve(call), pageSize(call)),
};

export const propertyMethods: Record<string, Method> = {
  ContinueRetrievePropertiesEx(vcenter, { args, session }) {
    const token = required(args, 'token');
    const rest = session.pages.get(token);
    if (!rest) throw invalidArgument('token');
    session.pages.delete(token);
    return page(vcenter, session, rest, DEFAULT_PAGE);
  },
  CancelRetrievePropertiesEx(_, { args, session }) {
    if (!session.pages.delete(required(args, 'token'))) throw invalidArgument('token');
    return undefined;
  },
  CreateFilter(vcenter, call) {
    const spec = childOf(call.args, 'spec');
    if (!spec) throw invalidArgument('spec');
    return collectorOf(vcenter, call).createFilter(readFilterSpec(spec));
  },
  DestroyPropertyFilter(_, { self, session }) {
    const owner = [...session.collectors.values()].find(one => one.hasFilter(self));
    if (!owner) throw notFound(self);
    owner.destroyFilter(self);
    return undefined;
  },
  CreatePropertyCollector(vcenter, { session, find }) {
    const self = ref('PropertyCollector', `session[${session.key}]${vcenter.newId()}`);
    session.collectors.set(self.id, createCollector(self, find, vcenter.newId));
    return self;
  },
  DestroyPropertyCollector(_, { self, session }) {
    const owned = session.collectors.get(self.id);
    if (!owned) throw notFound(self);
    owned.cancelled++;
    session.collectors.delete(self.id);
    return undefined;
  },
  WaitForUpdates: (vcenter, call) => waitForUpdates(vcenter, call, undefined, Number.POSITIVE_INFINITY),
  CheckForUpdates: (vcenter, call) => waitForUpdates(vcenter, call, 0, Number.POSITIVE_INFINITY),
  WaitForUpdatesEx(vcenter, call) {
    const options = childOf(call.args, 'options');
    const seconds = options && integerOf(options, 'maxWaitSeconds');
    const most = (options && integerOf(options, 'maxObjectUpdates')) ?? Number.POSITIVE_INFINITY;
    if (seconds !== undefined && seconds < 0) throw invalidArgument('options.maxWaitSeconds');
    return waitForUpdates(vcenter, call, seconds === undefined ? undefined : seconds * 1000, most);
  },
  CancelWaitForUpdates(vcenter, call) {
    collectorOf(vcenter, call).cancelled++;
    return undefined;
  },
};

function collectorOf(vcenter: Vcenter, { self, session, find }: Call & { session: Session }): Collector {
  const found = session.collectors.get(self.id);
  if (found) return found;
  // The one of the service content is every session's own.
  const made = createCollector(self, find, vcenter.newId);
  session.collectors.set(self.id, made);
  return made;
}

async function waitForUpdates(
  vcenter: Vcenter,
  call: Call & { session: Session },
  wait: number | undefined,
  maxObjects: number,
): Promise<Value | undefined> {
  const collector = collectorOf(vcenter, call);
  const cancelled = collector.cancelled;
  const version = textOf(call.args, 'version') ?? '';
  const end = wait === undefined ? undefined : vcenter.clock.now() + wait;
  for (;;) {
    const changes = collector.changesSince(version, maxObjects);
    if (changes) return changes;
    const left = end === undefined ? undefined : end - vcenter.clock.now();
    if ((left !== undefined && left <= 0) || call.signal.aborted) return undefined;
    await vcenter.changed(left, call.signal);
    if (collector.cancelled !== cancelled) {
      throw new VimFault('RequestCanceled', 'The request was canceled.');
    }
  }
}
