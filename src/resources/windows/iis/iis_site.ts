import Type, { type Static } from 'typebox';
import { structuralDiff } from '../../../engine/model/diff.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import { child as pointerOf } from '../../../engine/model/pointer.ts';
import type {
  Asked,
  BuiltInType,
  Claim,
  FieldChange,
  Mistake,
  Step,
} from '../../../engine/model/resource-type.ts';
import { child, childrenNamed, type XmlElement } from '../../../io/xml.ts';
import { change } from '../../../windows/iis/appcmd.ts';
import { type Binding, bindingRow, bindingText, parseBinding } from '../../../windows/iis/bindings.ts';
import { settingsOf } from '../../../windows/iis/settings.ts';
import { eachStep, isChanged } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import {
  desiredSet,
  readSet,
  setArguments,
  setMistakes,
  setSchema,
  spanMistakes,
  type WrittenSet,
} from './iis-attributes.ts';
import {
  appNamed,
  declaredSettings,
  listOfSites,
  memberClaims,
  setSettings,
  settingClaims,
  siteNamed,
  siteNumber,
  vdirNamed,
} from './iis-claims.ts';
import { configurationOf, iisRealm, nameMistakes, needsIis, observeObjects } from './iis-object.ts';
import { iisPath, needsPath, sameIisPath } from './iis-path.ts';
import { listSites } from './list-sites.ts';

type WrittenBinding = string | { protocol: string; information: string; ssl_flags?: number };

/** The same; a binding is `protocol/information`, with `#flags` behind it where they are declared. */
export type SiteState = Omit<SiteProperties, 'bindings' | 'set'> & {
  bindings?: string[];
  set?: Record<string, string>;
};

const schema = Type.Object(
  {
    id: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4_294_967_295,
        description: "Number of the site; IIS's choice when left out.",
      }),
    ),
    bindings: Type.Optional(
      Type.Array(
        Type.Union([
          Type.String(),
          Type.Object(
            {
              protocol: Type.String({ description: '`http`, `https`, `net.tcp` ...' }),
              information: Type.String({ description: '`*:443:web.example.com`' }),
              ssl_flags: Type.Optional(
                Type.Integer({ minimum: 0, maximum: 255, description: '1 is server name indication.' }),
              ),
            },
            { additionalProperties: false },
          ),
        ]),
        {
          description:
            'All of them: `http/*:80:host`, `http://host:80`, or `{protocol, information, ssl_flags}`.',
          'x-unordered': true,
        },
      ),
    ),
    physical_path: Type.Optional(
      Type.String({ description: 'Directory of the site.', 'x-path': 'host', minLength: 1 }),
    ),
    app_pool: Type.Optional(
      Type.String({
        description: "Application pool of the site's root.",
        minLength: 1,
        'x-ref': 'iis_app_pool',
      }),
    ),
    state: Type.Optional(
      Type.Union([Type.Literal('started'), Type.Literal('stopped')], { description: 'Whether it runs now.' }),
    ),
    auto_start: Type.Optional(Type.Boolean({ description: 'Start with IIS.' })),
    enabled_protocols: Type.Optional(Type.String({ description: "Of the site's root, `http,net.tcp`." })),
    preload_enabled: Type.Optional(
      Type.Boolean({ description: "Load the site's root before the first request." }),
    ),
    log_directory: Type.Optional(
      Type.String({ description: 'Where its logs are written.', 'x-path': 'host' }),
    ),
    set: setSchema('limits.maxConnections: 100'),
  },
  { additionalProperties: false },
);

/** As written. */
export type SiteProperties = Static<typeof schema>;

export const iisSite: BuiltInType<typeof schema, SiteState, Declaration> = {
  name: 'iis_site',
  doc: `A website of IIS; the title is its name.

\`physical_path\` and \`app_pool\` are those of the site's root application. \`bindings\` are all that the site is to
have, in any order: others are removed, after the missing ones were added. Certificates are \`certificate_binding\`'s.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: iisRealm,
  shows: { id: 'Number of the site, which names its folder of logs.' },
  check: ({ bindings = [], set }, title) => [
    ...nameMistakes(title, 'a site', /[\\/?;:@&=+$,|"<>]/, 260),
    ...bindings.flatMap((written, index) => bindingMistakes(written, `/bindings/${index}`)),
    ...spanMistakes([], set),
    ...setMistakes(set, {
      title: 'name',
      secret: 'a directory with a password is an `iis_vdir`',
      rows: "what the site's root is has properties; other applications and directories are `iis_app` and `iis_vdir`",
      properties: { bindings: 'bindings', physicalPath: 'physical_path' },
    }),
  ],
  identity: (_, title) => title.toLowerCase(),
  provides: (_, id) => [`site:${id}`, `app:${id}/`],
  needs: ({ physical_path: path }) => [needsIis, ...(path === undefined ? [] : needsPath(path))],
  claims: (properties, id) => [
    ...memberClaims(siteNamed(id), listOfSites),
    ...Object.entries({ '/id': properties.id, ...numbersIn(properties.set) }).flatMap(([pointer, number]) =>
      number === undefined ? [] : [siteNumber(number, pointer)],
    ),
    ...settingClaims(siteNamed(id), [
      ...declaredSettings(properties, {
        id: 'id',
        auto_start: 'serverAutoStart',
        log_directory: 'logFile.directory',
        bindings: 'bindings',
      }),
      ...setSettings(properties.set),
    ]),
    ...settingClaims(
      appNamed(`${id}/`),
      declaredSettings(properties, {
        app_pool: 'applicationPool',
        enabled_protocols: 'enabledProtocols',
        preload_enabled: 'preloadEnabled',
      }),
    ),
    ...settingClaims(vdirNamed(`${id}/`), declaredSettings(properties, { physical_path: 'physicalPath' })),
    ...bindingClaims(properties),
  ],
  desired({ bindings, physical_path: path, log_directory: logs, set, app_pool: pool, ...rest }) {
    return {
      ...rest,
      ...(pool !== undefined && { app_pool: pool }),
      ...(bindings && { bindings: bindings.map(written => bindingText(toBinding(written))) }),
      ...(path !== undefined && { physical_path: iisPath(path) }),
      ...(logs !== undefined && { log_directory: iisPath(logs) }),
      ...(set && { set: desiredSet(set) }),
    };
  },
  observe: (asked, io) =>
    observeObjects(
      asked,
      io,
      'site',
      (one, element) => read(one, element, io),
      element => ({ id: numberOf(element) }),
    ),
  diff(is, should, sameSecret) {
    const { bindings, ...others } = should;
    const fields = structuralDiff(schema, is, others, sameSecret);
    return bindings ? [...fields, ...bindingChanges(is.bindings ?? [], bindings)] : fields;
  },
  list: listSites,
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

/** What differs of each binding: one that is missing, one too many, or its flags. */
function bindingChanges(is: readonly string[], should: readonly string[]): FieldChange[] {
  const keyOf = (text: string) => text.replace(/#\d+$/, '');
  const pathOf = (key: string) => pointerOf('/bindings', key);
  const before = new Map(is.map(text => [keyOf(text), text]));
  const after = new Map(should.map(text => [keyOf(text), text]));
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key): FieldChange[] => {
    const [old, wanted] = [before.get(key), after.get(key)];
    if (old === wanted) return [];
    if (old === undefined) return [{ path: pathOf(key), after: wanted! }];
    if (wanted === undefined) return [{ path: pathOf(key), before: old }];
    const flags = (text: string) => Number(text.split('#')[1] ?? 0);
    return [{ path: `${pathOf(key)}/ssl_flags`, before: flags(old), after: flags(wanted) }];
  });
}

/** Sites that don't run hold no addresses. */
const bindingClaims = ({ bindings = [], state }: SiteProperties): Claim[] =>
  state === 'stopped'
    ? []
    : bindings.map((written, index) => ({
        what: `the binding ${bindingText(bare(toBinding(written)))}`,
        pointer: `/bindings/${index}`,
      }));

/** A site's number may be said by appcmd's name too. */
const numbersIn = (set: WrittenSet = {}): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(set).flatMap(([name, value]) => (/^id$/i.test(name) ? [[`/set/${name}`, value]] : [])),
  );

const textOf = (written: WrittenBinding): string =>
  typeof written === 'string' ? written : `${written.protocol}/${written.information}`;

function bindingMistakes(written: WrittenBinding, pointer: string): Mistake[] {
  const binding = parseBinding(textOf(written));
  if (binding && typeof written !== 'string' && written.ssl_flags && binding.protocol === 'http')
    return [
      mistake(
        `${pointer}/ssl_flags`,
        'contradiction',
        'a binding of http has no TLS that flags could be for',
        'write `protocol: https`, or remove `ssl_flags`',
      ),
    ];
  if (binding) return [];
  const hint = 'write http/*:80:HOST, http://HOST:80 or net.tcp/808:*';
  return [mistake(pointer, 'wrong-binding', `\`${textOf(written)}\` isn't a binding`, hint)];
}

/** Of one that was checked. */
function toBinding(written: WrittenBinding): Binding {
  const binding = parseBinding(textOf(written));
  if (!binding) throw new TypeError(`${textOf(written)} isn't a binding`);
  const flags = typeof written === 'string' ? undefined : written.ssl_flags;
  return { ...binding, ...(flags !== undefined && { sslFlags: flags }) };
}

const bare = ({ protocol, information }: Binding): Binding => ({ protocol, information });

const numberOf = (element: XmlElement): number =>
  Number(element.attributes.get('SITE.ID') ?? configurationOf(element).attributes.get('id'));

function read({ properties }: Asked<SiteProperties>, element: XmlElement, io: ReadIo): SiteState {
  const site = configurationOf(element);
  const settings = settingsOf(site);
  const root = childrenNamed(site, 'application').find(app => app.attributes.get('path') === '/');
  const directory = childrenNamed(root, 'virtualDirectory').find(one => one.attributes.get('path') === '/');
  const declared = (properties.bindings ?? []).map(toBinding);
  const bindings = childrenNamed(child(site, 'bindings'), 'binding').map(({ attributes: a }): string => {
    const text = `${a.get('protocol')}/${a.get('bindingInformation')}`;
    const binding = parseBinding(text) ?? {
      protocol: a.get('protocol') ?? '',
      information: a.get('bindingInformation') ?? '',
    };
    const managed =
      declared.find(one => bindingText(bare(one)) === bindingText(binding))?.sslFlags !== undefined;
    return bindingText({ ...binding, ...(managed && { sslFlags: Number(a.get('sslFlags') ?? 0) }) });
  });
  const path = directory?.attributes.get('physicalPath');
  const pool = root?.attributes.get('applicationPool');
  const protocols = root?.attributes.get('enabledProtocols');
  const { app_pool: wanted } = properties;
  return {
    id: numberOf(element),
    bindings,
    ...(path !== undefined && { physical_path: sameIisPath(path, properties.physical_path, io.env) }),
    ...(pool !== undefined && { app_pool: pool.toLowerCase() === wanted?.toLowerCase() ? wanted : pool }),
    ...(protocols !== undefined && { enabled_protocols: protocols }),
    preload_enabled: root?.attributes.get('preloadEnabled')?.toLowerCase() === 'true',
    state: element.attributes.get('state')?.toLowerCase() === 'started' ? 'started' : 'stopped',
    auto_start: (settings.get('serverautostart') ?? 'true').toLowerCase() === 'true',
    log_directory: sameIisPath(settings.get('logfile.directory') ?? '', properties.log_directory, io.env),
    ...(properties.set && {
      set: readSet(properties.set, name => settings.get(name.toLowerCase())),
    }),
  };
}

async function act(step: Step<SiteProperties, SiteState>, io: WriteIo): Promise<void> {
  const { title } = step.asked;
  const named = `/site.name:${title}`;
  if (step.kind === 'delete') return change(io, ['delete', 'site', named]);
  const { should } = step;
  const changed = (property: keyof SiteState) =>
    should[property] !== undefined && isChanged(step, `/${property}`);
  const settings: string[] = [];
  if (changed('id')) settings.push(`/id:${should.id}`);
  if (changed('auto_start')) settings.push(`/serverAutoStart:${should.auto_start}`);
  if (changed('log_directory')) settings.push(`/logFile.directory:${should.log_directory}`);
  settings.push(...setArguments(step));

  if (step.kind === 'create') {
    const bindings = (should.bindings ?? []).map(text => text.replace(/#\d+$/, '')).join(',');
    const path = should.physical_path === undefined ? [] : [`/physicalPath:${should.physical_path}`];
    const to = bindings === '' ? [] : [`/bindings:${bindings}`];
    await change(io, ['add', 'site', `/name:${title}`, ...settings, ...to, ...path]);
    const flags = (should.bindings ?? []).filter(text => !/#0$/.test(text) && text.includes('#'));
    if (flags.length > 0) await change(io, ['set', 'site', named, ...flags.map(setFlags)]);
  } else {
    if (settings.length > 0) await change(io, ['set', 'site', named, ...settings]);
    if (changed('bindings')) await rebind(named, step.is.bindings ?? [], should.bindings ?? [], io);
    if (changed('physical_path'))
      await change(io, ['set', 'vdir', `/vdir.name:${title}/`, `/physicalPath:${should.physical_path}`]);
  }
  const root: string[] = [];
  if (changed('app_pool')) root.push(`/applicationPool:${should.app_pool}`);
  if (changed('enabled_protocols')) root.push(`/enabledProtocols:${should.enabled_protocols}`);
  if (changed('preload_enabled')) root.push(`/preloadEnabled:${should.preload_enabled}`);
  if (root.length > 0) await change(io, ['set', 'app', `/app.name:${title}/`, ...root]);
  const starts = step.kind === 'create' ? (should.auto_start ?? true) : step.is.state === 'started';
  if (should.state !== undefined && (should.state === 'started') !== starts)
    await change(io, [should.state === 'started' ? 'start' : 'stop', 'site', named]);
}

/** Adds first and removes in a second call, so that the site is never without an address. */
async function rebind(named: string, is: string[], should: string[], io: WriteIo): Promise<void> {
  const key = (text: string) => text.replace(/#\d+$/, '');
  const row = (text: string) => bindingRow(parseBinding(key(text)) ?? { protocol: '', information: '' });
  const added = should.filter(text => !is.some(one => key(one) === key(text)));
  const gone = is.filter(text => !should.some(one => key(one) === key(text)));
  const flags = should.filter(
    text => text.includes('#') && !is.includes(text) && !(added.includes(text) && /#0$/.test(text)),
  );
  if (added.length > 0)
    await change(io, ['set', 'site', named, ...added.map(text => `/+bindings.[${row(text)}]`)]);
  if (flags.length > 0) await change(io, ['set', 'site', named, ...flags.map(setFlags)]);
  if (gone.length > 0)
    await change(io, ['set', 'site', named, ...gone.map(text => `/-bindings.[${row(text)}]`)]);
}

const setFlags = (text: string): string => {
  const [key = '', flags = '0'] = text.split('#');
  return `/bindings.[${bindingRow(parseBinding(key) ?? { protocol: '', information: '' })}].sslFlags:${flags}`;
};
