import { isSecretRef } from '../../../engine/model/catalog.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import { child } from '../../../engine/model/pointer.ts';
import type { Mistake } from '../../../engine/model/resource-type.ts';
import { isAttributeName } from '../../../windows/iis/attribute-names.ts';
import { type KeyOf, keyNames, keyOfWritten, type WrittenRow } from '../../../windows/iis/config-rows.ts';
import { isFrameworkSection, ofFramework } from '../../../windows/iis/framework-sections.ts';
import { isSecretAttribute } from '../../../windows/iis/secret-attributes.ts';
import type { Section } from '../../../windows/iis/sections.ts';
import { sectionSpanProblem } from '../../../windows/iis/span-limits.ts';
import { namesSecret } from '../../shared/secret-names.ts';
import type { ConfigProperties } from './config-properties.ts';

/** What tells the rows of each collection apart. */
export const keysOf =
  ({ key }: Pick<ConfigProperties, 'key'>, section: Section): KeyOf =>
  collection =>
    section.keys[collection] ?? key;

/** All that appcmd can't be told, or would read as something else. */
export function configMistakes(properties: ConfigProperties, section: Section): Mistake[] {
  const { path = '', commit = 'apphost', attributes = {}, items, collections = {} } = properties;
  const keys = keysOf(properties, section);
  const mistakes: Mistake[] = ofSection(section);
  if (/^[/+-]|["']/.test(path))
    mistakes.push(mistake('/path', 'wrong-name', `\`${path}\` isn't a path`, 'write `Site` or `Site/app`'));
  if (path === '' && commit !== 'apphost')
    mistakes.push(
      mistake(
        '/commit',
        'contradiction',
        `\`commit: ${commit}\` needs a \`path\``,
        'say for which site, or remove it',
      ),
    );
  const rows = [...(items ? [''] : []), ...Object.keys(collections)];
  if (rows.length === 0)
    for (const name of ['mode', 'key'] as const)
      if (properties[name] !== undefined)
        mistakes.push(
          mistake(
            `/${name}`,
            'contradiction',
            `\`${name}\` is about rows, and there are none`,
            `write \`items\` or \`collections\`, or remove \`${name}\``,
          ),
        );
  if (properties.key !== undefined && rows.length > 0 && rows.every(one => section.keys[one]))
    mistakes.push(
      mistake(
        '/key',
        'contradiction',
        `what tells these rows of ${section.name} apart is known, and \`key\` would not count`,
        'remove `key`',
      ),
    );
  for (const [name, value] of Object.entries(attributes))
    mistakes.push(
      ...nameMistakes(name, child('/attributes', name)),
      ...(isSecretAttribute(name) ? secretMistakes(`\`${name}\``, value, child('/attributes', name)) : []),
      ...spanMistakes(section, name, value, child('/attributes', name)),
    );
  if (items) mistakes.push(...rowMistakes(items, '', '/items', keys, section));
  for (const [name, rows] of Object.entries(collections)) {
    const pointer = child('/collections', name);
    mistakes.push(...nameMistakes(name, pointer), ...rowMistakes(rows, name, pointer, keys, section));
  }
  return mistakes;
}

/** What appcmd would read as an option of its own, above all where it is to write. */
function nameMistakes(name: string, pointer: string): Mistake[] {
  if (isAttributeName(name)) return [];
  const hint = 'write `name`, or `child.name` below an element; where it is written says `commit:`';
  return [mistake(pointer, 'wrong-name', `\`${name}\` can't be the name of an attribute`, hint)];
}

/** Every row must say what tells it apart, once, and hold nothing that appcmd can't be told. */
function rowMistakes(
  rows: readonly WrittenRow[],
  collection: string,
  pointer: string,
  keys: KeyOf,
  section: Section,
): Mistake[] {
  const key = keys(collection);
  const what = collection === '' ? `rows of ${section.name}` : `rows of ${collection}`;
  const mistakes: Mistake[] = [];
  if (!key)
    mistakes.push(
      mistake(pointer, 'no-key', `what tells ${what} apart is not known`, 'say it with `key: [name]`'),
    );
  const seen = new Set<string>();
  rows.forEach((row, index) => {
    const at = `${pointer}/${index}`;
    const id = key && keyOfWritten(row, key);
    if (key && id === undefined)
      mistakes.push(mistake(at, 'no-key', `one of the ${what} lacks ${keyNames(key).join(' or ')}`));
    if (id !== undefined && seen.has(id))
      mistakes.push(mistake(at, 'same-row', `two ${what} are ${id}`, 'remove one'));
    if (id !== undefined) seen.add(id);
    for (const [name, value] of Object.entries(row)) {
      const here = child(at, name);
      mistakes.push(...nameMistakes(name, here), ...spanMistakes(section, name, value, here));
      const secret = secretOf(row, name, section);
      if (Array.isArray(value)) mistakes.push(...rowMistakes(value, name, here, keys, section));
      else if (secret !== undefined) mistakes.push(...secretMistakes(secret, value, here));
      else if (!isSecretRef(value) && String(value).includes("'"))
        mistakes.push(
          mistake(
            here,
            'wrong-value',
            `${name} holds an apostrophe, which appcmd has no way to be told`,
            'use an `exec`, or another notation of the value',
          ),
        );
    }
  });
  return mistakes;
}

/** What IIS's schema refuses of time spans. */
function spanMistakes({ name: section }: Section, name: string, value: unknown, pointer: string): Mistake[] {
  if (typeof value === 'object') return [];
  const problem = sectionSpanProblem(section, name, String(value));
  if (problem === undefined) return [];
  return [mistake(pointer, 'wrong-value', `\`${name}\` can't be ${value}: ${problem}`)];
}

/** Sections that IIS doesn't keep in files that appcmd writes for it. */
const ofSection = ({ name }: Section): Mistake[] =>
  isFrameworkSection(name)
    ? [
        mistake(
          '',
          'framework-section',
          `${name} can't be set: ${ofFramework}`,
          "put it into the application's web.config, or into the framework's own by an `exec` (/commit:webroot)",
        ),
      ]
    : [];

/**
 * What is a secret of a row, in words: an attribute that IIS encrypts, or the `value` of something that its
 * `name` or `key` calls one. What rewriting puts in, `{C:1}`, is none, and neither is where a map of it leads
 * to.
 */
function secretOf(row: WrittenRow, name: string, section: Section): string | undefined {
  if (isSecretAttribute(name)) return `\`${name}\``;
  const value = row[name];
  if (name.toLowerCase() !== 'value' || typeof value === 'boolean' || String(value).startsWith('{'))
    return undefined;
  if (section.name === 'system.webServer/rewrite/rewriteMaps') return undefined;
  const named = Object.entries(row).find(([key]) => /^(name|key)$/i.test(key))?.[1];
  return typeof named === 'string' && namesSecret(named) ? `\`${name}\` of ${named}` : undefined;
}

/** A plain secret would be in the plan and in arguments: it is a reference wherever it stands. */
function secretMistakes(what: string, value: unknown, pointer: string): Mistake[] {
  if (isSecretRef(value) || value === '') return [];
  const message = `${what} is a secret, and is there as plain text`;
  return [mistake(pointer, 'plain-secret', message, "write `${secret('env:NAME')}`")];
}

/** Whether any attribute is a reference to a secret. */
export function holdsReference({ attributes = {}, items = [], collections = {} }: ConfigProperties): boolean {
  const rows = [...items, ...Object.values(collections).flat()];
  const inside = rows.flatMap(row =>
    Object.values(row).flatMap(value => (Array.isArray(value) ? value : [])),
  );
  return [attributes, ...rows, ...inside].some(one => Object.values(one).some(isSecretRef));
}
