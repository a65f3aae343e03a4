import { SaxesParser } from 'saxes';

/**
 * One parsed element. Attribute keys are `{namespace}name`, or the bare name for an attribute
 * without a prefix: `xsi:type` and `type` on one element are two.
 */
export interface XmlElement {
  namespace: string;
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: readonly XmlElement[];
  /** Own character data, concatenated, as sent. */
  text: string;
}

/** The text isn't the XML that was expected. Never carries the text itself. */
export class XmlError extends Error {}

type Growing = { -readonly [K in keyof XmlElement]: XmlElement[K] };

const MAX_DEPTH = 100;
/** Elements and attributes; each costs some 150 bytes. A listing of a large vCenter has a tenth of them. */
const MAX_NODES = 1_000_000;

/** What most elements have, made once: a Map of its own costs more than all else of an element. */
const noAttributes: ReadonlyMap<string, string> = new Map();
const noChildren: readonly XmlElement[] = Object.freeze([]);

/**
 * Parses a whole document into a tree of elements. Document types are refused, so no entity but
 * the five of XML itself can be named.
 * @throws XmlError
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: Growing[] = [];
  let root: XmlElement | undefined;
  let nodes = 0;
  const append = (data: string) => {
    const top = open.at(-1);
    if (top) top.text += data;
  };
  parser.on('doctype', () => {
    throw new XmlError('a document type declaration is not allowed');
  });
  parser.on('error', error => {
    throw new XmlError(error.message.split('\n')[0] ?? 'not well-formed');
  });
  parser.on('opentag', tag => {
    nodes += 1 + Object.keys(tag.attributes).length;
    if (nodes > MAX_NODES) throw new XmlError(`more than ${MAX_NODES} elements and attributes`);
    if (open.length >= MAX_DEPTH) throw new XmlError(`nested deeper than ${MAX_DEPTH} elements`);
    const attributes = Object.values(tag.attributes).map(
      a => [a.uri === '' ? a.local : `{${a.uri}}${a.local}`, a.value] as const,
    );
    const element: Growing = {
      namespace: tag.uri,
      name: tag.local,
      attributes: attributes.length === 0 ? noAttributes : new Map(attributes),
      children: noChildren,
      text: '',
    };
    const above = open.at(-1);
    if (above?.children === noChildren) above.children = [element];
    else (above?.children as XmlElement[] | undefined)?.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.on('text', append);
  parser.on('cdata', append);
  parser.write(text).close();
  if (!root) throw new XmlError('no element');
  return root;
}

/** The first child of that name, or undefined; `undefined` in, `undefined` out, so that paths chain. */
export const child = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find(c => c.name === name);

export const childrenNamed = (element: XmlElement | undefined, name: string): XmlElement[] =>
  element?.children.filter(c => c.name === name) ?? [];

/** Text of the element reached by `names`, or undefined when one of them is missing. */
export function textAt(element: XmlElement | undefined, ...names: string[]): string | undefined {
  let at = element;
  for (const name of names) at = child(at, name);
  return at?.text;
}
