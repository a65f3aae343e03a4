import { EXIT } from './messages.ts';
import { escapeAttribute, printNode, type XmlElement } from './xml.ts';

/** What a command printed and how it ended. */
export interface Result {
  exitCode: number;
  lines: string[];
}

/** One object of a list. */
export interface Row {
  kind: string;
  id: string;
  facts: [name: string, value: string][];
  summary: string;
  /** The object's configuration: with `all`, everything that takes effect; `alone`, not inside of `/xml`. */
  config(all: boolean, alone: boolean): XmlElement;
  /** One property, or undefined for one that the object doesn't have. */
  property(name: string): string | undefined;
}

export interface Output {
  xml: boolean;
  config?: 'set' | 'all';
  text?: string;
}

/** Nothing found is exit code 1, whatever was asked. */
export function show(rows: Row[], output: Output): Result {
  return {
    exitCode: rows.length === 0 ? EXIT.nothingFound : 0,
    lines: output.xml ? xml(rows, output) : plain(rows, output),
  };
}

function xml(rows: Row[], output: Output): string[] {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<appcmd>'];
  for (const row of rows) {
    const facts = row.facts.map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
    if (output.config === undefined) lines.push(`    <${row.kind}${facts} />`);
    else
      lines.push(
        `    <${row.kind}${facts}>`,
        ...indented(printNode(row.config(output.config === 'all', false)), '        '),
        `    </${row.kind}>`,
      );
  }
  return [...lines, '</appcmd>'];
}

function plain(rows: Row[], output: Output): string[] {
  if (output.text === '*') return rows.flatMap(tree);
  if (output.text !== undefined) {
    const name = output.text;
    return rows.flatMap(row => row.property(name) ?? []);
  }
  if (output.config !== undefined)
    return rows.flatMap(row => indented(printNode(row.config(output.config === 'all', true)), ''));
  return rows.map(row => `${row.kind} "${row.id}"${row.summary === '' ? '' : ` (${row.summary})`}`);
}

const indented = (text: string, indent: string): string[] => text.split('\n').map(line => indent + line);

function tree(row: Row): string[] {
  return [
    row.kind,
    ...row.facts.map(([name, value]) => `  ${name}: ${value}`),
    ...branch(row.config(true, false), '  '),
  ];
}

function branch(element: XmlElement, indent: string): string[] {
  return [
    `${indent}[${element.name}]`,
    ...[...element.attributes].map(([name, value]) => `${indent}  ${name}:"${value}"`),
    ...element.children.flatMap(child => (child.kind === 'element' ? branch(child, `${indent}  `) : [])),
  ];
}
