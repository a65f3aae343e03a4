import { SaxesParser } from 'saxes';
import { invalidArgument } from './faults.ts';
import { type Ref, ref } from './vim.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** An element by local names; only the two attributes that the API uses are kept, and never confused. */
export interface Element {
  name: string;
  /** Local part of `xsi:type`. */
  xsiType?: string;
  /** The unprefixed `type` of a managed object reference. */
  type?: string;
  text: string;
  children: Element[];
}

/** Parses a document. Throws an Error for text that is not well-formed XML with namespaces. */
export function parseXml(document: string): Element {
  const parser = new SaxesParser({ xmlns: true });
  const open: Element[] = [{ name: '', text: '', children: [] }];
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', tag => {
    const made: Element = { name: tag.local, text: '', children: [] };
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.local !== 'type') continue;
      if (attribute.uri === XSI) made.xsiType = attribute.value.replace(/^.*:/, '');
      else if (attribute.uri === '') made.type = attribute.value;
    }
    open.at(-1)!.children.push(made);
    open.push(made);
  });
  parser.on('text', text => {
    open.at(-1)!.text += text;
  });
  parser.on('cdata', text => {
    open.at(-1)!.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.write(document).close();
  return open[0]!.children[0]!;
}

export const childOf = (element: Element, name: string): Element | undefined =>
  element.children.find(child => child.name === name);

export const childrenOf = (element: Element, name: string): Element[] =>
  element.children.filter(child => child.name === name);

export const textOf = (element: Element, name: string): string | undefined => childOf(element, name)?.text;

/** Throws an InvalidArgument fault when the parameter is missing. */
export function required(element: Element, name: string): string {
  const found = textOf(element, name);
  if (found === undefined) throw invalidArgument(name);
  return found;
}

/** Throws an InvalidArgument fault when the text is not a whole number. */
export function integerOf(element: Element, name: string): number | undefined {
  const found = textOf(element, name)?.trim();
  if (found === undefined) return undefined;
  const number = Number(found);
  if (found === '' || !Number.isSafeInteger(number)) throw invalidArgument(name);
  return number;
}

export const flagOf = (element: Element, name: string): boolean | undefined => {
  const found = textOf(element, name)?.trim();
  return found === undefined ? undefined : found === 'true' || found === '1';
};

export const toRef = (element: Element): Ref => ref(element.type ?? '', element.text.trim());

export const refOf = (element: Element, name: string): Ref | undefined => {
  const found = childOf(element, name);
  return found && toRef(found);
};
