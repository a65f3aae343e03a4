import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { Moref } from '../soap/moref.ts';
import { readMoref } from '../soap/moref.ts';
import { type ObjectProperties, readAll } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { childrenNamed, textAt, type XmlElement } from '../soap/xml.ts';

/** A VM as it is in the inventory. */
export interface InventoryVm {
  moref: Moref;
  name: string;
  /** instanceUuid: unique within one vCenter. */
  uuid: string;
  /** BIOS UUID: clones may share it. */
  biosUuid: string;
  /** `/Datacenter/vm/folder/name`, for people. */
  path: string;
  /** `path` without the name. */
  folder: string;
  template: boolean;
  /** Names of all its snapshots, parents before children. */
  snapshots: string[];
  /** Names from the datacenter's folder down to the datacenter, as datastore URLs want them. */
  datacenter: string;
  /** Managed object id of the host that it runs on; undefined: the user may not see it. */
  host?: string;
  /** Managed object ids of the datastores that hold something of it; undefined: the user may not see them. */
  datastores?: string[];
}

/** In names the inventory writes `%`, `/` and `\` as `%25`, `%2f` and `%5c` (ManagedEntity.name). */
export const displayName = (name: string): string =>
  name.replace(/%(25|2f|5c)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** A name as it is written there. */
export const inventoryName = (name: string): string =>
  name.replace(/[%/\\]/g, sign => `%${sign.charCodeAt(0).toString(16)}`);

/**
 * All VMs that the user may see, in order of path.
 * @param datacenter only those below the datacenter of this name or path
 */
export async function listVms(
  session: Session,
  datacenter?: string,
  signal?: AbortSignal,
): Promise<InventoryVm[]> {
  const objects = await readAll(
    session,
    session.content.rootFolder,
    [
      {
        type: 'VirtualMachine',
        paths: [
          ...['name', 'parent', 'parentVApp', 'config.instanceUuid', 'config.uuid', 'config.template'],
          ...['snapshot', 'runtime.host', 'datastore'],
        ],
      },
      { type: 'Folder', paths: ['name', 'parent'] },
      { type: 'Datacenter', paths: ['name', 'parent'] },
      { type: 'VirtualApp', paths: ['name', 'parentFolder', 'parentVApp'] },
    ],
    signal,
  );
  const byId = new Map(objects.map(o => [o.obj.value, o]));
  const wanted = datacenter?.replace(/^\/+|\/+$/g, '');
  return objects
    .filter(o => o.obj.type === 'VirtualMachine' && o.properties.has('config.instanceUuid'))
    .map(o => readVm(o, byId))
    .filter(vm => wanted === undefined || [vm.datacenter, vm.datacenter.split('/').at(-1)].includes(wanted))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

const text = (o: ObjectProperties, path: string): string => o.properties.get(path)?.text ?? '';

function readVm(vm: ObjectProperties, byId: Map<string, ObjectProperties>): InventoryVm {
  const chain = ancestors(vm, byId);
  const top = chain.findIndex(o => o.obj.type === 'Datacenter');
  const names = (of: ObjectProperties[]) => of.map(o => text(o, 'name')).reverse();
  const name = displayName(text(vm, 'name'));
  const folder = `/${names(chain).map(displayName).join('/')}`;
  return {
    moref: vm.obj,
    name,
    uuid: text(vm, 'config.instanceUuid').toLowerCase(),
    biosUuid: text(vm, 'config.uuid').toLowerCase(),
    path: folder === '/' ? `/${name}` : `${folder}/${name}`,
    folder,
    template: text(vm, 'config.template') === 'true',
    snapshots: childrenNamed(vm.properties.get('snapshot'), 'rootSnapshotList').flatMap(snapshotNames),
    datacenter: top < 0 ? '' : names(chain.slice(top)).join('/'),
    ...(vm.properties.has('runtime.host') && { host: text(vm, 'runtime.host') }),
    ...(vm.properties.has('datastore') && {
      datastores: childrenNamed(vm.properties.get('datastore'), 'ManagedObjectReference').map(
        one => one.text,
      ),
    }),
  };
}

const snapshotNames = (node: XmlElement): string[] => [
  textAt(node, 'name') ?? '',
  ...childrenNamed(node, 'childSnapshotList').flatMap(snapshotNames),
];

/** From the parent up, without the root folder, which has no name in paths. */
export function ancestors(vm: ObjectProperties, byId: Map<string, ObjectProperties>): ObjectProperties[] {
  const chain: ObjectProperties[] = [];
  for (let at: ObjectProperties | undefined = vm; at; ) {
    const p: ObjectProperties['properties'] = at.properties;
    const up = p.get('parentVApp') ?? p.get('parentFolder') ?? p.get('parent');
    const next: ObjectProperties | undefined = up && byId.get(readMoref(up, 'inventory').value);
    if (!next || chain.includes(next)) return chain;
    chain.push(next);
    at = next;
  }
  return chain;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The one VM that `nameOrUuid` means: by instance UUID, then BIOS UUID, then name.
 * @throws Failure `vm-not-found`, `vm-ambiguous`
 */
export function pickVm(vms: InventoryVm[], nameOrUuid: string, where: string): InventoryVm {
  const uuid = UUID.test(nameOrUuid) ? nameOrUuid.toLowerCase() : undefined;
  const ways: ((vm: InventoryVm) => boolean)[] = [
    vm => vm.uuid === uuid,
    vm => vm.biosUuid === uuid,
    vm => vm.name === nameOrUuid,
  ];
  const found = ways.map(way => vms.filter(way)).find(some => some.length > 0) ?? [];
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    const list = found.map(vm => `${vm.uuid} (${vm.path})`).join(', ');
    throw new Failure(
      world('vm-ambiguous', `${found.length} VMs at ${where} are '${nameOrUuid}': ${list}.`, {
        hint: 'Write the UUID of the one that is meant in the place of the name.',
      }),
    );
  }
  const near = suggest(
    nameOrUuid,
    vms.map(vm => vm.name),
  );
  throw new Failure(
    world('vm-not-found', `There is no VM '${nameOrUuid}' at ${where}.`, {
      hint: near ?? 'The user sees no VM at all there: check its role and where it was given.',
    }),
  );
}
