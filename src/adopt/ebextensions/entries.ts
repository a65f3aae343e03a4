import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
import { needlessKeys } from '../drafts/needs-nothing.ts';
import type { Place } from '../drafts/place-in-file.ts';
import { type Entry, keyOf } from './entry.ts';

type PlaceOf = (node: unknown) => Place;
type Value = Record<string, unknown>;

/** What one section asks for; each key of each entry is part of it, or is left over by itself. */
export function readEntries(section: string, map: YAMLMap, placeOf: PlaceOf): Entry[] {
  const pairs = section.includes('commands') ? sorted(map) : (map.items as Pair[]);
  return pairs.flatMap((pair): Entry[] => {
    const at = placeOf(pair.key);
    const key = keyOf(pair);
    switch (section) {
      case 'packages':
        return packagesOf(key, pair, placeOf);
      case 'sources':
        return [{ kind: 'source', at, directory: key, url: textOf(plainOf(pair)) }];
      case 'files':
        return fileOf(key, pair, placeOf);
      case 'services':
        return servicesOf(key, pair, placeOf);
      default:
        return commandOf(key, pair, placeOf, section === 'container_commands');
    }
  });
}

/** Commands run in the order of their names. */
const sorted = (map: YAMLMap): Pair[] =>
  [...(map.items as Pair[])].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));

const plainOf = ({ value }: Pair): unknown => (value as { toJSON?(): unknown } | null)?.toJSON?.() ?? null;

/** The members of an entry; a leftover when it has none. */
function membersOf(what: string, pair: Pair, placeOf: PlaceOf, why: string): Pair[] | Entry {
  if (isMap(pair.value)) return pair.value.items as Pair[];
  return { kind: 'leftover', at: placeOf(pair.key), what, why };
}

const leftover = (pair: Pair, what: string, why: string, placeOf: PlaceOf): Entry => ({
  kind: 'leftover',
  at: placeOf(pair.key),
  what,
  why,
});

const unknownKey = 'converge does not know this key';

function packagesOf(manager: string, pair: Pair, placeOf: PlaceOf): Entry[] {
  const members = membersOf(manager, pair, placeOf, 'it names no package');
  if (!Array.isArray(members)) return [members];
  return members.map(one => ({
    kind: 'package',
    at: placeOf(one.key),
    manager,
    name: keyOf(one),
    from: isScalar(one.value) || isMap(one.value) ? textOf(plainOf(one) ?? keyOf(one)) : keyOf(one),
  }));
}

function fileOf(path: string, pair: Pair, placeOf: PlaceOf): Entry[] {
  const members = membersOf(path, pair, placeOf, 'it has no text as `content` and no `source`');
  if (!Array.isArray(members)) return [members];
  const entries: Entry[] = [];
  const said: { content?: string; source?: string; encoding?: string } = {};
  let at = placeOf(pair.key);
  for (const one of members) {
    const key = keyOf(one);
    const value = plainOf(one);
    const what = `${key} of ${path}`;
    if ((key === 'content' || key === 'source' || key === 'encoding') && typeof value === 'string') {
      said[key] = value;
      // A block scalar begins on the line after its `|`.
      const isBlock = isScalar(one.value) && /^BLOCK/.test(one.value.type ?? '');
      if (key === 'content')
        at = { ...placeOf(one.value), line: placeOf(one.value).line + (isBlock ? 1 : 0) };
    } else if (key === 'mode' && /^0*12\d{4}$/.test(textOf(value)))
      return [
        leftover(
          pair,
          path,
          `its mode ${textOf(value)} says that it is a link to what is its content`,
          placeOf,
        ),
      ];
    else if (/^(mode|owner|group)$/.test(key))
      entries.push({ kind: 'needless', at: placeOf(one.key), what, needless: 'ignored' });
    else if (key === 'authentication')
      entries.push(
        leftover(one, what, 'the credentials of its download are not part of these files', placeOf),
      );
    else if (key === 'content')
      return [...entries, leftover(pair, path, 'it has no text as `content` and no `source`', placeOf)];
    else
      entries.push(leftover(one, what, key === 'context' ? 'it computes the content' : unknownKey, placeOf));
  }
  if (said.content === undefined && said.source === undefined)
    return [...entries, leftover(pair, path, 'it has no text as `content` and no `source`', placeOf)];
  return [...entries, { kind: 'file', at, path, ...said }];
}

function servicesOf(manager: string, pair: Pair, placeOf: PlaceOf): Entry[] {
  const members = membersOf(manager, pair, placeOf, 'it names no service');
  if (!Array.isArray(members)) return [members];
  if (manager !== 'windows')
    return members.map(one => ({
      kind: 'needless',
      at: placeOf(one.key),
      what: `${manager}: ${keyOf(one)}`,
      needless: 'ignored',
    }));
  return members.flatMap((one): Entry[] => serviceOf(one, placeOf));
}

function serviceOf(pair: Pair, placeOf: PlaceOf): Entry[] {
  const name = keyOf(pair);
  const entries: Entry[] = [];
  const said: { enabled?: boolean; ensureRunning?: boolean } = {};
  for (const one of isMap(pair.value) ? (pair.value.items as Pair[]) : []) {
    const key = keyOf(one);
    const text = textOf(plainOf(one));
    const what = `${key} of the service ${name}`;
    const flag = text === 'true' ? true : text === 'false' ? false : undefined;
    if (key === 'enabled' || key === 'ensureRunning') {
      if (flag !== undefined) said[key] = flag;
      else entries.push(leftover(one, `${what}: ${text}`, 'it is neither true nor false', placeOf));
    } else if (/^(files|sources|packages|commands)$/.test(key))
      entries.push(
        leftover(
          one,
          `${what}: ${text}`,
          'it is restarted when these change: say so with `subscribe:`',
          placeOf,
        ),
      );
    else entries.push(leftover(one, `${what}: ${text}`, unknownKey, placeOf));
  }
  const at = placeOf(pair.key);
  if (Object.keys(said).length > 0) return [{ kind: 'service', at, name, ...said }, ...entries];
  if (entries.length > 0) return entries;
  return isMap(pair.value) || plainOf(pair) === null
    ? [{ kind: 'needless', at, what: `service ${name}`, needless: 'empty' }]
    : [leftover(pair, `service ${name}: ${textOf(plainOf(pair))}`, 'it is not a map', placeOf)];
}

function commandOf(name: string, pair: Pair, placeOf: PlaceOf, isContainer: boolean): Entry[] {
  const members = membersOf(name, pair, placeOf, 'it has no `command`');
  if (!Array.isArray(members)) return [members];
  const entries: Entry[] = [];
  const conditions: string[] = [];
  const command: { text?: string; at?: Place; cwd?: string; env?: { text: string; at: Place } } = {};
  for (const one of members) {
    const key = keyOf(one);
    const value = plainOf(one);
    const text = textOf(value);
    const at = placeOf(one.value ?? one.key);
    if (key === 'command') {
      const line = Array.isArray(value) ? value.map(quoteIfNeeded).join(' ') : value;
      if (typeof line === 'string') Object.assign(command, { text: line, at });
    } else if (key === 'cwd' && typeof value === 'string') command.cwd = value;
    else if (key === 'env') command.env = { text: variables(value), at: placeOf(one.key) };
    else if (key === 'test')
      conditions.push(`it runs only when its test succeeds, and nothing here evaluates it: ${text}`);
    else if (isContainer && key === 'leader_only') {
      if (text === 'true') conditions.push('it runs on one instance of the environment alone');
    } else if (key === 'waitAfterCompletion' && text === 'forever')
      conditions.push('what comes after it waits until it has restarted the machine');
    else if (!needlessKeys.has(key))
      entries.push(leftover(one, `${key} of ${name}: ${text}`, unknownKey, placeOf));
  }
  const { text, at = placeOf(pair.key), ...rest } = command;
  if (text === undefined) return [...entries, leftover(pair, name, 'it has no `command`', placeOf)];
  const why = conditions.join('; ');
  return [...entries, { kind: 'command', at, name, text, ...rest, ...(why !== '' && { why }) }];
}

const variables = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.entries(value as Value)
        .map(([name, one]) => `${name}=${textOf(one)}`)
        .join(' ')
    : textOf(value);

/** A map may have a member `toString`. */
const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

function quoteIfNeeded(argument: unknown): string {
  const text = textOf(argument);
  return /[\s"]/.test(text) || text === '' ? `"${text.replaceAll('"', '\\"')}"` : text;
}
