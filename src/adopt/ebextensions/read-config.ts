import {
  type Alias,
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';

/** A place in the files given, for leftovers and comments. */
export interface Place {
  file: string;
  line: number;
}

/** What one `.config` file asks for, in the order in which Beanstalk does it. */
export type Entry = { at: Place } & (
  | { kind: 'package'; manager: string; name: string; from: string }
  | { kind: 'source'; directory: string; url: string }
  | { kind: 'file'; path: string; content?: string; source?: string; encoding?: string }
  | { kind: 'command'; name: string; text: string; test?: string; container: boolean }
  | { kind: 'service'; name: string; properties: Record<string, unknown> }
  /** Nothing that a manifest could hold, and why. */
  | { kind: 'leftover'; what: string; why: string }
);

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
      { kind: 'leftover', at: { file, line }, what: file, why: `it is no YAML: ${firstLine(error.message)}` },
    ];
  }
  if (document.contents === null) return [];
  const leaveAll = (node: unknown, why: string): Entry[] => [
    { kind: 'leftover', at: placeOf(node), what: file, why },
  ];
  if (!isMap(document.contents)) return leaveAll(document.contents, 'it is no map of sections');
  const alias = firstAlias(document);
  if (alias) return leaveAll(alias, `it repeats parts of itself by \`*${alias.source}\`: write them out`);
  const sections = new Map(document.contents.items.map(pair => [keyOf(pair), pair]));
  const entries: Entry[] = [];
  for (const [name, pair] of sections) {
    if (order.includes(name)) continue;
    const why = elsewhere[name] ?? 'Beanstalk ignores a whole file that has a key it does not know';
    entries.push({ kind: 'leftover', at: placeOf(pair.key), what: name, why });
  }
  for (const name of order) {
    const section = sections.get(name);
    if (section && isMap(section.value)) entries.push(...readSection(name, section.value, placeOf));
    else if (section)
      entries.push({ kind: 'leftover', at: placeOf(section.key), what: name, why: 'it is no map' });
  }
  return entries;
}

function firstAlias(document: Document): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_, alias) {
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function readSection(name: string, map: YAMLMap, placeOf: (node: unknown) => Place): Entry[] {
  const pairs = name.includes('commands') ? sorted(map) : (map.items as Pair[]);
  return pairs.flatMap((pair): Entry[] => {
    const at = placeOf(pair.key);
    const key = keyOf(pair);
    const value = isMap(pair.value) || isScalar(pair.value) ? pair.value.toJSON() : undefined;
    const text = (property: string) =>
      typeof value?.[property] === 'string' ? (value[property] as string) : undefined;
    switch (name) {
      case 'packages':
        return Object.entries((value ?? {}) as object).map(([label, from]) => ({
          kind: 'package',
          at,
          manager: key,
          name: label,
          from: textOf(from),
        }));
      case 'sources':
        return [{ kind: 'source', at, directory: key, url: textOf(value) }];
      case 'files': {
        const body = isMap(pair.value) ? pair.value.get('content', true) : undefined;
        const [content, source, encoding] = [text('content'), text('source'), text('encoding')];
        if (content === undefined && source === undefined)
          return [{ kind: 'leftover', at, what: key, why: 'it has no text as `content` and no `source`' }];
        // A block scalar begins on the line after its `|`.
        const block = isScalar(body) && /^BLOCK/.test(body.type ?? '');
        return [
          {
            kind: 'file',
            at: body ? { ...placeOf(body), line: placeOf(body).line + (block ? 1 : 0) } : at,
            path: key,
            ...(content !== undefined && { content }),
            ...(source !== undefined && { source }),
            ...(encoding !== undefined && { encoding }),
          },
        ];
      }
      case 'services': {
        const all = Object.entries((value ?? {}) as Record<string, Record<string, unknown> | null>);
        return all.map(([name, properties]) => ({ kind: 'service', at, name, properties: properties ?? {} }));
      }
      default: {
        const command = isMap(pair.value) ? pair.value.get('command', true) : undefined;
        const given = (value as Record<string, unknown> | undefined)?.command;
        const test = text('test');
        const line = Array.isArray(given) ? given.map(quoteIfNeeded).join(' ') : given;
        if (typeof line !== 'string')
          return [{ kind: 'leftover', at, what: key, why: 'it has no `command`' }];
        const place = command ? placeOf(command) : at;
        const container = name === 'container_commands';
        return [
          {
            kind: 'command',
            at: place,
            name: key,
            text: line,
            container,
            ...(test !== undefined && { test }),
          },
        ];
      }
    }
  });
}

/** Commands run in the order of their names. */
const sorted = (map: YAMLMap): Pair[] =>
  [...(map.items as Pair[])].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));

const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key).trim();

/** A map may have a member `toString`. */
const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

function quoteIfNeeded(argument: unknown): string {
  const text = textOf(argument);
  return /[\s"]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text;
}

const firstLine = (text: string): string => text.split('\n')[0]!.replace(/:$/, '');
