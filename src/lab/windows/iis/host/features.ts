import type { Machine } from '../../machine/machine.ts';
import { same } from '../schema/model.ts';
import {
  childElements,
  childNamed,
  element,
  ensureChild,
  insertChild,
  parseXml,
  printXml,
  removeChild,
  type XmlElement,
} from '../text/xml.ts';
import { DEFAULT_CONFIG } from './default-config.ts';
import { type Brings, FEATURES, HOST_SECTIONS } from './feature-table.ts';
import { sectionElement } from './host.ts';
import { REGISTRATIONS, type Registration } from './registrations.ts';
import { CONFIG_DIRECTORY, HOST_CONFIG } from './store.ts';

export const APPCMD = 'C:\\Windows\\System32\\inetsrv\\appcmd.exe';
const ROOT = 'C:\\inetpub\\wwwroot';

/**
 * Told after a Windows feature was enabled or disabled, with its name for DISM, or `URL Rewrite` and
 * `Application Request Routing` after their installers. The web server brings appcmd.exe and its
 * configuration, other features their sections and modules. The configuration outlives the web server, as on
 * Windows.
 */
export async function iisFeatureChanged(machine: Machine, name: string, enabled: boolean): Promise<void> {
  const { files } = machine;
  const base = same(name, 'IIS-WebServerRole') || same(name, 'IIS-WebServer');
  const feature = Object.keys(FEATURES).find(each => same(each, name));
  if (base && !enabled) return files.remove(APPCMD);
  if (!base && feature === undefined) return;
  let config = await files.read(HOST_CONFIG);
  if (!config || (enabled && !(await files.stat(APPCMD)))) {
    await files.mkdir(CONFIG_DIRECTORY, { recursive: true });
    await files.mkdir(ROOT, { recursive: true });
    await files.writeAtomic(APPCMD, Buffer.from('appcmd.exe of the lab\r\n'));
    await files.writeAtomic(`${ROOT}\\iisstart.htm`, Buffer.from('<html><body>IIS</body></html>\r\n'));
  }
  config ??= Buffer.from(DEFAULT_CONFIG);
  const file = parseXml(config.toString('utf8'));
  for (const section of HOST_SECTIONS) register(file.root, section);
  bring(file.root, FEATURES['IIS-WebServer']!);
  if (feature !== undefined && !base) (enabled ? bring : take)(file.root, FEATURES[feature]!);
  await files.writeAtomic(HOST_CONFIG, Buffer.from(printXml(file)));
}

/** The sections that a configuration registers. */
export function registered(root: XmlElement): Map<string, Registration> {
  const found = new Map<string, Registration>();
  const walk = (group: XmlElement, path: string) => {
    for (const child of childElements(group)) {
      const name = path + (child.attributes.get('name') ?? '');
      if (child.name === 'sectionGroup') walk(child, `${name}/`);
      else if (child.name === 'section') {
        const allowed = child.attributes.get('allowDefinition');
        const mode = child.attributes.get('overrideModeDefault') === 'Deny' ? 'Deny' : 'Allow';
        found.set(name, {
          overrideModeDefault: mode,
          ...(allowed === 'AppHostOnly' || allowed === 'MachineToApplication'
            ? { allowDefinition: allowed }
            : {}),
        });
      }
    }
  };
  const sections = childNamed(root, 'configSections');
  if (sections) walk(sections, '');
  return found;
}

function register(root: XmlElement, section: string): void {
  if (registered(root).has(section)) return;
  const [name, ...groups] = section.split('/').reverse() as [string, ...string[]];
  let at = ensureChild(root, 'configSections', 1);
  let depth = 2;
  for (const group of groups.reverse()) {
    const found = childElements(at).find(each => each.attributes.get('name') === group);
    const made = found ?? element('sectionGroup', [['name', group]]);
    if (!found) insertChild(at, made, depth);
    at = made;
    depth++;
  }
  const { allowDefinition, overrideModeDefault } = REGISTRATIONS[section]!;
  const allowed = allowDefinition === undefined ? [] : [['allowDefinition', allowDefinition] as const];
  insertChild(
    at,
    element('section', [['name', name], ...allowed, ['overrideModeDefault', overrideModeDefault]]),
    depth,
  );
}

function unregister(root: XmlElement, section: string): void {
  const walk = (group: XmlElement, [head, ...rest]: string[]): void => {
    const found = childElements(group).find(each => each.attributes.get('name') === head);
    if (found && rest.length === 0) removeChild(group, found);
    else if (found) walk(found, rest);
  };
  const sections = childNamed(root, 'configSections');
  if (sections) walk(sections, section.split('/'));
}

const path = (section: string) => `system.webServer/${section}`;

function bring(root: XmlElement, { sections = [], modules = [], content }: Brings): void {
  for (const section of sections) register(root, path(section));
  const server = ensureChild(root, 'system.webServer', 1);
  if (content !== undefined) graft(server, parseXml(`<x>${content}</x>`).root, 2);
  for (const [name, dll] of modules) {
    const image = `%windir%\\System32\\inetsrv\\${dll}`;
    addNamed(ensureChild(server, 'globalModules', 2), name, [['image', image]], 3);
    addNamed(modulesOf(root), name, [['lockItem', 'true']], 4);
  }
}

function take(root: XmlElement, { sections = [], modules = [] }: Brings): void {
  const needed = new Set(stillEnabled(root).flatMap(each => each.sections ?? []));
  for (const section of sections) {
    if (needed.has(section)) continue;
    unregister(root, path(section));
    const parent = sectionElement(root, path(section).replace(/\/[^/]+$/, ''), false);
    const found = parent && childNamed(parent, section.replace(/^.*\//, ''));
    if (found) removeChild(parent, found);
  }
  const globals = childNamed(childNamed(root, 'system.webServer'), 'globalModules');
  for (const holder of [globals, modulesOf(root)])
    for (const child of holder ? childElements(holder) : [])
      if (modules.some(([name]) => name === child.attributes.get('name'))) removeChild(holder!, child);

  function stillEnabled(of: XmlElement): Brings[] {
    const present = childElements(childNamed(childNamed(of, 'system.webServer'), 'globalModules')!).map(
      each => each.attributes.get('name'),
    );
    const others = Object.values(FEATURES).filter(each => each.modules !== modules);
    return others.filter(each => each.modules?.some(([name]) => present.includes(name)));
  }
}

/** Adds what isn't there; what somebody changed stays. */
function graft(into: XmlElement, from: XmlElement, depth: number): void {
  for (const child of childElements(from)) {
    const found = childNamed(into, child.name);
    if (!found) insertChild(into, pretty(child, depth), depth);
    else if (['security', 'authentication', 'tracing', 'httpCompression'].includes(child.name))
      graft(found, child, depth + 1);
  }
}

function pretty(from: XmlElement, depth: number): XmlElement {
  const made = element(from.name, from.attributes);
  for (const child of childElements(from)) insertChild(made, pretty(child, depth + 1), depth + 1);
  return made;
}

/** The template keeps modules in a location tag of its own, where they are unlocked. */
function modulesOf(root: XmlElement): XmlElement {
  const inside = childElements(root)
    .filter(each => each.name === 'location' && each.attributes.get('path') === '')
    .map(each => sectionElement(each, 'system.webServer/modules', false))
    .find(each => each !== undefined);
  return inside ?? ensureChild(ensureChild(root, 'system.webServer', 1), 'modules', 2);
}

function addNamed(holder: XmlElement, name: string, more: [string, string][], depth: number): void {
  if (childElements(holder).some(each => each.attributes.get('name') === name)) return;
  insertChild(holder, element('add', [['name', name], ...more]), depth);
}
