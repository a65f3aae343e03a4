import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import type { NewMachine, WantedPlace } from '../../replication/model/source.ts';
import { ancestors, displayName, type InventoryVm } from '../inventory/inventory.ts';
import { readMoref } from '../soap/moref.ts';
import { type ObjectProperties, readAll, readObject } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import type { Network, Place, Spot } from './place.ts';
import { unmakeable } from './spec.ts';

/**
 * Decides where a machine goes: by what was typed, else as the machine that it stands in for, else by the
 * only one that there is.
 *
 * @param like that machine; undefined: it is gone
 * @throws Failure `new-vm-place`, with all that can't be decided
 */
export async function placeOf(
  session: Session,
  datacenter: string | undefined,
  machine: NewMachine,
  wanted: WantedPlace,
  like: InventoryVm | undefined,
  signal?: AbortSignal,
): Promise<Place> {
  const all = await spotsIn(session, datacenter, signal);
  const there = like && (await surroundingsOf(session, like, signal));
  const wrong: Diagnostic[] = unmakeable(machine);
  const pick = <T extends Spot>(kind: keyof typeof options, some: readonly T[], typed: string | undefined) =>
    choose(kind, some, typed, there?.[kind] ?? [], wrong);
  const pool = pick('pool', all.pools, wanted.pool);
  const folder = pick('folder', all.folders, wanted.folder ?? (like ? undefined : ''));
  const datastore = pick('datastore', all.datastores, wanted.datastore);
  const host = wanted.host === undefined ? undefined : pick('host', all.hosts, wanted.host);
  const networks = networksOf(machine, wanted, typed => pick('network', all.networks, typed), wrong);
  if (wrong.length > 0) throw new Failure(wrong);
  return { pool: pool!, folder: folder!, datastore: datastore!, ...(host && { host }), networks };
}

export const placeWords = ({ pool, folder, datastore, host, networks }: Place): string =>
  [
    `datastore ${datastore.name}`,
    `resource pool ${pool.path}`,
    `folder ${folder.path || '/'}`,
    ...(host ? [`host ${host.name}`] : []),
    ...[...new Set(networks.map(({ name }) => name))].map(name => `network ${name}`),
  ].join(', ');

function networksOf(
  { machine: { nics } }: NewMachine,
  { networks }: WantedPlace,
  pick: (typed: string | undefined) => Network | undefined,
  wrong: Diagnostic[],
): Network[] {
  if (networks.length > 1 && networks.length !== nics.length) {
    wrong.push(
      given('new-vm-place', `${networks.length} networks were named for ${nics.length} network cards`, {
        hint: 'name one for all of them, or one for each with --network in their order',
      }),
    );
    return [];
  }
  if (nics.length === 0) return [];
  const some = networks.length > 1 ? networks : [networks[0]];
  const found = some.map(pick);
  return nics.flatMap((_, n) => found[found.length > 1 ? n : 0] ?? []);
}

const options = {
  pool: 'resource pool',
  folder: 'folder',
  datastore: 'datastore',
  host: 'host',
  network: 'network',
} as const;

/** Names that are told where one has to be chosen. */
const mostNamed = 20;

function choose<T extends Spot>(
  kind: keyof typeof options,
  all: readonly T[],
  typed: string | undefined,
  there: readonly string[],
  wrong: Diagnostic[],
): T | undefined {
  const what = options[kind];
  const listed = all
    .slice(0, mostNamed)
    .map(({ path }) => path || '/')
    .join(', ');
  const no = (message: string, hint: string): undefined =>
    void wrong.push(given('new-vm-place', message, { hint }));
  if (typed === undefined) {
    const like = there.length === 1 ? all.find(({ moref }) => moref.value === there[0]) : undefined;
    if (like) return like;
    if (all.length === 1) return all[0];
    if (all.length === 0)
      return no(`vSphere shows no ${what}`, 'check the role of the user, and where it was given');
    return no(`it is not known which ${what} a new VM goes into`, `name it with --${kind}: ${listed}`);
  }
  const word = typed.replace(/^\/+|\/+$/g, '');
  const exact = all.filter(({ path }) => path === word);
  const found = exact.length > 0 ? exact : all.filter(({ name }) => name === word);
  if (found.length === 1) return found[0];
  if (found.length > 1)
    return no(
      `${found.length} are called ${typed} of the kind ${what}`,
      `name its path: ${found.map(({ path }) => path).join(', ')}`,
    );
  const close = nearest(
    typed,
    all.map(({ name }) => name),
  );
  return no(
    `vSphere has no ${what} ${typed}`,
    close === undefined ? `it has: ${listed || 'none that the user may see'}` : `did you mean ${close}?`,
  );
}

/** What a machine is in now, by managed object ids. */
async function surroundingsOf(session: Session, vm: InventoryVm, signal?: AbortSignal) {
  const paths = ['resourcePool', 'parent', 'datastore', 'network'];
  const p = await readObject(session, vm.moref, paths, signal);
  const one = (path: string) => (p.has(path) ? [p.get(path)!.text] : []);
  const many = (path: string) => p.get(path)?.children.map(({ text }) => text) ?? [];
  return {
    pool: one('resourcePool'),
    folder: one('parent'),
    datastore: many('datastore'),
    network: many('network'),
    host: [],
  };
}

async function spotsIn(session: Session, datacenter: string | undefined, signal?: AbortSignal) {
  const root = session.content.rootFolder;
  const [plain, groups] = await Promise.all([
    readAll(
      session,
      root,
      [
        { type: 'Datacenter', paths: ['name', 'parent', 'vmFolder'] },
        { type: 'Folder', paths: ['name', 'parent', 'childType'] },
        ...['StoragePod', 'ComputeResource', 'ResourcePool', 'HostSystem', 'Datastore', 'Network'].map(
          type => ({
            type,
            paths: ['name', 'parent'],
          }),
        ),
      ],
      signal,
    ),
    portGroups(session, signal),
  ]);
  const byId = new Map(plain.map(one => [one.obj.value, one]));
  const center = centerOf(plain, byId, datacenter);
  const inside = plain.filter(one => ancestors(one, byId).some(({ obj }) => obj.value === center.obj.value));
  const spot = (one: ObjectProperties): Spot => {
    const path = pathOf(one, byId);
    // The pool of a host or cluster has its name.
    const name = one.obj.type === 'ResourcePool' ? path.split('/').at(-1)! : nameOf(one);
    return { moref: one.obj, name, path };
  };
  const of = (type: string) => inside.filter(({ obj }) => obj.type === type).map(spot);
  const vmFolder = readMoref(center.properties.get('vmFolder'), 'Datacenter.vmFolder').value;
  return {
    pools: of('ResourcePool'),
    folders: inside
      .filter(one => [one, ...ancestors(one, byId)].some(({ obj }) => obj.value === vmFolder))
      .filter(({ obj }) => obj.type === 'Folder')
      .map(one => (one.obj.value === vmFolder ? { moref: one.obj, name: '', path: '' } : spot(one))),
    datastores: of('Datastore'),
    hosts: of('HostSystem'),
    networks: [
      ...of('Network'),
      ...inside
        .filter(({ obj }) => groups.has(obj.value))
        .map(one => ({ ...spot(one), port: groups.get(one.obj.value)! })),
    ],
  };
}

/** The datacenter that everything is in. @throws Failure `new-vm-place` */
function centerOf(
  plain: readonly ObjectProperties[],
  byId: Map<string, ObjectProperties>,
  datacenter: string | undefined,
): ObjectProperties {
  const centers = plain.filter(({ obj }) => obj.type === 'Datacenter');
  const wanted = datacenter?.replace(/^\/+|\/+$/g, '');
  const found = centers.filter(one => {
    const path = [one, ...ancestors(one, byId)].map(nameOf).reverse().join('/');
    return wanted === undefined || [path, nameOf(one)].includes(wanted);
  });
  if (found.length === 1) return found[0]!;
  throw new Failure(
    given('new-vm-place', `it is not known which datacenter a new VM goes into`, {
      hint: `set \`datacenter\` of the vsphere target: ${centers.map(nameOf).join(', ')}`,
    }),
  );
}

/** Port groups of distributed switches that machines can be connected to, by id. */
async function portGroups(
  session: Session,
  signal?: AbortSignal,
): Promise<Map<string, NonNullable<Network['port']>>> {
  const paths = ['key', 'config.distributedVirtualSwitch'];
  const root = session.content.rootFolder;
  const groups = await readAll(session, root, [{ type: 'DistributedVirtualPortgroup', paths }], signal);
  const found = new Map<string, NonNullable<Network['port']>>();
  for (const { obj, properties } of groups) {
    const of = properties.get('config.distributedVirtualSwitch');
    const key = properties.get('key')?.text;
    if (!of || key === undefined) continue;
    const its = await readObject(session, readMoref(of, 'distributedVirtualSwitch'), ['uuid'], signal);
    const switchUuid = its.get('uuid')?.text;
    if (switchUuid !== undefined) found.set(obj.value, { switchUuid, key });
  }
  return found;
}

const nameOf = ({ properties }: ObjectProperties): string => displayName(properties.get('name')?.text ?? '');

/**
 * Below the folder of its kind in the datacenter. The pool that a host or cluster is has the name of that.
 */
function pathOf(one: ObjectProperties, byId: Map<string, ObjectProperties>): string {
  const up = [one, ...ancestors(one, byId)];
  const end = up.findIndex(({ obj }) => obj.type === 'Datacenter');
  return up
    .slice(0, end - 1)
    .filter((it, n) => !(it.obj.type === 'ResourcePool' && up[n + 1]?.obj.type !== 'ResourcePool'))
    .map(nameOf)
    .reverse()
    .join('/');
}
