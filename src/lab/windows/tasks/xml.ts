import { SaxesParser } from 'saxes';

/** An element of a task: attributes in their order, text only where there are no children. */
export interface Node {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Node[];
  /** Where its tag ends, from 1, as schtasks tells it. */
  line: number;
  column: number;
}

const taskNamespace = 'http://schemas.microsoft.com/windows/2004/02/mit/task';

/** Text that is not a task: `line` and `column` of the mistake. */
export class Malformed extends Error {
  readonly line: number;
  readonly column: number;
  constructor(line: number, column: number, what: string) {
    super(what);
    this.line = line;
    this.column = column;
  }
}

/** Throws Malformed for text that isn't well-formed, or whose root is in another namespace. */
export function parseTask(text: string): Node {
  const parser = new SaxesParser({ xmlns: true });
  const top: Node = { name: '', attributes: {}, text: '', children: [], line: 1, column: 1 };
  const open = [top];
  const here = (what: string) => new Malformed(parser.line, parser.column + 1, what);
  parser.on('error', () => {
    throw here('');
  });
  parser.on('opentag', tag => {
    if (tag.uri !== taskNamespace) throw here(tag.local);
    const attributes = Object.values(tag.attributes).filter(({ name }) => !name.startsWith('xmlns'));
    const node: Node = {
      name: tag.local,
      attributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
      text: '',
      children: [],
      line: parser.line,
      column: parser.column + 1,
    };
    open.at(-1)!.children.push(node);
    open.push(node);
  });
  parser.on('text', piece => {
    open.at(-1)!.text += piece;
  });
  parser.on('cdata', piece => {
    open.at(-1)!.text += piece;
  });
  parser.on('closetag', () => {
    const node = open.pop()!;
    node.text = node.children.length > 0 ? '' : node.text;
  });
  parser.write(text).close();
  return top.children[0]!;
}

export const child = (node: Node | undefined, name: string): Node | undefined =>
  node?.children.find(one => one.name === name);

export const made = (name: string, text: string, children: Node[] = []): Node => ({
  name,
  attributes: {},
  text,
  children,
  line: 0,
  column: 0,
});

/** The text of a child, changed or made. */
export function setChild(node: Node, name: string, text: string): void {
  const found = child(node, name);
  if (found) found.text = text;
  else node.children.push(made(name, text));
}

export function printTask(task: Node): string {
  const lines = ['<?xml version="1.0" encoding="UTF-16"?>'];
  print(task, '', lines);
  return `${lines.join('\r\n')}`;
}

function print(node: Node, indent: string, lines: string[]): void {
  const namespace = indent === '' ? ` xmlns="${taskNamespace}"` : '';
  const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const head = `${indent}<${node.name}${attributes.join('')}${namespace}`;
  if (node.children.length > 0) {
    lines.push(`${head}>`);
    for (const one of node.children) print(one, `${indent}  `, lines);
    lines.push(`${indent}</${node.name}>`);
  } else lines.push(node.text === '' ? `${head} />` : `${head}>${escaped(node.text)}</${node.name}>`);
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
