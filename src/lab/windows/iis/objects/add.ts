import { type Binding, readBindings } from '../host/bindings.ts';
import { type Cursor, change, entry, placeEntry } from '../host/edit.ts';
import { collectionOf, read } from '../host/effective.ts';
import { rivalOf, type Server, sites } from '../host/host.ts';
import { POOLS, SITES } from '../schema/sections.ts';
import { AppcmdError, EXIT, failure, say } from '../text/messages.ts';
import type { Operation, Step } from '../text/path.ts';
import { canonical } from '../text/values.ts';
import { element, insertChild, type XmlElement } from '../text/xml.ts';
import { open } from './cursor.ts';
import { imported } from './import.ts';
import { appId, type KindName, vdirId } from './kinds.ts';

/** What is to be added: parameters, further operations, and perhaps the configuration of `/in`. */
export interface Added {
  parameters: ReadonlyMap<string, string>;
  operations: Operation[];
  body?: XmlElement;
}

type Steps = Extract<Step, { pairs: unknown }>[];

/** Adds an object. Returns the lines that appcmd prints: a site with a path is a site, an app and a vdir. */
export async function add(server: Server, kind: KindName, added: Added): Promise<string[]> {
  const made = await ADD[kind](server, added);
  return made.map(([what, id]) => say(server.machine.language, 'added', what, id));
}

type Made = [kind: string, id: string][];
const ADD: Record<KindName, (server: Server, added: Added) => Promise<Made>> = {
  APPPOOL: addPool,
  SITE: addSite,
  APP: addApp,
  VDIR: addVdir,
};

async function addPool(server: Server, added: Added): Promise<Made> {
  const name = required(added, 'name', 'add');
  await place(server, added, POOLS, [], [['name', name]], name);
  const pool = (await open(server, POOLS, [by('name', name)])).item;
  server.runtime.pools[name.toLowerCase()] = read(pool, 'autoStart') === 'true' ? 'Started' : 'Stopped';
  return [['APPPOOL', name]];
}

async function addSite(server: Server, added: Added): Promise<Made> {
  const name = required(added, 'name', 'site');
  const all = await sites(server);
  const given = value(added, 'id');
  const id = given ?? String(Math.max(0, ...all.map(each => Number(read(each, 'id')))) + 1);
  if (all.some(each => read(each, 'id') === id)) throw duplicate(name);
  await place(
    server,
    added,
    SITES,
    [],
    [
      ['name', name],
      ['id', id],
    ],
    name,
  );
  const steps = [by('name', name)];
  const bindings = added.parameters.get('bindings');
  if (bindings !== undefined && !added.body) await setBindings(server, steps, bindings);
  const made: Made = [['SITE', name]];
  const physical = added.parameters.get('physicalpath');
  if (physical !== undefined && !added.body)
    made.push(...(await addApp(server, { ...only(['path', '/'], ['physicalpath', physical]), site: name })));
  await start(server, name);
  return made;
}

/** A site that finds its address taken is added all the same, and is not started. */
async function start(server: Server, name: string): Promise<void> {
  const all = await sites(server);
  const site = all.find(each => read(each, 'name') === name)!;
  const runs = read(site, 'serverAutoStart') === 'true' && !rivalOf(server, site, all);
  server.runtime.sites[read(site, 'id')] = runs ? 'Started' : 'Stopped';
}

async function addApp(server: Server, added: Added & { site?: string }): Promise<Made> {
  const site = added.site ?? required(added, 'site.name', 'application');
  const path = required(added, 'path', 'application');
  const steps = await parent(server, 'SITE', site, [by('name', site)]);
  await place(server, added, SITES, steps, [['path', path]], path);
  const made: Made = [['APP', appId(site, path)]];
  const physical = added.parameters.get('physicalpath');
  if (physical === undefined || added.body) return made;
  const root = only(['path', '/'], ['physicalpath', physical]);
  return [...made, ...(await addVdir(server, { ...root, app: { site, path } }))];
}

async function addVdir(
  server: Server,
  added: Added & { app?: { site: string; path: string } },
): Promise<Made> {
  const { site, path: app } = added.app ?? splitApp(required(added, 'app.name', 'virtualDirectory'));
  const path = required(added, 'path', 'virtualDirectory');
  const steps = await parent(server, 'APP', appId(site, app), [by('name', site), by('path', app)]);
  const physical = added.parameters.get('physicalpath');
  const keys: [string, string][] = [['path', path]];
  if (physical !== undefined) keys.push(['physicalPath', physical]);
  await place(server, added, SITES, steps, keys, path);
  return [['VDIR', vdirId(site, app, path)]];
}

function splitApp(id: string): { site: string; path: string } {
  const slash = id.indexOf('/');
  return slash < 0 ? { site: id, path: '' } : { site: id.slice(0, slash), path: id.slice(slash) };
}

const by = (name: string, text: string): Steps[number] => ({ pairs: [[name, text]] });
const only = (...pairs: [string, string][]): Added => ({ parameters: new Map(pairs), operations: [] });
const value = (added: Added, name: string): string | undefined =>
  added.parameters.get(name) ?? added.body?.attributes.get(name);

function required(added: Added, name: string, what: string): string {
  const found = value(added, name);
  if (found === undefined) throw failure(EXIT.invalidParameter, 'missingAttribute', what, name);
  return found;
}

const duplicate = (what: string) => failure(EXIT.alreadyExists, 'duplicate', what);

async function parent(server: Server, kind: KindName, id: string, steps: Steps): Promise<Steps> {
  try {
    await open(server, SITES, steps);
    return steps;
  } catch (error) {
    if (error instanceof AppcmdError && error.exitCode === EXIT.noSuchElement)
      throw failure(EXIT.notFound, 'noSuchObject', kind, id);
    throw error;
  }
}

/** Puts the new entry into its collection and carries out the other operations on it. */
async function place(
  server: Server,
  added: Added,
  section: typeof POOLS | typeof SITES,
  steps: Steps,
  keys: [name: string, text: string][],
  shown: string,
): Promise<void> {
  const cursor = await open(server, section, steps);
  const collection = collectionOf(cursor.item.schema)!;
  const made = added.body
    ? imported(collection.item, added.body, cursor.depth + 1)
    : element(collection.item.name);
  for (const [name, text] of keys) {
    const attribute = collection.item.attributes.find(each => each.name === name)!;
    made.attributes.set(name, canonical(attribute, text));
  }
  try {
    placeEntry(cursor, collection, made);
  } catch (error) {
    if (error instanceof AppcmdError && error.exitCode === EXIT.alreadyExists) throw duplicate(shown);
    throw error;
  }
  const place = { pairs: keys.slice(0, 1) };
  for (const operation of added.operations)
    change(entry(await open(server, section, steps), place), operation, server.machine.random);
}

/** Replaces all bindings of a site. */
export async function setBindings(server: Server, site: Steps, text: string): Promise<void> {
  const rows = readBindings(text);
  if (!rows) throw failure(EXIT.invalidParameter, 'badValue', 'bindings', text);
  const cursor = await open(server, SITES, site);
  writeBindings(cursor, rows);
}

function writeBindings(site: Cursor, rows: Binding[]): void {
  const local = site.local();
  const depth = site.depth + 1;
  const old = local.children.find(child => child.kind === 'element' && child.name === 'bindings');
  const made = element('bindings');
  const schema = site.item.schema.elements.find(each => each.name === 'bindings')!;
  const holder: Cursor = { item: { ...site.item, schema, entries: [] }, depth, local: () => made };
  const seen = new Set<string>();
  for (const { protocol, information } of rows) {
    const key = `${protocol}/${information}`.toLowerCase();
    if (seen.has(key)) throw duplicate(`${protocol}/${information}`);
    seen.add(key);
    placeEntry(
      holder,
      collectionOf(schema)!,
      element('binding', [
        ['protocol', protocol],
        ['bindingInformation', information],
      ]),
    );
  }
  if (old) local.children.splice(local.children.indexOf(old), 1, made);
  else insertChild(local, made, depth);
}
