import type { Json } from '../../engine/model/catalog.ts';
import { linesOf } from './cmd-line.ts';
import { Drafts, type Leftover } from './drafts.ts';
import { addFolders } from './folders.ts';
import { interpretLine, pathKey, type Script } from './interpret.ts';
import { type Entry, type Place, readConfig } from './read-config.ts';
import { holdsSecret } from './secrets.ts';
import { rowOf } from './sections.ts';

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
 * Turns Beanstalk's `.ebextensions` into resources and an honest list of what they don't hold.
 * Commands are read, never run; the order of commands gives way to what the resources need.
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
  for (const { draft, change, at } of drafts.removed) {
    if (rowOf(draft, change)) continue;
    const row = Object.entries(change.item).map(([name, value]) => `${name}=${value}`);
    const why =
      'a row to be removed that nothing here adds: to have it gone, list the others with `mode: exact`';
    drafts.leftovers.push({ ...at, what: `${draft.title}: ${row.join(', ')}`, why });
  }
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
  const leave = (what: string, why: string) => drafts.leftovers.push({ ...at, what, why });
  if (entry.kind === 'leftover') leave(entry.what, entry.why);
  if (entry.kind === 'command') {
    for (const { line } of linesOf(entry.text)) interpretLine(line, drafts, at, scripts);
    const what = `test of ${entry.name}`;
    if (entry.test !== undefined)
      drafts.leftovers.push({ ...at, what, why: 'converge compares for itself', needless: true });
  }
  if (entry.kind === 'package') {
    const why = `whether ${entry.from} is installed shows only by its product code: declare a \`package\` with it`;
    leave(`${entry.manager}: ${entry.name}`, why);
  }
  if (entry.kind === 'source') {
    const { directory, url } = entry;
    if (hasTemplate(url)) leave(directory, 'its URL is computed, and nothing here is evaluated');
    else if (!/\.zip$/i.test(url)) leave(directory, 'only zip archives are known');
    else drafts.set('archive', directory, at, { source: url, ...insecure(url) });
  }
  if (entry.kind === 'service') {
    const { ensureRunning, enabled } = entry.properties;
    drafts.set('service', entry.name, at, {
      ...(ensureRunning !== undefined && {
        state: ensureRunning === true || ensureRunning === 'true' ? 'running' : 'stopped',
      }),
      ...(enabled !== undefined && {
        startup: enabled === true || enabled === 'true' ? 'automatic' : 'disabled',
      }),
    });
  }
}

/** A script that was taken over whole is not needed any more; other files are resources. */
function takeFile(
  entry: Extract<Entry, { kind: 'file' }>,
  drafts: Drafts,
  scripts: Map<string, Script>,
): void {
  const { at, path, content = '', source, encoding } = entry;
  const leave = (why: string) => drafts.leftovers.push({ ...at, what: path, why });
  if (scripts.get(pathKey(path))?.understood) {
    const why = 'every line of it is a resource now';
    drafts.leftovers.push({ ...at, what: path, why, needless: true });
  } else if (source !== undefined) drafts.set('download', path, at, { url: source, ...insecure(source) });
  else if (hasTemplate(content)) leave('its content is computed, and nothing here is evaluated');
  else if (encoding === 'base64')
    leave('its content is encoded: save it beside the manifest and name it with `source:`');
  else {
    const name = path.split(/[\\/]/).at(-1)!;
    drafts.set('file', path, at, {
      content: holdsSecret(content) ? drafts.secret(path, name) : content,
    });
  }
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
