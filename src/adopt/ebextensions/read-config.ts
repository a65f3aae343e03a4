import {
  type Document,
  isMap,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Place } from '../drafts/place-in-file.ts';
import { readEntries } from './entries.ts';
import { type Entry, keyOf } from './entry.ts';

/** Beanstalk's order: packages, sources, files, commands, services, container_commands. */
const order = ['packages', 'sources', 'files', 'commands', 'services', 'container_commands'];

const elsewhere: Record<string, string> = {
  option_settings: 'belongs to the environment, not to the instance: it stays where it is',
  Resources: 'makes AWS resources with the environment: it stays where it is',
  Outputs: 'belongs to the CloudFormation stack: it stays where it is',
  Mappings: 'belongs to the CloudFormation stack: it stays where it is',
  groups: 'Windows platforms ignore it',
  users: 'Windows platforms ignore it',
};

/** Reads one file, YAML or JSON. Whatever can't be read is a leftover; nothing is thrown. */
export function readConfig(file: string, text: string): Entry[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const placeOf = (node: unknown): Place => ({
    file,
    line: lines.linePos((node as Node | undefined)?.range?.[0] ?? 0).line,
  });
  const [error] = document.errors;
  if (error) {
    const line = error.linePos?.[0].line ?? 1;
    return [
      {
        kind: 'leftover',
        at: { file, line },
        what: file,
        why: `it is not YAML: ${firstLine(error.message)}`,
      },
    ];
  }
  if (document.contents === null) return [];
  const leaveAll = (node: unknown, why: string): Entry[] => [
    { kind: 'leftover', at: placeOf(node), what: file, why },
  ];
  if (!isMap(document.contents)) return leaveAll(document.contents, 'it is not a map of sections');
  const odd = firstOdd(document);
  if (odd) return leaveAll(odd.node, odd.why);
  const sections = new Map(document.contents.items.map(pair => [keyOf(pair as Pair), pair as Pair]));
  const entries: Entry[] = [];
  for (const [name, pair] of sections) {
    if (order.includes(name)) continue;
    const why = elsewhere[name] ?? 'Beanstalk ignores a whole file that has a key it does not know';
    entries.push({ kind: 'leftover', at: placeOf(pair.key), what: name, why });
  }
  for (const name of order) {
    const section = sections.get(name);
    const value = section?.value as YAMLMap | undefined;
    if (section && isMap(value)) entries.push(...readEntries(name, value, placeOf));
    else if (section)
      entries.push({ kind: 'leftover', at: placeOf(section.key), what: name, why: 'it is not a map' });
  }
  return entries;
}

/** What says something twice, or by a computation. */
function firstOdd(document: Document): { node: Node; why: string } | undefined {
  let found: { node: Node; why: string } | undefined;
  visit(document, {
    Alias(_, node) {
      found = { node, why: `it repeats parts of itself by \`*${node.source}\`: write them out` };
      return visit.BREAK;
    },
    Node(_, node) {
      if (node.tag === undefined || node.tag.startsWith('tag:yaml.org,2002:')) return undefined;
      found = { node: node as Node, why: `it has a tag (${node.tag}), and nothing here is evaluated` };
      return visit.BREAK;
    },
  });
  return found;
}

const firstLine = (text: string): string => text.split('\n')[0]!.replace(/:$/, '');
