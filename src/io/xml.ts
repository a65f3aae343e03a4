import { SaxesParser } from 'saxes';

/**
 * One parsed element. Attribute keys are `{namespace}name`, or the bare name for an attribute
 * without a prefix: `xsi:type` and `type` on one element are two.
 */
export interface XmlElement {
  namespace: string;
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Own character data, concatenated, as sent. */
  text: string;
}

/** The text isn't the XML that was expected. Never carries the text itself. */
export class XmlError extends Error {}

const MAX_DEPTH = 100;
const MAX_ELEMENTS = 2_000_000;

/**
 * Parses a whole document into a tree of elements. Document types are refused, so no entity but
 * the five of XML itself can be named.
 * @throws XmlError
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
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
    if (++elements > MAX_ELEMENTS) throw new XmlError(`more than ${MAX_ELEMENTS} elements`);
    if (open.length >= MAX_DEPTH) throw new XmlError(`nested deeper than ${MAX_DEPTH} elements`);
    const attributes = new Map<string, string>();
    for (const a of Object.values(tag.attributes)) {
      attributes.set(a.uri === '' ? a.local : `{${a.uri}}${a.local}`, a.value);
    }
    const element: XmlElement = { namespace: tag.uri, name: tag.local, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
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
