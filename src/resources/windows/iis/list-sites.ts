import type { ReadIo } from '../../../engine/model/io.ts';
import type { ListQuery } from '../../../engine/model/resource-type.ts';
import { childrenNamed, type XmlElement } from '../../../io/xml.ts';
import { writtenSettings } from '../../../windows/iis/written-settings.ts';
import { chosen, type Declaration, type Unsaid } from '../../shared/list-declarations.ts';
import { declared, setOf, sorted, states, writtenSites } from './list-iis-objects.ts';

const siteProperties = { id: 'id', serverAutoStart: 'auto_start', 'logFile.directory': 'log_directory' };
const rootProperties = {
  applicationPool: 'app_pool',
  enabledProtocols: 'enabled_protocols',
  preloadEnabled: 'preload_enabled',
};

const at = (element: XmlElement, name: string) => element.attributes.get(name) ?? '';
const nameOf = (site: XmlElement): string => at(site, 'name');
const texts = (own: Record<string, string | number | boolean>, ...names: string[]) =>
  Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, names.includes(name) ? String(value) : value]),
  );

/** Sites with what was set of them and of their root. */
export async function* listSites(query: ListQuery<unknown>, io: ReadIo) {
  const sites = await writtenSites(io);
  const running = sites.length > 0 ? await states(io, 'site') : new Map<string, string>();
  yield* chosen(
    sites.flatMap(site => siteDeclaration(site, running)),
    query,
    'site',
  );
}

function siteDeclaration(site: XmlElement, running: ReadonlyMap<string, string>): (Declaration | Unsaid)[] {
  const settings = writtenSettings(site, ['application', 'bindings']);
  const { own, set } = sorted(settings, siteProperties);
  const { name: _, ...others } = set;
  const root = childrenNamed(site, 'application').find(app => at(app, 'path') === '/');
  const ofRoot = root ? sorted(writtenSettings(root, ['virtualDirectory']), rootProperties).own : {};
  const directory = rootDirectory(root)?.attributes.get('physicalPath');
  const bindings = childrenNamed(childrenNamed(site, 'bindings')[0], 'binding').map(bindingOf);
  const state = running.get(nameOf(site).toLowerCase());
  return declared(
    nameOf(site),
    {
      ...texts(own, 'log_directory'),
      ...(bindings.length > 0 && { bindings }),
      ...(directory !== undefined && { physical_path: directory }),
      ...texts(ofRoot, 'app_pool', 'enabled_protocols'),
      ...(state !== undefined && { state }),
      ...setOf(others),
    },
    settings,
  );
}

function bindingOf(binding: XmlElement) {
  const [protocol, information] = [at(binding, 'protocol'), at(binding, 'bindingInformation')];
  const flags = Number(binding.attributes.get('sslFlags') ?? 0);
  return flags === 0 ? `${protocol}/${information}` : { protocol, information, ssl_flags: flags };
}

const rootDirectory = (app: XmlElement | undefined): XmlElement | undefined =>
  childrenNamed(app, 'virtualDirectory').find(one => at(one, 'path') === '/');

/** Applications below the sites' roots, and a root of which the site can't say everything. */
export async function* listApps(query: ListQuery<unknown>, io: ReadIo) {
  const found = (await writtenSites(io)).flatMap(site =>
    childrenNamed(site, 'application').flatMap(app => appDeclaration(nameOf(site), app)),
  );
  yield* chosen(found, query, 'application');
}

function appDeclaration(site: string, app: XmlElement): (Declaration | Unsaid)[] {
  const settings = writtenSettings(app, ['virtualDirectory']);
  const { own, set } = sorted(settings, rootProperties);
  const { path = '/', ...others } = set;
  const directory = rootDirectory(app)?.attributes.get('physicalPath');
  const title = `${site}${path}`;
  if (path === '/' && Object.keys(others).length === 0) return [];
  const properties =
    path === '/'
      ? {}
      : {
          ...texts(own, 'app_pool', 'enabled_protocols'),
          ...(directory !== undefined && { physical_path: directory }),
        };
  return declared(title, { ...properties, ...setOf(others) }, settings);
}

/** Virtual directories; the one at the root of an application only where it has an account. */
export async function* listVdirs(query: ListQuery<unknown>, io: ReadIo) {
  const found = (await writtenSites(io)).flatMap(site =>
    childrenNamed(site, 'application').flatMap(app =>
      childrenNamed(app, 'virtualDirectory').flatMap(vdir =>
        vdirDeclaration(nameOf(site), at(app, 'path'), vdir),
      ),
    ),
  );
  yield* chosen(found, query, 'virtual directory');
}

function vdirDeclaration(site: string, app: string, vdir: XmlElement): (Declaration | Unsaid)[] {
  const settings = writtenSettings(vdir);
  const { path: _, physicalPath, userName, ...others } = settings.attributes;
  const path = at(vdir, 'path');
  if (path === '/' && userName === undefined && Object.keys(others).length === 0) return [];
  const title = `${site}${app === '/' ? '' : app}${path}`;
  const properties = {
    ...(app !== '/' && { app: `${site}${app}`, path }),
    ...(path !== '/' && physicalPath !== undefined && { physical_path: String(physicalPath) }),
    ...(userName !== undefined && { user_name: String(userName) }),
  };
  const unmanaged = Object.keys(others).map(
    (name): Unsaid => ({
      state: 'unsaid',
      what: `${title}: ${name}`,
      why: 'iis_vdir has no property for it',
    }),
  );
  const isNothing = path === '/' && userName === undefined;
  return [...(isNothing ? [] : declared(title, properties, settings)), ...unmanaged];
}
