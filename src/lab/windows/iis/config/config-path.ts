import { read } from '../host/effective.ts';
import { expand, type Server, sites } from '../host/host.ts';
import { siteOfUrl } from '../host/url.ts';
import { same } from '../schema/model.ts';
import { EXIT, failure, refused } from '../text/messages.ts';

/** A place in the hierarchy below the server: nothing, or a site and the parts of a URL path. */
export type Place = readonly string[];

const SERVER = 'MACHINE/WEBROOT/APPHOST';

export const placeText = (place: Place): string => [SERVER, ...place].join('/');

/**
 * Reads `Site/app`, `MACHINE/WEBROOT/APPHOST/Site` and `http://host/app`. Throws 1168 for an unknown site.
 */
export async function readPlace(server: Server, text = ''): Promise<Place> {
  const url = /^https?:\/\//i.test(text) ? await siteOfUrl(server, text) : undefined;
  const inside = (url ? url.site + url.path : text).replace(/^MACHINE\/WEBROOT\/APPHOST/i, '');
  const [name, ...rest] = inside.split('/').filter(part => part !== '');
  if (name === undefined) return [];
  const site = (await sites(server)).find(each => same(read(each, 'name'), name));
  if (!site) throw failure(EXIT.notFound, 'noSuchObject', 'SITE', name);
  return [read(site, 'name'), ...rest];
}

/** The deepest application that a place is in. */
async function applicationOf(server: Server, place: Place): Promise<Place> {
  const { app } = await within(server, place);
  return [place[0]!, ...app.split('/').filter(part => part !== '')];
}

/** The directory behind a place. Undefined when the site has no such application or directory. */
export async function directoryOf(server: Server, place: Place): Promise<string | undefined> {
  if (place.length === 0) return undefined;
  const { physical, rest } = await within(server, place);
  if (physical === undefined) return undefined;
  const root = expand(physical, server.env).replace(/\//g, '\\').replace(/\\+$/, '');
  return [root, ...rest].join('\\');
}

interface Within {
  app: string;
  physical: string | undefined;
  /** Parts below that directory. */
  rest: string[];
}

async function within(server: Server, [name = '', ...parts]: Place): Promise<Within> {
  const site = (await sites(server)).find(each => same(read(each, 'name'), name));
  let best: Within = { app: '/', physical: undefined, rest: parts };
  for (const app of site?.entries ?? [])
    for (const vdir of app.entries) {
      const path = [read(app, 'path'), read(vdir, 'path')].flatMap(each => each.split('/')).filter(Boolean);
      if (!path.every((part, at) => same(part, parts[at] ?? ''))) continue;
      const rest = parts.slice(path.length);
      if (best.physical !== undefined && rest.length >= best.rest.length) continue;
      best = { app: read(app, 'path'), physical: read(vdir, 'physicalPath'), rest };
    }
  return best;
}

/** The place whose file a command writes, from `/commit`. */
export async function commitPlace(server: Server, target: Place, commit = 'url'): Promise<Place> {
  switch (commit.toLowerCase()) {
    case '':
    case 'url':
      return ownFile(server, target);
    case 'apphost':
      return [];
    case 'site':
      return target.slice(0, 1);
    case 'app':
      return target.length === 0 ? [] : applicationOf(server, target);
    case 'parent':
      return target.slice(0, -1);
    default: {
      const named = await readPlace(server, commit);
      if (!named.every((part, at) => same(part, target[at] ?? '')))
        throw failure(EXIT.invalidParameter, 'badValue', 'commit', commit);
      return named;
    }
  }
}

/** A page has no web.config of its own: the one of its directory says it for that page. */
async function ownFile(server: Server, target: Place): Promise<Place> {
  for (let length = target.length; length > 0; length--) {
    const place = target.slice(0, length);
    const directory = await directoryOf(server, place);
    if (directory === undefined) continue;
    if ((await server.machine.files.stat(directory))?.kind === 'directory') return place;
  }
  if (target.length > 0) throw refused(EXIT.pathNotFound, 'pathNotFound');
  return [];
}
