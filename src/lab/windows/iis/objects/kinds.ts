import { bindingsText } from '../host/bindings.ts';
import { type Item, read } from '../host/effective.ts';
import { bindingsOf, poolState, pools, type Server, siteState, sites } from '../host/host.ts';
import { POOLS, SITES } from '../schema/sections.ts';
import type { Step } from '../text/path.ts';

export type KindName = 'SITE' | 'APP' | 'VDIR' | 'APPPOOL';

/** A site, application, virtual directory or pool. */
export interface Found {
  kind: KindName;
  /** As appcmd calls it: `Site/app/vdir`. */
  id: string;
  /** What `/xml` shows as attributes, in order. */
  facts: [name: string, value: string][];
  /** What is in parentheses behind the name. */
  summary: string;
  item: Item;
  section: typeof POOLS | typeof SITES;
  /** From the section to the entry. */
  steps: Extract<Step, { pairs: unknown }>[];
}

export const IDENTIFIER: Record<KindName, string> = {
  SITE: 'site.name',
  APP: 'app.name',
  VDIR: 'vdir.name',
  APPPOOL: 'apppool.name',
};

/** Everything of a kind, in the order of the configuration. */
export async function everything(server: Server, kind: KindName): Promise<Found[]> {
  if (kind === 'APPPOOL') return (await pools(server)).map(pool => foundPool(server, pool));
  const all = await sites(server);
  if (kind === 'SITE') return all.map(site => foundSite(server, site, all));
  const apps = all.flatMap(site => site.entries.map(app => ({ site, app })));
  if (kind === 'APP') return apps.map(({ site, app }) => foundApp(site, app));
  return apps.flatMap(({ site, app }) => app.entries.map(vdir => foundVdir(site, app, vdir)));
}

const by = (name: string, value: string): Found['steps'][number] => ({ pairs: [[name, value]] });
const bySite = (site: Item) => by('name', read(site, 'name'));
const byPath = (item: Item) => by('path', read(item, 'path'));

function foundPool(server: Server, pool: Item): Found {
  const [name, mode, version] = ['name', 'managedPipelineMode', 'managedRuntimeVersion'].map(each =>
    read(pool, each),
  ) as [string, string, string];
  const state = poolState(server, pool);
  return {
    kind: 'APPPOOL',
    id: name,
    facts: [
      ['APPPOOL.NAME', name],
      ['PipelineMode', mode],
      ['RuntimeVersion', version],
      ['state', state],
    ],
    summary: `MgdVersion:${version},MgdMode:${mode},state:${state}`,
    item: pool,
    section: POOLS,
    steps: [by('name', name)],
  };
}

function foundSite(server: Server, site: Item, all: readonly Item[]): Found {
  const [name, id, bindings] = [read(site, 'name'), read(site, 'id'), bindingsText(bindingsOf(site))];
  const state = siteState(server, site, all);
  return {
    kind: 'SITE',
    id: name,
    facts: [
      ['SITE.NAME', name],
      ['SITE.ID', id],
      ['bindings', bindings],
      ['state', state],
    ],
    summary: `id:${id},bindings:${bindings},state:${state}`,
    item: site,
    section: SITES,
    steps: [bySite(site)],
  };
}

/** `Site/` for a root application, `Site/app` else. */
export const appId = (site: string, path: string): string => `${site}${path}`;
/** `Site/app/` for the root directory of an application, `Site/app/vdir` else. */
export const vdirId = (site: string, app: string, path: string): string =>
  `${site}${app === '/' ? '' : app}${path}`;

function foundApp(site: Item, app: Item): Found {
  const [name, path, pool] = [read(site, 'name'), read(app, 'path'), read(app, 'applicationPool')];
  return {
    kind: 'APP',
    id: appId(name, path),
    facts: [
      ['APP.NAME', appId(name, path)],
      ['APPPOOL.NAME', pool],
      ['SITE.NAME', name],
      ['path', path],
    ],
    summary: `applicationPool:${pool}`,
    item: app,
    section: SITES,
    steps: [bySite(site), byPath(app)],
  };
}

function foundVdir(site: Item, app: Item, vdir: Item): Found {
  const [name, appPath, path] = [read(site, 'name'), read(app, 'path'), read(vdir, 'path')];
  const physical = read(vdir, 'physicalPath');
  const id = vdirId(name, appPath, path);
  return {
    kind: 'VDIR',
    id,
    facts: [
      ['VDIR.NAME', id],
      ['physicalPath', physical],
      ['path', path],
      ['APP.NAME', appId(name, appPath)],
    ],
    summary: `physicalPath:${physical}`,
    item: vdir,
    section: SITES,
    steps: [bySite(site), byPath(app), byPath(vdir)],
  };
}
