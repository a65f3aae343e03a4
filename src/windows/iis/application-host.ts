import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import { child, childrenNamed, parseXml, type XmlElement, XmlError } from '../../io/xml.ts';
import { system32 } from '../tools/programs.ts';

/**
 * A section as it is written at one place of applicationHost.config, which says nothing of what is inherited.
 */
export interface WrittenSection {
  /** `Site/app`; '' is the server. */
  path: string;
  /** `system.webServer/urlCompression` */
  name: string;
  element: XmlElement;
  /** `<location overrideMode="Allow">`: what is below may have values of its own. */
  unlocked: boolean;
}

/**
 * The root element of applicationHost.config; undefined without IIS. Rejects with a Failure when it can't be
 * read or is on a share, where it is the configuration of other machines as well.
 */
export async function readApplicationHost(io: ReadIo): Promise<XmlElement | undefined> {
  const file = (name: string) => system32(io, 'inetsrv', 'config', name);
  const path = file('applicationHost.config');
  try {
    const redirection = (await io.files.read(file('redirection.config')))?.toString('utf8') ?? '';
    if (/<configurationRedirection\b[^>]*\benabled\s*=\s*"true"/i.test(redirection))
      throw new Failure(
        world('iis-shared-configuration', 'the configuration of this IIS is shared with other machines', {
          hint: 'it is on the share that redirection.config names: write its manifest by hand',
        }),
      );
    const bytes = await io.files.read(path);
    return bytes && parseXml(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    if (error instanceof XmlError)
      throw new Failure(world('iis-unreadable', own`${path} is not XML: ${error.message}`));
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Failure(
      world('access-denied', own`${path} can't be read: ${code}`, {
        hint: own`run converge as an administrator`,
      }),
    );
  }
}

/** All sections that the file has, in its order; `<location>` by its path. */
export function sectionsIn(root: XmlElement): WrittenSection[] {
  const names = registered(child(root, 'configSections'));
  const below = (
    parent: XmlElement,
    prefix: string,
    place: Pick<WrittenSection, 'path' | 'unlocked'>,
  ): WrittenSection[] =>
    parent.children.flatMap(element => {
      const name = `${prefix}${element.name}`;
      return names.has(name) ? [{ ...place, name, element }] : below(element, `${name}/`, place);
    });
  const groups = new Set([...names].map(name => name.split('/')[0]!));
  const of = (parent: XmlElement, place: Pick<WrittenSection, 'path' | 'unlocked'>) =>
    parent.children
      .filter(({ name }) => groups.has(name))
      .flatMap(group => below(group, `${group.name}/`, place));
  const locations = childrenNamed(root, 'location').flatMap(location => {
    const { attributes } = location;
    const path = (attributes.get('path') ?? '').replace(/^MACHINE\/WEBROOT\/APPHOST\/?/i, '');
    return of(location, { path, unlocked: attributes.get('overrideMode') === 'Allow' });
  });
  return [...of(root, { path: '', unlocked: false }), ...locations];
}

/** `<sectionGroup name="a"><section name="b">` registers `a/b`. */
function registered(parent: XmlElement | undefined, prefix = ''): Set<string> {
  const sections = childrenNamed(parent, 'section').map(one => `${prefix}${one.attributes.get('name')}`);
  const nested = childrenNamed(parent, 'sectionGroup').flatMap(group => [
    ...registered(group, `${prefix}${group.attributes.get('name')}/`),
  ]);
  return new Set([...sections, ...nested]);
}
