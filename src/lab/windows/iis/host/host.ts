import type { Machine } from '../../machine/machine.ts';
import { POOLS, SECTIONS, SITES } from '../schema/sections.ts';
import { configurationError, EXIT } from '../text/messages.ts';
import { childNamed, ensureChild, type XmlElement, type XmlFile } from '../text/xml.ts';
import { type Binding, inConflict } from './bindings.ts';
import { effective, elementNamed, type Item, read } from './effective.ts';
import { type Runtime, readRuntime, type State, writeRuntime } from './runtime.ts';
import { HOST_CONFIG, openStore, type Store } from './store.ts';

/** What one command sees of the server. */
export interface Server {
  machine: Machine;
  store: Store;
  runtime: Runtime;
  /** The runtime as it was read. */
  known: string;
  env: Readonly<Record<string, string | undefined>>;
}

export async function openServer(machine: Machine, env: Server['env']): Promise<Server> {
  const runtime = await readRuntime(machine);
  return { machine, env, store: openStore(machine), runtime, known: JSON.stringify(runtime) };
}

/** Files first: a command that can't commit changes no state. */
export async function commit(server: Server): Promise<void> {
  await server.store.commit();
  const { machine, runtime, known } = server;
  if (JSON.stringify(runtime) !== known) await writeRuntime(machine, runtime);
  server.known = JSON.stringify(runtime);
}

export async function hostConfig(server: Server, edit = false): Promise<XmlFile> {
  const file = await (edit ? server.store.edit(HOST_CONFIG) : server.store.read(HOST_CONFIG));
  if (!file) throw configurationError(EXIT.fileNotFound, HOST_CONFIG, 0, 'cannotRead');
  return file;
}

/** The element of a section at the root of a configuration file, made when asked for. */
export function sectionElement(
  root: XmlElement,
  section: string,
  make: boolean,
  depth = 0,
): XmlElement | undefined {
  let at: XmlElement | undefined = root;
  for (const [level, name] of section.split('/').entries()) {
    if (at) at = make ? ensureChild(at, name, depth + level + 1) : childNamed(at, name);
  }
  return at;
}

/** Pools or sites as they take effect. */
async function hostSection(server: Server, section: typeof POOLS | typeof SITES): Promise<Item> {
  const { root } = await hostConfig(server);
  const xml = sectionElement(root, section, false);
  return effective(SECTIONS.get(section)!, xml ? [{ xml, origin: 'local', file: HOST_CONFIG }] : []);
}

export const pools = async (server: Server): Promise<Item[]> => (await hostSection(server, POOLS)).entries;
export const sites = async (server: Server): Promise<Item[]> => (await hostSection(server, SITES)).entries;

export const bindingsOf = (site: Item): Binding[] =>
  elementNamed(site, 'bindings')!.entries.map(each => ({
    protocol: read(each, 'protocol'),
    information: read(each, 'bindingInformation'),
  }));

export const poolState = (server: Server, pool: Item): State =>
  server.runtime.pools[read(pool, 'name').toLowerCase()] ??
  (read(pool, 'autoStart') === 'true' ? 'Started' : 'Stopped');

/** A site that was never started or stopped is as it would be after a boot. */
export function siteState(server: Server, site: Item, all: readonly Item[]): State {
  const said = server.runtime.sites[read(site, 'id')];
  if (said) return said;
  if (read(site, 'serverAutoStart') !== 'true') return 'Stopped';
  return rivalOf(server, site, all.slice(0, all.indexOf(site))) ? 'Stopped' : 'Started';
}

/** A started site that has one of this site's addresses. */
export function rivalOf(server: Server, site: Item, all: readonly Item[]): Item | undefined {
  const bindings = bindingsOf(site);
  return all.find(
    other =>
      read(other, 'id') !== read(site, 'id') &&
      siteState(server, other, all) === 'Started' &&
      inConflict(bindings, bindingsOf(other)),
  );
}

/** Environment variables in a path, as IIS expands them when it reads. */
export function expand(path: string, env: Server['env']): string {
  const named = (name: string) =>
    Object.entries(env).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1] ??
    { systemdrive: 'C:', systemroot: 'C:\\Windows', windir: 'C:\\Windows' }[name.toLowerCase()];
  return path.replace(/%([^%]+)%/g, (whole, name: string) => named(name) ?? whole);
}
