import { change } from '../host/edit.ts';
import { commit, hostConfig, type Server } from '../host/host.ts';
import { HOST_CONFIG } from '../host/store.ts';
import { SECTIONS } from '../schema/sections.ts';
import { type Arguments, operationsBut } from '../text/args.ts';
import { type InputRow, readInput } from '../text/input.ts';
import { EXIT, failure, say } from '../text/messages.ts';
import type { Result } from '../text/output.ts';
import { bodyOperations } from './body.ts';
import { commitPlace, placeText, readPlace } from './config-path.ts';
import { listConfig } from './list.ts';
import { cut, found, setOverrideMode } from './locations.ts';
import { searchConfig } from './search.ts';
import { openSection, refuseUnset, sectionNamed, type Target } from './section.ts';

/** A command on configuration sections. `each` runs once for each row of `/in`. */
export async function configCommand(
  server: Server,
  args: Arguments,
  input: string,
  each: (work: () => Promise<string[]>) => Promise<void>,
): Promise<Result | undefined> {
  const rows: (InputRow | undefined)[] = args.input ? readInput(input) : [undefined];
  if (args.verb === 'list') return listConfig(server, await readPlace(server, args.identifier), args);
  if (args.verb === 'search') return searchConfig(server, await readPlace(server, args.identifier), args);
  const work = VERBS[args.verb];
  if (!work) throw failure(EXIT.notSupported, 'unsupportedVerb', args.verb, 'CONFIG');
  for (const row of rows)
    await each(async () => {
      const lines = await work(server, args, row);
      await commit(server);
      return lines;
    });
  return undefined;
}

type Verb = (server: Server, args: Arguments, row: InputRow | undefined) => Promise<string[]>;
const VERBS: Record<string, Verb> = {
  set,
  clear,
  reset: clear,
  lock: (server, args) => override(server, args, 'Deny'),
  unlock: (server, args) => override(server, args, 'Allow'),
};

async function target(server: Server, args: Arguments, row?: InputRow): Promise<Target> {
  const name = row?.facts.get('config.section') ?? args.parameters.get('section') ?? '';
  const section = await sectionNamed(server, name);
  const place = await readPlace(server, args.identifier ?? row?.facts.get('path'));
  return { section, place, commit: await commitPlace(server, place, args.commit) };
}

/** All operations or none. */
async function set(server: Server, args: Arguments, row?: InputRow): Promise<string[]> {
  const where = await target(server, args, row);
  const operations = [
    ...(row?.body ? bodyOperations(SECTIONS.get(where.section)!, row.body) : []),
    ...operationsBut(args, ['section']),
  ];
  for (const operation of operations)
    change(await openSection(server, where), operation, server.machine.random);
  return [applied(server, where)];
}

const applied = (server: Server, { section, place, commit: at }: Target) =>
  say(server.machine.language, 'applied', section, placeText(place), placeText(at));

async function clear(server: Server, args: Arguments): Promise<string[]> {
  const where = await target(server, args);
  const path = await refuseUnset(server, where);
  const file = await server.store.read(path);
  const xml = file && found(file.root, where.section, where.place.slice(where.commit.length).join('/'));
  if (xml) cut((await server.store.edit(path)).root, xml);
  return [say(server.machine.language, 'cleared', where.section, placeText(where.place))];
}

/** Delegation is said in applicationHost.config, whatever `/commit` is. */
async function override(server: Server, args: Arguments, mode: 'Allow' | 'Deny'): Promise<string[]> {
  const { section, place } = await target(server, { ...args, commit: 'apphost' });
  await hostConfig(server);
  setOverrideMode((await server.store.edit(HOST_CONFIG)).root, section, place.join('/'), mode);
  const message = mode === 'Allow' ? 'unlocked' : 'lockedSection';
  return [say(server.machine.language, message, section, placeText(place))];
}
