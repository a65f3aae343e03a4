import { sectionElement } from '../host/host.ts';
import { same } from '../schema/model.ts';
import { childElements, element, insertChild, removeChild, shift, type XmlElement } from '../text/xml.ts';

/** The section in a file for a place relative to it: at the root, or inside of a location tag. */
export function found(root: XmlElement, section: string, relative: string): XmlElement | undefined {
  for (const holder of holders(root, relative)) {
    const there = sectionElement(holder, section, false);
    if (there) return there;
  }
  return undefined;
}

/** The same, made when it isn't there. Gives its depth too. */
export function ensured(
  root: XmlElement,
  section: string,
  relative: string,
): { xml: XmlElement; depth: number } {
  const levels = section.split('/').length;
  for (const holder of holders(root, relative)) {
    const there = sectionElement(holder, section, false);
    if (there) return { xml: there, depth: levels + (holder === root ? 0 : 1) };
  }
  if (relative === '') return { xml: sectionElement(root, section, true)!, depth: levels };
  const location = holders(root, relative).find(each => !each.attributes.has('overrideMode'));
  const holder = location ?? addLocation(root, relative);
  return { xml: sectionElement(holder, section, true, 1)!, depth: levels + 1 };
}

/** Where a section for a place may stand: for the file's own place, also `path=""` and `path="."`. */
function holders(root: XmlElement, relative: string): XmlElement[] {
  const tags = childElements(root).filter(each => each.name === 'location' && same(pathOf(each), relative));
  return relative === '' ? [root, ...tags] : tags;
}

/** As written in the tag: without slashes around it, `.` for nothing. */
export const pathOf = (location: XmlElement): string => {
  const path = (location.attributes.get('path') ?? '').replace(/^\/+|\/+$/g, '');
  return path === '.' ? '' : path;
};

function addLocation(root: XmlElement, path: string, overrideMode?: string): XmlElement {
  const mode = overrideMode === undefined ? [] : [['overrideMode', overrideMode] as const];
  const made = element('location', [['path', path], ...mode]);
  insertChild(root, made, 1);
  return made;
}

/** What location tags of a file say about a section at a place: the last of `Allow`, `Deny`; or nothing. */
export function overrideModeOf(root: XmlElement, section: string, relative: string): string | undefined {
  let mode: string | undefined;
  for (const tag of childElements(root)) {
    if (tag.name !== 'location' || !same(pathOf(tag), relative)) continue;
    if (!sectionElement(tag, section, false)) continue;
    const legacy = tag.attributes.get('allowOverride');
    const said =
      tag.attributes.get('overrideMode') ??
      (legacy === undefined ? undefined : legacy === 'false' ? 'Deny' : 'Allow');
    if (said !== undefined && said !== 'Inherit') mode = said;
  }
  return mode;
}

/** Locks or unlocks a section at a place: it moves, with what it holds, into a tag that says so. */
export function setOverrideMode(
  root: XmlElement,
  section: string,
  relative: string,
  mode: 'Allow' | 'Deny',
): void {
  const old = found(root, section, relative);
  const tag =
    childElements(root).find(
      each =>
        each.name === 'location' &&
        same(pathOf(each), relative) &&
        each.attributes.get('overrideMode') === mode,
    ) ?? addLocation(root, relative, mode);
  const made = sectionElement(tag, section, true, 1)!;
  if (!old || old === made) return;
  made.attributes = old.attributes;
  made.children = old.children;
  // From the root into a tag is one level deeper.
  if (sectionElement(root, section, false) === old) shift(made, 1);
  cut(root, old);
}

/** Takes a section out of a file, with location tags that it leaves empty. */
export function cut(parent: XmlElement, section: XmlElement): boolean {
  for (const child of childElements(parent)) {
    if (child === section) {
      removeChild(parent, child);
      return true;
    }
    if (!cut(child, section)) continue;
    if (child.children.length === 0 && emptyable(child)) removeChild(parent, child);
    return true;
  }
  return false;
}

const emptyable = (xml: XmlElement): boolean =>
  xml.name === 'location' || (xml.attributes.size === 0 && xml.name !== 'configuration');
