import type { SourceVm, Surroundings, Transport } from '../../replication/model/source.ts';
import { explain, VimFault } from '../soap/faults.ts';
import { type Moref, readMoref, ref } from '../soap/moref.ts';
import { type ObjectProperties, readWithNamed } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { child, childrenNamed, textAt, type XmlElement, xsiType } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';
import { type Need, neededFor } from './privileges.ts';

/**
 * Windows Server since 2008 by its identifiers (`winLonghorn64Guest`, `windows8Server64Guest`,
 * `windows2019srv_64Guest`): VMware Tools bring a VSS requestor to them.
 */
const WINDOWS_SERVER = /^(winLonghorn|windows\d+(Server|srv))/;

/**
 * What a quiesced snapshot of the guest is consistent by: its applications where Tools ask the writers of
 * VSS, which takes Windows Server and disks whose UUIDs the guest sees (disk.EnableUUID,
 * `flags.diskUuidEnabled`); else its file systems. A snapshot itself tells no more than that it is quiesced.
 */
export const quiescingOf = (
  guestId: string | undefined,
  flags: XmlElement | undefined,
): SourceVm['quiescing'] =>
  WINDOWS_SERVER.test(guestId ?? '') && textAt(flags, 'diskUuidEnabled') === 'true'
    ? 'application'
    : 'file-system';

/** A VM, the datastores that its disks and own files are in, and its host, as of a moment ago. */
export interface Look {
  /** Of the VM, by path. */
  properties: Map<string, XmlElement>;
  stores: readonly Moref[];
  others: readonly ObjectProperties[];
}

/** Reads a VM with what is around it; what the user may not see of that is left out. */
export async function lookAt(
  session: Session,
  vm: { moref: Moref; name: string },
  paths: string[],
  signal?: AbortSignal,
): Promise<Look> {
  const { properties, others } = await explain(`read VM ${vm.name}`, () =>
    readWithNamed(
      session,
      vm.moref,
      paths,
      [
        { path: 'datastore', type: 'Datastore', paths: ['summary'] },
        { path: 'runtime.host', type: 'HostSystem', paths: ['name', 'config.product'] },
      ],
      signal,
    ),
  );
  const stores = (properties.get('datastore')?.children ?? []).map(one => readMoref(one, 'datastore'));
  const isBeside = ({ obj, properties: of }: Pick<ObjectProperties, 'obj' | 'properties'>) =>
    obj.type === 'Datastore' && isUnwritten(textAt(of.get('summary'), 'name'), properties);
  const beside = new Set(others.filter(isBeside).map(({ obj }) => obj.value));
  return {
    properties,
    others: others.filter(({ obj }) => !beside.has(obj.value)),
    stores: stores.filter(({ value }) => !beside.has(value)),
  };
}

/**
 * Whether a datastore holds neither a disk nor the files of a VM, as that of an image in its drive: nothing
 * is read there, and no snapshot needs room in it.
 */
function isUnwritten(name: string | undefined, vm: Map<string, XmlElement>): boolean {
  const files = (vm.get('config.hardware.device')?.children ?? [])
    .filter(device => xsiType(device) === 'VirtualDisk')
    .map(device => textAt(device, 'backing', 'fileName'));
  const home = ['vmPathName', 'snapshotDirectory'].map(path => textAt(vm.get('config.files'), path));
  const written = [...files, ...home].flatMap(file => datastoreIn(file) ?? []);
  return name !== undefined && written.length > 0 && !written.includes(name);
}

/** Of `[datastore] vm/vm.vmdk`. */
export const datastoreIn = (file: string | undefined): string | undefined =>
  /^\[([^\]]+)\]/.exec(file ?? '')?.[1];

/**
 * What is around a VM that was looked at, and what the user may do there.
 *
 * @param ways by which its disks are read, the later ones where the first one can't be started
 */
export async function readSurroundings(
  session: Session,
  vm: { moref: Moref },
  { stores, others }: Look,
  ways: readonly Transport['name'][],
  signal?: AbortSignal,
): Promise<Surroundings> {
  const privileges = await privilegesOf(session, vm.moref, stores, neededFor(ways), signal);
  const ofType = (type: string) => others.filter(({ obj }) => obj.type === type);
  const summaries = ofType('Datastore').flatMap(({ properties }) => properties.get('summary') ?? []);
  const isLost = (summary: XmlElement) => textAt(summary, 'accessible') === 'false';
  const lost = summaries.filter(isLost).map(summary => textAt(summary, 'name') ?? '');
  return {
    datastores: summaries
      .filter(summary => !isLost(summary))
      .flatMap(summary => {
        const free = Number(textAt(summary, 'freeSpace'));
        const capacity = Number(textAt(summary, 'capacity'));
        const kind = textAt(summary, 'type');
        const isKnown = Number.isFinite(free) && capacity > 0;
        const name = textAt(summary, 'name') ?? '';
        return isKnown ? [{ name, free, capacity, ...(kind !== undefined && { kind }) }] : [];
      }),
    ...(lost.length > 0 && { lost }),
    ...hostOf(ofType('HostSystem')[0]?.properties),
    ...privileges,
  };
}

function hostOf(properties: Map<string, XmlElement> | undefined): Pick<Surroundings, 'host'> {
  const product = properties?.get('config.product');
  const name = properties?.get('name')?.text ?? '';
  if (!child(product, 'build')) return {};
  return {
    host: { name, version: textAt(product, 'version') ?? '', build: textAt(product, 'build') ?? '' },
  };
}

/** HasPrivilegeOnEntities (5.5). Nothing was asked where the server can't be. */
async function privilegesOf(
  session: Session,
  vm: Moref,
  stores: readonly Moref[],
  needed: readonly Need[],
  signal?: AbortSignal,
): Promise<Pick<Surroundings, 'asked' | 'missing' | 'untold'>> {
  const self = session.content.authorizationManager;
  const unknown = { asked: [], missing: [] };
  if (!self) return unknown;
  const of = (on: Need['on']) => needed.filter(one => one.on === on);
  const wanted = [vm, ...stores].map(entity => ({ entity, needs: of(entity === vm ? 'vm' : 'datastore') }));
  const asked = [...new Set(wanted.flatMap(({ needs }) => needs).map(({ id }) => id))];
  // One question of all of them everywhere: what isn't needed of an entity is passed over in the answer.
  const ask = () =>
    session.invoke({
      method: 'HasPrivilegeOnEntities',
      self,
      args: [
        ...wanted.map(({ entity }) => ref('entities', entity)),
        el('sessionId', session.key),
        ...asked.map(one => el('privId', one)),
      ],
      signal,
    });
  try {
    const told = new Map<string, string | undefined>();
    for (const one of await session.replaying(ask, signal))
      for (const is of childrenNamed(one, 'privAvailability'))
        told.set(`${textAt(is, 'privId')} on ${textAt(one, 'entity')}`, textAt(is, 'isGranted'));
    const said = wanted.flatMap(({ entity, needs }) =>
      needs.map(({ id, perhaps }) => ({
        isGranted: told.get(`${id} on ${entity.value}`),
        is: {
          ...{ privilege: id, on: `${entity.type} ${entity.value}` },
          ...(perhaps !== undefined && { perhaps }),
        },
      })),
    );
    const missing = said.flatMap(({ is, isGranted }) => (isGranted === 'false' ? [is] : []));
    const untold = said.flatMap(({ is, isGranted }) =>
      isGranted === 'false' || isGranted === 'true' ? [] : [`${is.privilege} on ${is.on}`],
    );
    return { asked, missing, ...(untold.length > 0 && { untold }) };
  } catch (error) {
    if (!(error instanceof VimFault) || error.type === 'NotAuthenticated') throw error;
    return unknown;
  }
}
