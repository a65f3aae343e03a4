import { SaxesParser } from 'saxes';

/** An element of a parsed document: local name, text directly inside, child elements in order. */
export interface Element {
  name: string;
  text: string;
  children: Element[];
}

/**
 * Parses a document, namespaces ignored, document types refused (no entity expansion).
 * Returns undefined when it is not well-formed.
 */
export function parseXml(text: string): Element | undefined {
  const parser = new SaxesParser({ xmlns: true });
  const root: Element = { name: '', text: '', children: [] };
  const stack = [root];
  let broken = false;
  parser.on('error', () => {
    broken = true;
  });
  parser.on('doctype', () => {
    broken = true;
  });
  parser.on('opentag', tag => {
    const element: Element = { name: tag.local, text: '', children: [] };
    stack.at(-1)?.children.push(element);
    stack.push(element);
  });
  const addText = (value: string) => {
    const top = stack.at(-1);
    if (top) top.text += value;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    stack.pop();
  });
  parser.write(text).close();
  return broken ? undefined : root.children[0];
}

/** First child of that name. */
export const child = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find(each => each.name === name);
/** Text of the first child of that name, white space around it removed. */
export const textOf = (element: Element | undefined, name: string): string | undefined =>
  child(element, name)?.text.trim();
export const childrenOf = (element: Element | undefined, name: string): Element[] =>
  element?.children.filter(each => each.name === name) ?? [];

/** What `toXml` writes: undefined is left out, an array repeats its element. */
export type Tree = string | number | boolean | undefined | { [name: string]: Tree } | Tree[];

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// A control character has no form in XML 1.0 but a reference, which is what S3 sends for keys.
const escapeText = (text: string) =>
  text.replace(/[&<>"]|[^\P{Cc}\t\n]/gu, c => entities[c] ?? `&#x${c.charCodeAt(0).toString(16)};`);

function write(name: string, value: Tree): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map(each => write(name, each)).join('');
  return `<${name}>${typeof value === 'object' ? body(value) : escapeText(String(value))}</${name}>`;
}
const body = (tree: { [name: string]: Tree }) =>
  Object.entries(tree)
    .map(([name, value]) => write(name, value))
    .join('');

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** A document in S3's namespace. */
export const toXml = (root: string, content: { [name: string]: Tree }): string =>
  `${declaration}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body(content)}</${root}>`;
/** An error document has no namespace. */
export const errorXml = (content: { [name: string]: Tree }): string =>
  `${declaration}<Error>${body(content)}</Error>`;
