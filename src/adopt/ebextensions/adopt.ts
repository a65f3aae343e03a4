import type { Json } from '../../engine/model/catalog.ts';
import { holdsSecret } from '../../resources/shared/secret-names.ts';
import { linesOf } from '../commands/cmd-line.ts';
import { nameRules } from '../commands/firewall-rules.ts';
import { rowOf, saysSomething, withoutEmpty } from '../commands/sections.ts';
import type { CollectionChange } from '../drafts/appcmd-arguments.ts';
import { type Draft, Drafts, type Leftover, type Unhandled } from '../drafts/drafts.ts';
import { pathKey } from '../drafts/paths.ts';
import type { Place } from '../drafts/place-in-file.ts';
import type { Entry } from './entry.ts';
import { addFolders } from './folders.ts';
import { interpretLine, type Script } from './interpret.ts';
import { readConfig } from './read-config.ts';

/** One resource, as a manifest would declare it. */
export interface AdoptedResource {
  type: string;
  title: string;
  properties: { [key: string]: Json };
  /** Where it came from: `a.config:3,7 b.config:1`. */
  note: string;
}

export interface Adopted {
  resources: AdoptedResource[];
  /** By file and line. */
  leftovers: Leftover[];
  /** Environment variables that the manifest asks for its secrets. */
  secrets: string[];
}

/**
 * Turns Beanstalk's `.ebextensions` into resources and an honest list of what they don't hold: every key,
 * switch, condition and line ends in a resource, in the leftovers, or is one of what `needs-nothing.ts`
 * lists. Commands are read, never run; the order of commands gives way to what the resources need.
 * @param files names as they are to be shown, with their texts
 */
export function adoptEbextensions(files: readonly { name: string; text: string }[]): Adopted {
  const drafts = new Drafts();
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = sorted.flatMap(({ name, text }) => readConfig(name, text));
  const scripts = new Map<string, Script>();
  for (const entry of entries) {
    if (entry.kind === 'file' && entry.content !== undefined && /\.(cmd|bat|ps1)$/i.test(entry.path))
      scripts.set(pathKey(entry.path), { path: entry.path, text: entry.content, at: entry.at });
  }
  for (const entry of entries) if (entry.kind !== 'file') take(entry, drafts, scripts);
  for (const entry of entries) if (entry.kind === 'file') takeFile(entry, drafts, scripts);
  finish(drafts);
  nameRules(drafts);
  addFolders(drafts);
  return {
    resources: drafts.all().map(({ type, title, properties, from }) => ({
      type,
      title,
      properties: properties as { [key: string]: Json },
      note: cameFrom(from),
    })),
    leftovers: drafts.leftovers.sort((a, b) =>
      a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
    ),
    secrets: [...drafts.secrets.keys()].sort(),
  };
}

function take(entry: Exclude<Entry, { kind: 'file' }>, drafts: Drafts, scripts: Map<string, Script>): void {
  const { at } = entry;
  const leave = (what: string, why: string) => drafts.leave(at, what, { why });
  switch (entry.kind) {
    case 'leftover':
      leave(entry.what, entry.why);
      break;
    case 'needless':
      drafts.leave(at, entry.what, { needless: entry.needless });
      break;
    case 'command':
      takeCommand(entry, drafts, scripts);
      break;
    case 'package':
      leave(
        `${entry.manager}: ${entry.name}`,
        `whether ${entry.from} is installed shows only by its product code: declare a \`package\` with it`,
      );
      break;
    case 'source': {
      const { directory, url } = entry;
      if (hasTemplate(url)) leave(directory, 'its URL is computed, and nothing here is evaluated');
      else if (holdsSecret(url)) leave(directory, 'its URL holds a secret, and `archive` takes none');
      else if (!/\.zip$/i.test(url)) leave(directory, `only zip archives are known: ${url}`);
      else if (drafts.beside('archive', directory, at, { source: url, ...insecure(url) }) !== undefined)
        leave(directory, `another archive is extracted there already, and \`archive\` takes one: ${url}`);
      break;
    }
    case 'service': {
      const { name, enabled, ensureRunning } = entry;
      // cfn-init sets a service that isn't enabled to be started by hand (aws-cfn-bootstrap, service_tools).
      drafts.set('service', name, at, {
        ...(ensureRunning !== undefined && { state: ensureRunning ? 'running' : 'stopped' }),
        ...(enabled !== undefined && { startup: enabled ? 'automatic' : 'manual' }),
      });
    }
  }
}

function takeCommand(
  entry: Extract<Entry, { kind: 'command' }>,
  drafts: Drafts,
  scripts: Map<string, Script>,
): void {
  const { at, name, text, cwd, env, why } = entry;
  const said = linesOf(text).filter(({ line }) => line.trim() !== '');
  const lines = said.map(({ line }) => line);
  const all =
    why === undefined &&
    lines
      .map(line => interpretLine(line, drafts, at, { scripts, ...(cwd !== undefined && { cwd }) }))
      .every(Boolean);
  if (why !== undefined) drafts.leave(at, text.trim(), { why });
  if (cwd !== undefined && !all)
    drafts.leave(at, `cwd of ${name}: ${cwd}`, { why: 'what is left over of it runs there' });
  const unhandled: Unhandled = all
    ? { needless: 'environment' }
    : { why: 'what is left over of it reads them' };
  if (env) drafts.leave(env.at, `env of ${name}: ${env.text}`, unhandled);
}

/** A script that was taken over whole is not needed any more; other files are resources. */
function takeFile(
  entry: Extract<Entry, { kind: 'file' }>,
  drafts: Drafts,
  scripts: Map<string, Script>,
): void {
  const { at, path, content = '', source, encoding } = entry;
  const leave = (why: string) => drafts.leave(at, path, { why });
  if (encoding !== undefined && !/^(plain|base64)$/.test(encoding))
    leave(`its encoding ${encoding} is not known`);
  else if (scripts.get(pathKey(path))?.understood) drafts.leave(at, path, { needless: 'script' });
  else if (source !== undefined && hasTemplate(source))
    leave('its URL is computed, and nothing here is evaluated');
  else if (source !== undefined && holdsSecret(source))
    leave('its URL holds a secret, and `download` takes none');
  else if (source !== undefined) drafts.set('download', path, at, { url: source, ...insecure(source) });
  else if (hasTemplate(content)) leave('its content is computed, and nothing here is evaluated');
  else if (encoding === 'base64')
    leave('its content is encoded: save it beside the manifest and name it with `source:`');
  else {
    const name = path.split(/[\\/]/).at(-1)!;
    drafts.set('file', path, at, {
      content: holdsSecret(content) ? drafts.secret(pathKey(path), name) : content,
    });
  }
}

/** Rows that were to be removed and are there after all, and drafts that say nothing in the end. */
function finish(drafts: Drafts): void {
  for (const { title, change, at } of drafts.removed) {
    const draft = drafts.known('iis_config', title);
    if (draft && isThere(draft, change)) continue;
    const row = Object.entries(change.nested?.item ?? change.item).map(([name, value]) => `${name}=${value}`);
    const why =
      'a row to be removed that nothing here adds: to have it gone, list the others with `mode: exact`';
    drafts.leave(at, `${title}: ${row.join(', ')}`, { why });
  }
  for (const draft of drafts.all()) {
    const names = draft.properties.names as string[] | undefined;
    if (draft.type === 'windows_feature' && names?.length === 0) drafts.drop(draft);
    if (draft.type !== 'iis_config') continue;
    withoutEmpty(draft);
    if (!saysSomething(draft)) drafts.drop(draft);
  }
}

function isThere(draft: Draft, change: CollectionChange): boolean {
  const row = rowOf(draft, change);
  if (!row || !change.nested) return row !== undefined;
  const { collection, item } = change.nested;
  const below = { ...draft, properties: { items: row[collection] } };
  return rowOf(below, { ...change, collection: '', item }) !== undefined;
}

/** What was fetched unencrypted and unchecked is so still, in plain sight. */
const insecure = (url: string) => (/^http:/i.test(url) ? { allow_insecure: true } : {});

/** Beanstalk's ways to compute text: functions in backticks, and mustaches. */
const hasTemplate = (text: string): boolean => /`\s*\{|\{\{/.test(text);

/** `a.config:3,7 b.config:1` */
function cameFrom(places: readonly Place[]): string {
  const lines = new Map<string, number[]>();
  for (const { file, line } of places) lines.set(file, [...(lines.get(file) ?? []), line]);
  return [...lines].map(([file, all]) => `${file}:${all.join(',')}`).join(' ');
}
