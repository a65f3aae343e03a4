import { isSecretRef, type Json } from '../../../engine/model/catalog.ts';
import { structuralDiff } from '../../../engine/model/diff.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { child } from '../../../engine/model/pointer.ts';
import type {
  Asked,
  BuiltInType,
  FieldChange,
  Id,
  Observation,
  Step,
} from '../../../engine/model/resource-type.ts';
import type { XmlElement } from '../../../io/xml.ts';
import {
  change,
  isIisInstalled,
  listSection,
  objectIsMissing,
  sectionIsUnknown,
} from '../../../windows/iis/appcmd.ts';
import { inCalls, rowChanges } from '../../../windows/iis/config-arguments.ts';
import {
  actualRows,
  desiredRows,
  isRow,
  keyNames,
  type Rows,
  type WrittenRow,
} from '../../../windows/iis/config-rows.ts';
import { type Section, sectionCapability, sectionNamed } from '../../../windows/iis/sections.ts';
import { canonicalSetting, sameSetting, settingsOf } from '../../../windows/iis/settings.ts';
import { eachStep } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { configMistakes, holdsReference, keysOf } from './check-iis-config.ts';
import { type ConfigProperties, type ConfigState, schema } from './config-properties.ts';
import { addSecretRows, setSecrets, writtenAt } from './config-secrets.ts';
import { configClaims } from './iis-config-claims.ts';
import { iisRealm, needsIis, needsModule, withoutIis } from './iis-object.ts';
import { listConfig } from './list-iis-config.ts';
import { webConfigOwners } from './owned-web-config.ts';
import { webConfigsThatWin } from './web-config-wins.ts';

export const iisConfig: BuiltInType<typeof schema, ConfigState, Declaration> = {
  name: 'iis_config',
  readsMemoryOf: ['archive'],
  doc: `A section of IIS's configuration, for the server or below \`path\`. The title is the section, or a name for it.

Attributes and rows are compared with what is in force there, whatever level it comes from. Written is
applicationHost.config, since a web.config belongs to the application that is deployed with it.

Passwords and whatever else IIS encrypts are references to secrets, wherever they stand. They can't be read back: they
are set again when the secret changes, by PowerShell's module (IIS-ManagementScriptingTools). Sections of the .NET
Framework are refused: their root file is its own web.config.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: iisRealm,
  canBeAbsent: false,
  check: (properties, title) => configMistakes(properties, sectionOf(properties, title)),
  identity: (properties, title) =>
    `${(properties.path ?? '').replace(/\/$/, '')}:${sectionOf(properties, title).name}`.toLowerCase(),
  claims: (properties, id) => configClaims(properties, sectionNamed(id.slice(id.indexOf(':') + 1)), id),
  needs(properties, id) {
    const section = sectionNamed(id.slice(id.indexOf(':') + 1));
    const path = id.slice(0, id.indexOf(':'));
    const site = path.split('/')[0]!;
    return [
      needsIis,
      ...(holdsReference(properties) ? [needsModule] : []),
      { anyOf: [sectionCapability(section.name)] },
      ...(path === '' ? [] : [{ anyOf: [...(path === site ? [] : [`app:${path}`]), `site:${site}`] }]),
    ];
  },
  desired(properties, id) {
    const section = sectionNamed(id.slice(id.indexOf(':') + 1));
    const { attributes, items, collections, unlock } = properties;
    const keys = keysOf(properties, section);
    return {
      ...(attributes && { attributes: desiredAttributes(attributes) }),
      ...(items && { items: desiredRows(items, '', keys) }),
      ...(collections && {
        collections: Object.fromEntries(
          Object.entries(collections).map(([name, rows]) => [name, desiredRows(rows, name, keys)]),
        ),
      }),
      ...(unlock === true && { unlocked: true }),
    };
  },
  async observe(asked, io) {
    const seen = new Map<Id, Observation<ConfigState>>();
    const isInstalled = await isIisInstalled(io);
    const ownerOf = webConfigOwners(io);
    for (const one of asked) {
      seen.set(one.id, isInstalled ? await look(one, io, ownerOf) : withoutIis);
    }
    return seen;
  },
  diff(is, should, sameSecret) {
    const fields = structuralDiff(schema, is, should, sameSecret);
    // Rows that are there and not declared were read only where they are to go.
    const extra = (before: Rows = {}, after: Rows | undefined, path: string): FieldChange[] =>
      after === undefined
        ? []
        : Object.keys(before)
            .filter(key => !(key in after))
            .map(key => ({ path: child(path, key), before: before[key]! as unknown as Json }));
    fields.push(
      ...extra(is.items, should.items, '/items'),
      ...nestedExtra(is.items, should.items, '/items', extra),
    );
    for (const [name, rows] of Object.entries(should.collections ?? {})) {
      const path = child('/collections', name);
      fields.push(
        ...extra(is.collections?.[name], rows, path),
        ...nestedExtra(is.collections?.[name], rows, path, extra),
      );
    }
    return fields;
  },
  list: listConfig,
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

const sectionOf = ({ section }: ConfigProperties, title: string): Section => sectionNamed(section ?? title);

const desiredAttributes = (attributes: NonNullable<ConfigProperties['attributes']>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      isSecretRef(value) ? value : canonicalSetting(name, value),
    ]),
  );

/** The same for the collections inside rows. */
function nestedExtra(
  is: Rows = {},
  should: Rows = {},
  path: string,
  extra: (before: Rows | undefined, after: Rows, path: string) => FieldChange[],
): FieldChange[] {
  return Object.entries(should).flatMap(([key, row]) =>
    Object.entries(row).flatMap(([name, below]) => {
      const before = is[key]?.[name];
      if (typeof below === 'string' || isSecretRef(below)) return [];
      return extra(
        typeof before === 'object' && !isSecretRef(before) ? before : {},
        below,
        child(child(path, key), name),
      );
    }),
  );
}

async function look(
  { id, properties }: Asked<ConfigProperties>,
  io: ReadIo,
  ownerOf: ReturnType<typeof webConfigOwners>,
): Promise<Observation<ConfigState>> {
  const section = sectionNamed(id.slice(id.indexOf(':') + 1));
  const { path = '', commit = 'apphost' } = properties;
  try {
    const written = commit === 'site' ? path.split('/')[0]! : path;
    const owned = commit === 'apphost' ? undefined : await ownerOf(written);
    if (owned) return { state: 'failed', diagnostic: owned };
    const element = await listSection(io, path, section.name);
    const value = read(properties, section, element);
    if (commit !== 'apphost') return { state: 'present', value };
    const fields = iisConfig.diff!(value, iisConfig.desired(properties, id));
    const warnings = await webConfigsThatWin(path, section.name, fields, io);
    return { state: 'present', value, ...(warnings.length > 0 && { warnings }) };
  } catch (error) {
    io.signal.throwIfAborted();
    if (path !== '' && objectIsMissing(error))
      return {
        state: 'unknown',
        waitsFor: `site:${id.slice(0, id.indexOf(':')).split('/', 1)[0]!}`,
        hint: 'declare that site, or correct its name in `path:`',
      };
    if (sectionIsUnknown(error))
      return {
        state: 'unknown',
        waitsFor: sectionCapability(section.name),
        hint: section.features[0]
          ? `declare \`windows_feature: { ${section.features[0]}: {} }\``
          : 'correct its name, or name what installs it with `require:`',
      };
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

function read(properties: ConfigProperties, section: Section, config: XmlElement | undefined): ConfigState {
  const { attributes, items, collections, mode = 'exact' } = properties;
  const element = config?.children[0];
  const settings = element ? settingsOf(element) : new Map<string, string>();
  const keys = keysOf(properties, section);
  const rowsOf = (parent: XmlElement | undefined) => parent?.children.filter(isRow) ?? [];
  const rows = (parent: XmlElement | undefined, written: WrittenRow[], name: string) =>
    actualRows(rowsOf(parent), written, name, keys, mode === 'exact');
  const declared = Object.entries(attributes ?? {}).flatMap(([name, value]): [string, string][] => {
    const is = settings.get(name.toLowerCase());
    if (is === undefined || isSecretRef(value)) return [];
    return [[name, canonicalSetting(name, sameSetting(is, value) ? value : is)]];
  });
  return {
    ...(attributes && { attributes: Object.fromEntries(declared) }),
    ...(items && { items: rows(element, items, '') }),
    ...(collections && {
      collections: Object.fromEntries(
        Object.entries(collections).map(([name, written]) => {
          const below = element?.children.find(child => child.name.toLowerCase() === name.toLowerCase());
          return [name, rows(below, written, name)];
        }),
      ),
    }),
    unlocked: config?.attributes.get('locked')?.toLowerCase() !== 'true',
  };
}

async function act(step: Step<ConfigProperties, ConfigState>, io: WriteIo): Promise<void> {
  if (step.kind === 'delete') return;
  const { properties, id } = step.asked;
  const section = sectionNamed(id.slice(id.indexOf(':') + 1));
  const { path = '', commit = 'apphost', mode = 'exact' } = properties;
  const place = path === '' ? [] : [path];
  const tail = [`/section:${section.name}`, `/commit:${commit}`];
  const { should } = step;
  const is: ConfigState = step.kind === 'update' ? step.is : {};
  if (should.unlocked === true && is.unlocked === false)
    await change(io, ['unlock', 'config', ...place, `/section:${section.name}`, '/commit:apphost']);

  const keys = keysOf(properties, section);
  const namesOf = (collection: string) => keyNames(keys(collection) ?? []);
  const exact = mode === 'exact';
  const all = [
    ...(should.items ? [rowChanges('', is.items ?? {}, should.items, namesOf, exact)] : []),
    ...Object.entries(should.collections ?? {}).map(([name, rows]) =>
      rowChanges(name, is.collections?.[name] ?? {}, rows, namesOf, exact),
    ),
  ];
  const attributes = Object.entries(should.attributes ?? {})
    .filter(([name, value]) => !isSecretRef(value) && is.attributes?.[name] !== value)
    .map(([name, value]) => `/${name}:${value}`);
  const set = async (...args: string[]) => {
    for (const some of inCalls(args)) await change(io, ['set', 'config', ...place, ...tail, ...some]);
  };
  await set(...attributes, ...all.flatMap(({ adds }) => adds));
  const written = writtenAt(section.name, path, commit);
  await addSecretRows(step, keys, written, io);
  await set(...all.flatMap(({ sets }) => sets));
  await setSecrets(step, keys, written, io);
  await set(...all.flatMap(({ removes }) => removes));
}
