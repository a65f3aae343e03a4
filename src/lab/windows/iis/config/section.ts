import type { Cursor } from '../host/edit.ts';
import { effective, type Item, type Layer } from '../host/effective.ts';
import { registered } from '../host/features.ts';
import { hostConfig, type Server } from '../host/host.ts';
import type { Registration } from '../host/registrations.ts';
import { HOST_CONFIG } from '../host/store.ts';
import { findSection, SECTIONS } from '../schema/sections.ts';
import { configurationError, EXIT, failure } from '../text/messages.ts';
import type { XmlFile } from '../text/xml.ts';
import { directoryOf, type Place } from './config-path.ts';
import { ensured, found, overrideModeOf } from './locations.ts';

/** The sections that this server has, in the order of their registration. */
export async function sectionNames(server: Server): Promise<string[]> {
  const names = [...registered((await hostConfig(server)).root).keys()];
  return names.filter(name => SECTIONS.has(name));
}

/** A section's full name. Throws (87) for one that isn't registered: its feature isn't installed. */
export async function sectionNamed(server: Server, name: string): Promise<string> {
  const found = findSection(name, await sectionNames(server));
  if (found === undefined) throw failure(EXIT.invalidParameter, 'unknownSection', name);
  return found;
}

interface ConfigFile {
  path: string;
  /** Level of its place: 0 is applicationHost.config. */
  level: number;
  file: XmlFile;
}

/** The files that say something of a place, from the server down to `deepest`. */
async function filesOf(server: Server, place: Place, deepest: number): Promise<ConfigFile[]> {
  const files: ConfigFile[] = [{ path: HOST_CONFIG, level: 0, file: await hostConfig(server) }];
  for (let level = 1; level <= Math.min(place.length, deepest); level++) {
    const path = await webConfig(server, place.slice(0, level));
    const file = path === undefined ? undefined : await server.store.read(path);
    if (path !== undefined && file) files.push({ path, level, file });
  }
  return files;
}

export async function webConfig(server: Server, place: Place): Promise<string | undefined> {
  const directory = await directoryOf(server, place);
  return directory === undefined ? undefined : `${directory}\\web.config`;
}

const relative = (place: Place, from: number, to: number): string => place.slice(from, to).join('/');

async function layersOf(server: Server, section: string, place: Place, deepest: number): Promise<Layer[]> {
  const files = await filesOf(server, place, deepest);
  const layers: Layer[] = [];
  for (let level = 0; level <= place.length; level++)
    for (const { path, level: own, file } of files) {
      if (own > level) continue;
      const xml = found(file.root, section, relative(place, own, level));
      if (!xml) continue;
      if (own > 0) await refuseLocked(server, section, place.slice(0, level), path);
      layers.push({ xml, origin: 'inherited', file: path });
    }
  return layers;
}

/** A section as it takes effect at a place. */
export async function sectionAt(server: Server, section: string, place: Place): Promise<Item> {
  return effective(SECTIONS.get(section)!, await layersOf(server, section, place, place.length));
}

/** What is said at the place itself, and whether a web.config there may not set the section. */
export async function lockAt(
  server: Server,
  section: string,
  place: Place,
): Promise<{ overrideMode: string; locked: boolean }> {
  const { root } = await hostConfig(server);
  let mode: string = registered(root).get(section)?.overrideModeDefault ?? 'Allow';
  for (let level = 0; level <= place.length; level++)
    mode = overrideModeOf(root, section, relative(place, 0, level)) ?? mode;
  const overrideMode = overrideModeOf(root, section, relative(place, 0, place.length)) ?? 'Inherit';
  return { overrideMode, locked: place.length > 0 && mode === 'Deny' };
}

async function refuseLocked(server: Server, section: string, place: Place, file: string): Promise<void> {
  const { locked } = await lockAt(server, section, place);
  if (locked) throw configurationError(EXIT.lockViolation, file, 0, 'locked');
}

async function registration(server: Server, section: string): Promise<Registration> {
  return registered((await hostConfig(server)).root).get(section)!;
}

/** Where an edit goes: the file of one place, for another one that is in it. */
export interface Target {
  section: string;
  place: Place;
  commit: Place;
}

/** Throws (33) when the section may not be set there. */
export async function refuseUnset(server: Server, { section, place, commit }: Target): Promise<string> {
  const { allowDefinition } = await registration(server, section);
  const path = commit.length === 0 ? HOST_CONFIG : ((await webConfig(server, commit)) ?? '');
  if (allowDefinition === 'AppHostOnly' && place.length > 0)
    throw configurationError(EXIT.lockViolation, path, 0, 'notAtThisLevel');
  if (commit.length > 0) await refuseLocked(server, section, place, path);
  return path;
}

/** Opens a section for one edit. Deeper files than the one that is written have no say. */
export async function openSection(server: Server, target: Target): Promise<Cursor> {
  const { section, place, commit } = target;
  const path = await refuseUnset(server, target);
  const { root } = await server.store.edit(path);
  const layers = await layersOf(server, section, place, commit.length);
  const { xml, depth } = ensured(root, section, relative(place, commit.length, place.length));
  const above = layers.filter(layer => layer.xml !== xml);
  const item = effective(SECTIONS.get(section)!, [...above, { xml, origin: 'local', file: path }]);
  return { item, depth, local: () => xml };
}
