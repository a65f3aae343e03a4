import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { isSecretRef } from '../../../engine/model/catalog.ts';
import { type KeyOf, keyNames, keyOfWritten, type WrittenRow } from '../../../windows/iis/config-rows.ts';
import { isFrameworkSection, ofFramework } from '../../../windows/iis/framework-sections.ts';
import { isSecretAttribute } from '../../../windows/iis/secret-attributes.ts';
import type { Section } from '../../../windows/iis/sections.ts';
import type { ConfigProperties } from './config-properties.ts';

/** Throws a Failure (given) with all that can be seen to be wrong without the machine. */
export function checkConfig(properties: ConfigProperties, section: Section, keys: KeyOf): void {
  const { path = '', commit = 'apphost' } = properties;
  const wrong = [
    ...ofSection(section),
    ...ofNames(properties),
    ...ofSecrets(properties),
    ...ofRows(properties, section, keys),
  ];
  if (path === '' && commit !== 'apphost')
    wrong.push(
      given('contradiction', `\`commit: ${commit}\` needs a \`path\``, {
        hint: 'say of which site, or remove it',
      }),
    );
  if (wrong.length > 0) throw new Failure(wrong);
}

const ofSection = ({ name }: Section): Diagnostic[] =>
  isFrameworkSection(name)
    ? [
        given('framework-section', `${name} can't be set: ${ofFramework}`, {
          hint: "put it into the application's web.config, or into the framework's own by an `exec` (/commit:webroot)",
        }),
      ]
    : [];

/** All rows, with those inside others. */
function allRows({ items = [], collections = {} }: ConfigProperties): WrittenRow[] {
  const rows = [...items, ...Object.values(collections).flat()];
  const inside = rows.flatMap(row =>
    Object.values(row).flatMap(value => (Array.isArray(value) ? value : [])),
  );
  return [...rows, ...inside];
}

/** What appcmd would read as an option of its own, above all where it is to write. */
function ofNames(properties: ConfigProperties): Diagnostic[] {
  const { path = '', attributes = {}, collections = {} } = properties;
  const names = [
    ...Object.keys(attributes),
    ...Object.keys(collections),
    ...allRows(properties).flatMap(row => Object.keys(row)),
  ];
  const odd = names.filter(name => !/^[A-Za-z_][\w.-]*$/.test(name) || /^(commit|section)$/i.test(name));
  return [
    ...(/^[/+-]|["']/.test(path)
      ? [given('wrong-name', `\`${path}\` is not a path`, { hint: 'write `Site` or `Site/app`' })]
      : []),
    ...[...new Set(odd)].map(name =>
      given('wrong-name', `\`${name}\` can't be the name of an attribute`, {
        hint: 'write `name`, or `child.name` below an element; where it is written says `commit:`',
      }),
    ),
  ];
}

/** What IIS encrypts is a reference wherever it stands: a plain one would be in the plan and in arguments. */
function ofSecrets(properties: ConfigProperties): Diagnostic[] {
  const said = [properties.attributes ?? {}, ...allRows(properties)].flatMap(one => Object.entries(one));
  const plain = said.filter(
    ([name, value]) =>
      isSecretAttribute(name) && !isSecretRef(value) && !Array.isArray(value) && value !== '',
  );
  return [...new Set(plain.map(([name]) => name))].map(name =>
    given('plain-secret', `\`${name}\` is a secret, and stands there as plain text`, {
      hint: "write `${secret('env:NAME')}`",
    }),
  );
}

/** Every row must say what tells it apart, once, and hold nothing that appcmd can't be told. */
function ofRows(properties: ConfigProperties, section: Section, keys: KeyOf): Diagnostic[] {
  const wrong: Diagnostic[] = [];
  const check = (rows: readonly WrittenRow[], collection: string): void => {
    const key = keys(collection);
    const what = collection === '' ? `rows of ${section.name}` : `rows of ${collection}`;
    if (!key) {
      wrong.push(
        given('no-key', `what tells ${what} apart is not known`, { hint: 'say it with `key: [name]`' }),
      );
      return;
    }
    const seen = new Set<string>();
    for (const written of rows) {
      const id = keyOfWritten(written, key);
      if (id === undefined)
        wrong.push(given('no-key', `one of the ${what} lacks ${keyNames(key).join(' or ')}`));
      else if (seen.has(id)) wrong.push(given('same-row', `two ${what} are ${id}`, { hint: 'remove one' }));
      else seen.add(id);
      for (const [name, value] of Object.entries(written)) {
        if (Array.isArray(value)) check(value, name);
        else if (!isSecretRef(value) && String(value).includes("'"))
          wrong.push(
            given('wrong-value', `${name} holds an apostrophe, which appcmd has no way to be told`, {
              hint: 'use an `exec`, or another notation of the value',
            }),
          );
      }
    }
  };
  if (properties.items) check(properties.items, '');
  for (const [name, rows] of Object.entries(properties.collections ?? {})) check(rows, name);
  return wrong;
}

/** Whether any attribute is a reference to a secret. */
export const holdsReference = (properties: ConfigProperties): boolean =>
  [properties.attributes ?? {}, ...allRows(properties)].some(one => Object.values(one).some(isSecretRef));
