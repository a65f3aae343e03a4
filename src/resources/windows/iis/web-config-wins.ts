import { type Diagnostic, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import { segments } from '../../../engine/model/pointer.ts';
import type { FieldChange } from '../../../engine/model/resource-type.ts';
import { child, childrenNamed, parseXml, type XmlElement } from '../../../io/xml.ts';
import { settingsOf } from '../../../windows/iis/settings.ts';
import { rootDirectories } from './owned-web-config.ts';

/**
 * The web.config files on the way to a path that say something else of what differs there: they come after
 * applicationHost.config, so writing that changes nothing while they are so. One warning for each file.
 */
export async function webConfigsThatWin(
  path: string,
  section: string,
  fields: readonly FieldChange[],
  io: ReadIo,
): Promise<Diagnostic[]> {
  if (path === '' || fields.length === 0) return [];
  const directories = await rootDirectories(io);
  const parts = path.split('/');
  const warnings: Diagnostic[] = [];
  for (let length = 1; length <= parts.length; length++) {
    const directory = directoryOf(parts.slice(0, length), directories);
    const file = directory && `${directory}/web.config`;
    const root = file && (await readXml(file, io));
    if (!file || !root) continue;
    const found = elementsOf(root, section, parts.slice(length).join('/'));
    const said = [...new Set(found.flatMap(element => saidIn(element, fields)))];
    if (said.length > 0) warnings.push(warning(file, section, said));
  }
  return warnings;
}

/** The directory of the deepest application on the way, and what is below it. */
function directoryOf(parts: readonly string[], directories: ReadonlyMap<string, string>): string | undefined {
  for (let length = parts.length; length > 0; length--) {
    const root = directories.get(`${parts.slice(0, length).join('/')}/`.toLowerCase());
    if (root !== undefined) return [root.replace(/\/$/, ''), ...parts.slice(length)].join('/');
  }
  return undefined;
}

async function readXml(file: string, io: ReadIo): Promise<XmlElement | undefined> {
  try {
    const bytes = await io.files.read(file);
    return bytes && parseXml(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    io.signal.throwIfAborted();
    // What can't be read or is not XML is IIS's to complain about.
    return undefined;
  }
}

/** The section in the file itself, and in a `<location>` of it that is for what lies `below`. */
function elementsOf(root: XmlElement, section: string, below: string): XmlElement[] {
  const places = childrenNamed(root, 'location').filter(({ attributes }) => {
    const path = (attributes.get('path') ?? '').toLowerCase();
    return path === '' || path === '.' || `${below.toLowerCase()}/`.startsWith(`${path}/`);
  });
  return [root, ...places].flatMap(place => {
    const element = section.split('/').reduce<XmlElement | undefined>((at, name) => child(at, name), place);
    return element ? [element] : [];
  });
}

/** What of the differing fields an element says: the names of attributes and of collections. */
function saidIn(element: XmlElement, fields: readonly FieldChange[]): string[] {
  const attributes = settingsOf(element);
  return fields.flatMap(({ path }) => {
    const [kind, name = ''] = segments(path);
    if (kind === 'attributes') return attributes.has(name.toLowerCase()) ? [name] : [];
    if (kind === 'items') return element.children.some(isOfRows) ? ['rows'] : [];
    const collection = element.children.find(one => one.name.toLowerCase() === name.toLowerCase());
    return kind === 'collections' && collection?.children.some(isOfRows) ? [name] : [];
  });
}

/** An element that adds rows, takes one away or clears them; an element with settings alone isn't one. */
const isOfRows = ({ attributes, children, name }: XmlElement): boolean =>
  name === 'clear' || name === 'remove' || attributes.size > 0 || children.length > 0;

const warning = (file: string, section: string, said: readonly string[]): Diagnostic =>
  world(
    'web-config-wins',
    own`${file} says otherwise of ${section} (${said.join(', ')}), and what it says is in force there, whatever applicationHost.config says`,
    {
      hint: own`change it in what is deployed there, or say \`commit: site\` where nobody else writes that file`,
    },
  );
