import { bool, data, int, list, long, oneOf, type Ref, ref, refs, text, type Value } from '../soap/vim.ts';
import type { Machines } from '../world/machines.ts';
import type { Rules } from '../world/rules.ts';
import { DATACENTER, DATASTORE, type SnapshotState, VM_FOLDER, type VmState } from '../world/state.ts';
import { capabilityOf, configOf, guestOf, HOST, runtimeOf, snapshotInfoOf, summaryOf } from './vm-objects.ts';

/** An object of the inventory; properties are made when they are asked for. */
export interface ManagedObject {
  self: Ref;
  properties: Record<string, () => Value | undefined>;
}

export const ROOT = ref('Folder', 'group-d1');
const COMPUTE = ref('ComputeResource', 'domain-s7');
const POOL = ref('ResourcePool', 'resgroup-8');
const NETWORK = ref('Network', 'network-11');
const STORE = ref('Datastore', DATASTORE.id);
const CENTER = ref('Datacenter', DATACENTER.id);
const FOLDERS = { vm: VM_FOLDER, host: 'group-h4', datastore: 'group-s5', network: 'group-n6' };

export interface Inventory {
  find(object: Ref): ManagedObject | undefined;
  vm(object: Ref): VmState | undefined;
  snapshot(object: Ref): { vm: VmState; snapshot: SnapshotState } | undefined;
  /** The entities below one, nearest first, without itself. */
  below(object: Ref, deep: boolean): Ref[];
  childNamed(object: Ref, name: string): Ref | undefined;
  nameOf(object: Ref): string | undefined;
}

/** The tree of one datacenter with one host, seen through the API's eyes. */
export function createInventory(
  machines: Machines,
  rules: Rules,
  recentTasks: (entity: Ref) => Ref[],
): Inventory {
  const { state } = machines;
  const vmRef = (vm: VmState) => ref('VirtualMachine', vm.id);
  const allVms = () => refs(state.vms.map(vmRef));
  const vmOf = (object: Ref) =>
    object.ref === 'VirtualMachine' ? state.vms.find(vm => vm.id === object.id) : undefined;
  const snapshotOf = (object: Ref) => {
    if (object.ref !== 'VirtualMachineSnapshot') return undefined;
    for (const vm of state.vms) {
      const snapshot = vm.snapshots.find(one => one.id === object.id);
      if (snapshot) return { vm, snapshot };
    }
    return undefined;
  };

  function entity(
    self: Ref,
    name: string,
    parent: Ref | undefined,
    own: ManagedObject['properties'],
  ): ManagedObject {
    return {
      self,
      properties: {
        name: () => text(name),
        parent: () => parent,
        overallStatus: () => oneOf('ManagedEntityStatus', 'green'),
        configStatus: () => oneOf('ManagedEntityStatus', 'green'),
        effectiveRole: () => list('int', [int(-1)]),
        disabledMethod: () => list('string', []),
        recentTask: () => refs(recentTasks(self)),
        alarmActionsEnabled: () => bool(true),
        ...own,
      },
    };
  }

  const folder = (
    id: string,
    name: string,
    parent: Ref | undefined,
    childType: string[],
    children: () => Ref[],
  ) =>
    entity(ref('Folder', id), name, parent, {
      childType: () => list('string', childType.map(text)),
      childEntity: () => refs(children()),
    });

  function folderOf(id: string): ManagedObject | undefined {
    if (id === ROOT.id) return folder(id, 'Datacenters', undefined, ['Folder', 'Datacenter'], () => [CENTER]);
    if (id === FOLDERS.host)
      return folder(id, 'host', CENTER, ['Folder', 'ComputeResource'], () => [COMPUTE]);
    if (id === FOLDERS.datastore)
      return folder(id, 'datastore', CENTER, ['Folder', 'Datastore'], () => [STORE]);
    if (id === FOLDERS.network) return folder(id, 'network', CENTER, ['Folder', 'Network'], () => [NETWORK]);
    const found = state.folders.find(one => one.id === id);
    if (!found) return undefined;
    const parent = found.parent ? ref('Folder', found.parent) : CENTER;
    return folder(id, found.name, parent, ['Folder', 'VirtualMachine', 'VirtualApp'], () => [
      ...state.folders.filter(one => one.parent === id).map(one => ref('Folder', one.id)),
      ...state.vms.filter(vm => vm.folder === id).map(vmRef),
    ]);
  }

  const machineOf = (vm: VmState) =>
    entity(vmRef(vm), vm.name, ref('Folder', vm.folder), {
      capability: capabilityOf,
      config: () => configOf(machines, vm),
      runtime: () => runtimeOf(vm, rules.all('vm-away').at(-1)?.state),
      guest: () => guestOf(vm),
      summary: () => summaryOf(vm),
      resourcePool: () => POOL,
      datastore: () => refs([STORE]),
      network: () => refs([NETWORK]),
      snapshot: () => snapshotInfoOf(vm),
      rootSnapshot: () =>
        refs(vm.snapshots.filter(one => !one.parent).map(one => ref('VirtualMachineSnapshot', one.id))),
      guestHeartbeatStatus: () =>
        oneOf('ManagedEntityStatus', vm.powerState === 'poweredOn' ? 'green' : 'gray'),
    });

  const fixed: Record<string, () => ManagedObject> = {
    [CENTER.id]: () =>
      entity(CENTER, DATACENTER.name, ROOT, {
        vmFolder: () => ref('Folder', FOLDERS.vm),
        hostFolder: () => ref('Folder', FOLDERS.host),
        datastoreFolder: () => ref('Folder', FOLDERS.datastore),
        networkFolder: () => ref('Folder', FOLDERS.network),
        datastore: () => refs([STORE]),
        network: () => refs([NETWORK]),
      }),
    [COMPUTE.id]: () =>
      entity(COMPUTE, 'esx1.lab', ref('Folder', FOLDERS.host), {
        resourcePool: () => POOL,
        host: () => refs([HOST]),
        datastore: () => refs([STORE]),
        network: () => refs([NETWORK]),
      }),
    [HOST.id]: () =>
      entity(HOST, 'esx1.lab', COMPUTE, {
        runtime: () =>
          data('HostRuntimeInfo', {
            connectionState: oneOf('HostSystemConnectionState', 'connected'),
            powerState: oneOf('HostSystemPowerState', 'poweredOn'),
            inMaintenanceMode: bool(false),
          }),
        config: () => {
          const { version, build } = rules.all('host-build').at(-1) ?? {
            version: '7.0.3',
            build: '20328353',
          };
          const product = {
            ...{ name: 'VMware ESXi', fullName: `VMware ESXi ${version} build-${build}` },
            ...{ vendor: 'VMware, Inc.', version, build, osType: 'vmnix-x86' },
            ...{ productLineId: 'embeddedEsx', apiType: 'HostAgent', apiVersion: version },
          };
          const words = Object.entries(product).map(([name, word]) => [name, text(word)]);
          return data('HostConfigInfo', { product: data('AboutInfo', Object.fromEntries(words)) });
        },
        vm: allVms,
        datastore: () => refs([STORE]),
        network: () => refs([NETWORK]),
      }),
    [POOL.id]: () =>
      entity(POOL, 'Resources', COMPUTE, { owner: () => COMPUTE, resourcePool: () => refs([]), vm: allVms }),
    [NETWORK.id]: () =>
      entity(NETWORK, 'VM Network', ref('Folder', FOLDERS.network), { host: () => refs([HOST]), vm: allVms }),
    [STORE.id]: () =>
      entity(STORE, DATASTORE.name, ref('Folder', FOLDERS.datastore), {
        summary: () =>
          data('DatastoreSummary', {
            datastore: STORE,
            name: text(DATASTORE.name),
            url: text('ds:///vmfs/volumes/lab/'),
            capacity: long(DATASTORE.bytes),
            freeSpace: long(rules.all('free-space').at(-1)?.bytes ?? DATASTORE.bytes / 2),
            accessible: bool(rules.all('datastore-away').length === 0),
            multipleHostAccess: bool(false),
            type: text(rules.all('no-flat-files').length > 0 ? 'vsan' : 'VMFS'),
            maintenanceMode: text('normal'),
          }),
        host: () =>
          list('DatastoreHostMount', [data('DatastoreHostMount', { key: HOST, mountInfo: mount() })]),
        vm: allVms,
      }),
  };

  function find(object: Ref): ManagedObject | undefined {
    const vm = vmOf(object);
    if (vm) return machineOf(vm);
    if (object.ref === 'Folder') return folderOf(object.id);
    const frozen = snapshotOf(object);
    if (frozen) {
      const { vm: owner, snapshot } = frozen;
      return {
        self: object,
        properties: {
          config: () => configOf(machines, owner, snapshot),
          vm: () => vmRef(owner),
          childSnapshot: () =>
            refs(
              owner.snapshots
                .filter(one => one.parent === snapshot.id)
                .map(one => ref('VirtualMachineSnapshot', one.id)),
            ),
        },
      };
    }
    const made = fixed[object.id]?.();
    return made?.self.ref === object.ref ? made : undefined;
  }

  function children(object: Ref): Ref[] {
    if (object.id === CENTER.id) return Object.values(FOLDERS).map(id => ref('Folder', id));
    if (object.id === COMPUTE.id) return [HOST, POOL];
    if (object.id === POOL.id) return state.vms.map(vmRef);
    const value = find(object)?.properties.childEntity?.();
    return value && 'list' in value ? (value.items as Ref[]) : [];
  }

  const nameOf = (object: Ref): string | undefined => {
    const name = find(object)?.properties.name?.();
    return name && 'text' in name ? name.text : undefined;
  };

  return {
    find,
    vm: vmOf,
    snapshot: snapshotOf,
    below(object, deep) {
      const found = new Map<string, Ref>();
      const queue = children(object);
      for (let at = queue.shift(); at; at = queue.shift()) {
        if (found.has(at.id)) continue;
        found.set(at.id, at);
        if (deep) queue.push(...children(at));
      }
      return [...found.values()];
    },
    childNamed: (object, name) => children(object).find(child => nameOf(child) === name),
    nameOf,
  };
}

const mount = () =>
  data('HostMountInfo', {
    path: text('/vmfs/volumes/lab'),
    accessMode: text('readWrite'),
    mounted: bool(true),
    accessible: bool(true),
  });
