import { change, deleteEntry } from '../host/edit.ts';
import { collectionOf, read } from '../host/effective.ts';
import { rivalOf, type Server, siteState, sites } from '../host/host.ts';
import type { Arguments } from '../text/args.ts';
import { EXIT, failure, refused, say } from '../text/messages.ts';
import type { Operation } from '../text/path.ts';
import { setBindings } from './add.ts';
import { open } from './cursor.ts';
import type { Found, KindName } from './kinds.ts';
import { selectOne } from './select.ts';

/** `set`: all operations or none. */
export async function set(
  server: Server,
  kind: KindName,
  identifier: string | undefined,
  operations: Operation[],
): Promise<string[]> {
  const found = await selectOne(server, kind, 'set', identifier);
  let { steps } = found;
  for (const operation of operations) {
    const name = operation.given.toLowerCase();
    if (kind === 'SITE' && operation.kind === 'set' && name === 'bindings') {
      await setBindings(server, steps, operation.value ?? '');
      continue;
    }
    if (kind === 'SITE' && operation.kind === 'set' && name === 'id')
      await refuseId(server, found, operation);
    await refuseTwin(server, found, operation);
    change(await open(server, found.section, steps), operation, server.machine.random);
    steps = renamed(steps, operation);
  }
  await keepState(server, found, operations);
  return [say(server.machine.language, 'changed', kind, found.id)];
}

/** A key that changes is what the entry is found by from then on. */
function renamed(steps: Found['steps'], operation: Operation): Found['steps'] {
  const key = steps.at(-1)!.pairs[0]![0];
  if (operation.kind !== 'set' || operation.steps.length > 0 || operation.attribute?.toLowerCase() !== key)
    return steps;
  return [...steps.slice(0, -1), { pairs: [[key, operation.value ?? '']] }];
}

async function refuseId(server: Server, found: Found, operation: Operation): Promise<void> {
  const taken = (await sites(server)).some(
    site => read(site, 'id') === operation.value && read(site, 'name') !== read(found.item, 'name'),
  );
  if (taken) throw failure(EXIT.alreadyExists, 'duplicate', found.id);
}

async function refuseTwin(server: Server, found: Found, operation: Operation): Promise<void> {
  if (renamed(found.steps, operation) === found.steps) return;
  const to = operation.value ?? '';
  const key = found.steps.at(-1)!.pairs[0]![0];
  const parent = await open(server, found.section, found.steps.slice(0, -1));
  const twin = parent.item.entries.some(
    each => read(each, key).toLowerCase() === to.toLowerCase() && read(each, key) !== read(found.item, key),
  );
  if (twin) throw failure(EXIT.alreadyExists, 'duplicate', to);
}

/** A new name or id takes its state along; a site whose new address is taken is stopped by IIS. */
async function keepState(server: Server, found: Found, operations: Operation[]): Promise<void> {
  const { runtime } = server;
  if (found.kind === 'APPPOOL') {
    const name = operations.findLast(each => each.given.toLowerCase() === 'name')?.value;
    const old = found.id.toLowerCase();
    if (name === undefined || runtime.pools[old] === undefined) return;
    const state = runtime.pools[old];
    delete runtime.pools[old];
    runtime.pools[name.toLowerCase()] = state;
  }
  if (found.kind !== 'SITE') return;
  const old = read(found.item, 'id');
  const name = operations.findLast(each => each.given.toLowerCase() === 'name')?.value ?? found.id;
  const all = await sites(server);
  const site = all.find(each => read(each, 'name').toLowerCase() === name.toLowerCase());
  if (!site) return;
  const id = read(site, 'id');
  if (id !== old && runtime.sites[old] !== undefined) {
    runtime.sites[id] = runtime.sites[old];
    delete runtime.sites[old];
  }
  if (siteState(server, site, all) === 'Started' && rivalOf(server, site, all)) runtime.sites[id] = 'Stopped';
}

export async function remove(
  server: Server,
  kind: KindName,
  identifier: string | undefined,
): Promise<string[]> {
  const found = await selectOne(server, kind, 'delete', identifier);
  const parent = await open(server, found.section, found.steps.slice(0, -1));
  const collection = collectionOf(parent.item.schema)!;
  const key = found.steps.at(-1)!.pairs[0]!;
  deleteEntry(parent, collection, parent.item.entries.find(each => read(each, key[0]) === key[1])!);
  if (kind === 'SITE') delete server.runtime.sites[read(found.item, 'id')];
  if (kind === 'APPPOOL') delete server.runtime.pools[found.id.toLowerCase()];
  return [say(server.machine.language, 'deleted', kind, found.id)];
}

/** `start`, `stop` and `recycle` of a site or a pool. */
export async function control(
  server: Server,
  kind: KindName,
  verb: Arguments['verb'],
  identifier: string | undefined,
): Promise<string[]> {
  const found = await selectOne(server, kind, verb, identifier);
  const state = found.facts.find(([name]) => name === 'state')![1];
  if (kind === 'SITE') await controlSite(server, found, verb);
  else {
    if (verb === 'start' && state === 'Started') throw refused(EXIT.alreadyRunning, 'serviceRunning');
    if (verb !== 'start' && state === 'Stopped') throw refused(EXIT.notStarted, 'serviceNotStarted');
    if (verb !== 'recycle')
      server.runtime.pools[found.id.toLowerCase()] = verb === 'start' ? 'Started' : 'Stopped';
  }
  const done = { start: 'started', stop: 'stopped', recycle: 'recycled' } as const;
  return [say(server.machine.language, done[verb as keyof typeof done], found.id)];
}

async function controlSite(server: Server, found: Found, verb: Arguments['verb']): Promise<void> {
  if (verb === 'start' && rivalOf(server, found.item, await sites(server)))
    throw refused(EXIT.alreadyExists, 'fileExists');
  server.runtime.sites[read(found.item, 'id')] = verb === 'start' ? 'Started' : 'Stopped';
}
