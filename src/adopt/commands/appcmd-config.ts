import { namesSecret } from '../../resources/shared/secret-names.ts';
import { isFrameworkSection, ofFramework } from '../../windows/iis/framework-sections.ts';
import { isSecretAttribute } from '../../windows/iis/secret-attributes.ts';
import { sectionNamed } from '../../windows/iis/sections.ts';
import type { AppcmdArguments, CollectionChange } from '../drafts/appcmd-arguments.ts';
import { type Drafts, scalar, type Unhandled } from '../drafts/drafts.ts';
import type { Place } from '../drafts/place-in-file.ts';
import { changeCollection, type ValueOf } from './sections.ts';

type RowOfObject = (kind: 'pool' | 'site', change: CollectionChange, drafts: Drafts, at: Place) => Unhandled;

/** Rows of these sections have types of their own. */
const objects: Readonly<Record<string, 'pool' | 'site'>> = {
  'system.applicationHost/applicationPools': 'pool',
  'system.applicationHost/sites': 'site',
};

/**
 * Takes `appcmd set config` and `unlock config` over. One section has one name, whichever it was given by.
 */
export function config(
  { verb, id, parameters, changes }: AppcmdArguments,
  drafts: Drafts,
  at: Place,
  rowOfObject: RowOfObject,
): Unhandled {
  const given = parameters.get('section')?.value ?? '';
  const commit = parameters.get('commit')?.value.toLowerCase() ?? '';
  const path = (id ?? '').replace(/^MACHINE\/WEBROOT\/APPHOST(\/|$)/i, '').replace(/\/$/, '');
  if (given === '') return { why: 'it names no section' };
  if (verb !== 'set' && verb !== 'unlock') return { why: `converge has no way to ${verb} a section` };
  if (isFrameworkSection(given)) return { why: ofFramework };
  if (/^(https?:\/\/|MACHINE(\/|$))/i.test(path)) return { why: 'only a site or an application is a path' };
  if (!['', 'url', 'site', 'app', 'apphost'].includes(commit))
    return { why: `no resource writes where /commit:${commit} does` };
  const rest = [...parameters].filter(([key]) => key !== 'section' && key !== 'commit');
  if (verb === 'set' && rest.length === 0 && changes.length === 0) return { why: 'it sets nothing' };
  const section = sectionNamed(given).name;
  const kind = path === '' && verb === 'set' ? objects[section] : undefined;
  const rows = changes.filter(({ collection }) => collection === '' && kind !== undefined);
  for (const change of rows) {
    const unhandled = rowOfObject(kind!, change, drafts, at);
    if (unhandled) return unhandled;
  }
  if (rows.length === changes.length && rest.length === 0 && verb === 'set') return undefined;
  const title = path === '' ? section : `${path}: ${section}`;
  const draft = drafts.of('iis_config', title, at);
  if (path !== '') Object.assign(draft.properties, { path, section });
  if (verb === 'unlock') draft.properties.unlock = true;
  const secret = (...words: string[]) => drafts.secret([title, ...words].join(' ').toLowerCase(), ...words);
  const last = section.slice(section.lastIndexOf('/') + 1);
  for (const [, { name, value }] of rest) {
    const attributes = (draft.properties.attributes ?? {}) as Record<string, unknown>;
    draft.properties.attributes = attributes;
    attributes[name] = isSecretAttribute(name) ? secret(path, last, name) : scalar(value);
  }
  const inManifest: ValueOf = (name, text, item) => {
    if (isSecretAttribute(name) || (name === 'value' && text !== '' && isNamedSecret(item)))
      return secret(path, last, ...Object.entries(item).flatMap(([key, value]) => nameIn(key, value)), name);
    return scalar(text);
  };
  for (const change of changes) {
    if (rows.includes(change)) continue;
    if (!changeCollection(draft, change, inManifest)) drafts.removed.push({ title, change, at });
  }
  if (path !== '' && commit !== 'apphost' && verb === 'set')
    noteWebConfig(drafts, `${section} of ${path}`, at);
  return undefined;
}

/** What tells a row apart in the name of its secret; never the secret itself. */
const nameIn = (key: string, value: string): string[] =>
  key === 'value' || isSecretAttribute(key) ? [] : [value];

function noteWebConfig(drafts: Drafts, what: string, at: Place): void {
  if (drafts.leftovers.some(known => known.what === what && known.file === at.file)) return;
  drafts.leave(at, what, { needless: 'webConfig' });
}

/** Whether the value of a row is that of something with a secret's name: `[name='X-Api-Key',value='…']`. */
const isNamedSecret = (item: Record<string, string>): boolean => namesSecret(item.name ?? item.key ?? '');
