import type { FindObject } from './inventory/collector.ts';
import type { ManagedObject } from './inventory/inventory.ts';
import { describeSession, type Session } from './inventory/sessions.ts';
import type { Vcenter } from './methods/method.ts';
import { viewed } from './methods/search.ts';
import { serviceContent } from './soap/service-content.ts';
import { bool, list, type Ref, refs, text, time } from './soap/vim.ts';
import { leaseState } from './world/leases.ts';

/** Finds any object that a session can name: the inventory's, the services, tasks, and its own helpers. */
export function objectsOf(vcenter: Vcenter, session: Session | undefined): FindObject {
  const { machines, tasks, clock } = vcenter;
  const services: Record<string, ManagedObject['properties']> = {
    ServiceInstance: {
      content: () => serviceContent(machines.state.instanceUuid),
      serverClock: () => time(clock.now()),
    },
    SessionManager: { currentSession: () => session && describeSession(session) },
    AuthorizationManager: {},
    SearchIndex: {},
    ViewManager: {},
    TaskManager: { recentTask: () => refs(tasks.recent()) },
    propertyCollector: {},
  };
  return function find(object: Ref): ManagedObject | undefined {
    const made = (properties: ManagedObject['properties']) => ({ self: object, properties });
    const service = Object.hasOwn(services, object.id) ? services[object.id] : undefined;
    if (service && object.ref.toLowerCase() === object.id.toLowerCase()) return made(service);
    if (object.ref === 'Task') {
      return tasks.info(object.id) && made({ info: () => tasks.info(object.id) });
    }
    if (object.ref === 'PropertyCollector') return session?.collectors.has(object.id) ? made({}) : undefined;
    if (object.ref === 'PropertyFilter') {
      const owned = [...(session?.collectors.values() ?? [])].some(one => one.hasFilter(object));
      return owned ? made({}) : undefined;
    }
    if (object.ref === 'HttpNfcLease') {
      const lease = vcenter.leases.find(object.id);
      return lease && made({ state: () => leaseState('ready'), info: () => lease.info });
    }
    const view = object.ref === 'ContainerView' ? session?.views.get(object.id) : undefined;
    if (view) {
      return made({
        view: () => refs(viewed(vcenter, view)),
        container: () => view.container,
        type: () => list('string', view.types.map(text)),
        recursive: () => bool(view.recursive),
      });
    }
    return vcenter.inventory.find(object);
  };
}
