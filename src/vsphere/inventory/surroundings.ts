import type { SourceVm, Surroundings } from '../../replication/model/source.ts';
import { explain, VimFault } from '../soap/faults.ts';
import { type Moref, readMoref, ref } from '../soap/moref.ts';
import { readObject } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { child, childrenNamed, textAt, type XmlElement } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';
import { neededOn } from './privileges.ts';

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

/** Reads the datastores of a VM and the host that it runs on; what the user may not see is left out. */
export async function readSurroundings(
  session: Session,
  vm: { moref: Moref; name: string },
  signal?: AbortSignal,
): Promise<Surroundings> {
  const around = await explain(`read VM ${vm.name}`, () =>
    readObject(session, vm.moref, ['datastore', 'runtime.host'], signal),
  );
  const stores = (around.get('datastore')?.children ?? []).map(one => readMoref(one, 'datastore'));
  const at = around.get('runtime.host');
  const host = at && readMoref(at, 'runtime.host');
  const [privileges, product, ...summaries] = await Promise.all([
    privilegesOf(session, vm.moref, stores, signal),
    host && allowed(readObject(session, host, ['name', 'config.product'], signal)),
    ...stores.map(one => allowed(readObject(session, one, ['summary'], signal))),
  ]);
  return {
    datastores: summaries.flatMap(found => {
      const summary = found?.get('summary');
      const free = Number(textAt(summary, 'freeSpace'));
      const capacity = Number(textAt(summary, 'capacity'));
      const isKnown = Number.isFinite(free) && capacity > 0;
      return isKnown ? [{ name: textAt(summary, 'name') ?? '', free, capacity }] : [];
    }),
    ...hostOf(product),
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
  signal?: AbortSignal,
): Promise<Pick<Surroundings, 'asked' | 'missing'>> {
  const self = session.content.authorizationManager;
  const unknown = { asked: [], missing: [] };
  if (!self) return unknown;
  const ofVm = neededOn('vm');
  const ofDatastore = stores.length > 0 ? neededOn('datastore') : [];
  const ask = (entities: readonly Moref[], privileges: readonly string[]) =>
    session.replaying(
      () =>
        session.invoke({
          method: 'HasPrivilegeOnEntities',
          self,
          args: [
            ...entities.map(one => ref('entities', one)),
            el('sessionId', session.key),
            ...privileges.map(one => el('privId', one)),
          ],
          signal,
        }),
      signal,
    );
  try {
    const answers = await Promise.all([
      ask([vm], ofVm),
      ofDatastore.length > 0 ? ask(stores, ofDatastore) : [],
    ]);
    const missing = answers.flat().flatMap(one => {
      const entity = child(one, 'entity');
      return childrenNamed(one, 'privAvailability')
        .filter(is => textAt(is, 'isGranted') === 'false')
        .map(is => ({
          privilege: textAt(is, 'privId') ?? '',
          on: `${entity?.attributes.get('type') ?? 'object'} ${entity?.text ?? ''}`,
        }));
    });
    return { asked: [...ofVm, ...ofDatastore], missing };
  } catch (error) {
    if (!(error instanceof VimFault) || error.type === 'NotAuthenticated') throw error;
    return unknown;
  }
}

/** Undefined where the user may not look. */
async function allowed<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof VimFault) || error.type !== 'NoPermission') throw error;
    return undefined;
  }
}
