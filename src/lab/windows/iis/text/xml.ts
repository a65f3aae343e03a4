import { SaxesParser } from 'saxes';

/** An element of a configuration file. Everything in it keeps its place; what is unknown is kept. */
export interface XmlElement {
  kind: 'element';
  name: string;
  attributes: Map<string, string>;
  children: XmlNode[];
}
/** `raw` is a comment or a processing instruction, as it stands. */
export type XmlNode = XmlElement | { kind: 'text'; text: string } | { kind: 'raw'; text: string };

export interface XmlFile {
  /** Byte order mark and line ends as they were found. */
  bom: boolean;
  crlf: boolean;
  nodes: XmlNode[];
  root: XmlElement;
}

export class NotWellFormed extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

export const element = (
  name: string,
  attributes: Iterable<readonly [string, string]> = [],
  children: XmlNode[] = [],
): XmlElement => ({ kind: 'element', name, attributes: new Map(attributes), children });

/** Parses a configuration file; namespaces are plain text to it. Throws NotWellFormed. */
export function parseXml(source: string): XmlFile {
  const top = element('');
  const open = [top];
  const parser = new SaxesParser();
  const add = (node: XmlNode) => open.at(-1)!.children.push(node);
  parser.on('error', error => {
    throw new NotWellFormed(error.message.replace(/^\d+:\d+: /, ''), parser.line);
  });
  parser.on('xmldecl', decl => {
    const encoding = decl.encoding === undefined ? '' : ` encoding="${decl.encoding}"`;
    add({ kind: 'raw', text: `<?xml version="${decl.version ?? '1.0'}"${encoding}?>` });
  });
  parser.on('comment', text => add({ kind: 'raw', text: `<!--${text}-->` }));
  parser.on('processinginstruction', pi => add({ kind: 'raw', text: `<?${pi.target} ${pi.body}?>` }));
  parser.on('doctype', () => {
    throw new NotWellFormed('a document type is not allowed', parser.line);
  });
  parser.on('text', text => add({ kind: 'text', text }));
  parser.on('cdata', text => add({ kind: 'text', text }));
  parser.on('opentag', tag => {
    const made = element(tag.name, Object.entries(tag.attributes));
    add(made);
    open.push(made);
  });
  parser.on('closetag', () => open.pop());
  const bom = source.startsWith('\ufeff');
  parser.write(bom ? source.slice(1) : source).close();
  const root = top.children.find(node => node.kind === 'element')!;
  return { bom, crlf: source.includes('\r\n'), nodes: top.children, root: root as XmlElement };
}

export function printXml(file: XmlFile): string {
  const text = file.nodes.map(printNode).join(file.nodes.some(node => node.kind === 'text') ? '' : '\n');
  // The parser drops white space around the root, which belongs there for people.
  const whole = text.replace(/^(<\?xml[^>]*\?>)(?=\S)/, '$1\n');
  return (file.bom ? '\ufeff' : '') + (file.crlf ? whole.replace(/\r?\n/g, '\r\n') : whole);
}

export function printNode(node: XmlNode): string {
  if (node.kind === 'raw') return node.text;
  if (node.kind === 'text') return node.text.replace(/[&<>]/g, found => ESCAPES[found]!);
  const attributes = [...node.attributes].map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`);
  if (node.children.length === 0) return `<${node.name}${attributes.join('')} />`;
  return `<${node.name}${attributes.join('')}>${node.children.map(printNode).join('')}</${node.name}>`;
}

export const escapeAttribute = (value: string): string =>
  value.replace(/[&<>"\t\r\n]/g, found => ESCAPES[found]!);

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\r': '&#xD;',
  '\n': '&#xA;',
};

export const childElements = (parent: XmlElement): XmlElement[] =>
  parent.children.filter(node => node.kind === 'element');

export const childNamed = (parent: XmlElement | undefined, name: string): XmlElement | undefined =>
  parent && childElements(parent).find(child => child.name === name);

/**
 * Puts a child behind the child element number `index` (default: behind the last one), indented as its
 * siblings are or four spaces deeper than its parent.
 */
export function insertChild(parent: XmlElement, child: XmlElement, depth: number, index?: number): void {
  const indent = '    '.repeat(depth);
  const elements = childElements(parent);
  const before = index === undefined ? undefined : elements[index];
  if (before) {
    const at = parent.children.indexOf(before);
    parent.children.splice(at, 0, child, { kind: 'text', text: `\n${indent}` });
    return;
  }
  const last = parent.children.at(-1);
  if (last?.kind === 'text' && last.text.trim() === '') parent.children.pop();
  parent.children.push({ kind: 'text', text: `\n${indent}` }, child, {
    kind: 'text',
    text: `\n${'    '.repeat(Math.max(0, depth - 1))}`,
  });
}

/** Takes a child out together with the white space in front of it. */
export function removeChild(parent: XmlElement, child: XmlElement): void {
  const at = parent.children.indexOf(child);
  const before = parent.children[at - 1];
  const blank = before?.kind === 'text' && before.text.trim() === '';
  parent.children.splice(blank ? at - 1 : at, blank ? 2 : 1);
  if (childElements(parent).length === 0 && parent.children.every(node => node.kind === 'text'))
    parent.children = [];
}

/** The child of that name, made as the last one when there is none. */
export function ensureChild(parent: XmlElement, name: string, depth: number): XmlElement {
  const found = childNamed(parent, name);
  if (found) return found;
  const made = element(name);
  insertChild(parent, made, depth);
  return made;
}

/** Moves everything inside by so many levels of indentation, as when its element is put elsewhere. */
export function shift(parent: XmlElement, levels: number): void {
  const indent = '    '.repeat(Math.abs(levels));
  for (const node of parent.children) {
    if (node.kind === 'element') shift(node, levels);
    else if (node.kind === 'text' && node.text.trim() === '')
      node.text =
        levels > 0 ? node.text.replace(/\n/g, `\n${indent}`) : node.text.replaceAll(`\n${indent}`, '\n');
  }
}
