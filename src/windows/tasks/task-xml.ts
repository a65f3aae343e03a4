import type { XmlElement } from '../../io/xml.ts';

/** Of the Task Scheduler's schema ([MS-TSCH] 2.5). */
const namespace = 'http://schemas.microsoft.com/windows/2004/02/mit/task';

export const element = (
  name: string,
  content: string | XmlElement[] = '',
  attributes: Record<string, string> = {},
): XmlElement => ({
  namespace,
  name,
  attributes: new Map(Object.entries(attributes)),
  children: typeof content === 'string' ? [] : content,
  text: typeof content === 'string' ? content : '',
});

/** `parent` with `added` in the place of its child of that name, or behind the others. */
export function withChild(parent: XmlElement, added: XmlElement): XmlElement {
  const at = parent.children.findIndex(({ name }) => name === added.name);
  return { ...parent, children: at < 0 ? [...parent.children, added] : parent.children.with(at, added) };
}

/** As withChild with a text; undefined takes the child away. */
export const withText = (parent: XmlElement, name: string, text: string | undefined): XmlElement =>
  text === undefined
    ? { ...parent, children: parent.children.filter(one => one.name !== name) }
    : withChild(parent, element(name, text));

/** The document as a .NET or COM string holds it, and with a byte order mark in UTF-16LE as a file. */
export const printTask = (task: XmlElement): string =>
  `<?xml version="1.0" encoding="UTF-16"?>\r\n${print(task, '')}`;

function print(one: XmlElement, around: string): string {
  const own = [...one.attributes].filter(([name]) => !/^\{|^xmlns/.test(name));
  const all = one.namespace === around ? own : [...own, ['xmlns', one.namespace] as const];
  const head = `<${one.name}${all.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')}`;
  const content =
    one.children.length > 0
      ? one.children.map(child => print(child, one.namespace)).join('')
      : escaped(one.text);
  return content === '' ? `${head} />` : `${head}>${content}</${one.name}>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, char => entities[char]!).replace(/[\t\n\r]/g, char => `&#${char.charCodeAt(0)};`);
