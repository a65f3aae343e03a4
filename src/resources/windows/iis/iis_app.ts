import Type, { type Static } from 'typebox';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Step } from '../../../engine/model/resource-type.ts';
import { childrenNamed, type XmlElement } from '../../../io/xml.ts';
import { change } from '../../../windows/iis/appcmd.ts';
import { settingsOf } from '../../../windows/iis/settings.ts';
import { eachStep, isChanged } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { desiredSet, readSet, setArguments, setMistakes, setSchema } from './iis-attributes.ts';
import {
  appNamed,
  declaredSettings,
  hostConfigClaim,
  setSettings,
  settingClaims,
  vdirNamed,
} from './iis-claims.ts';
import { configurationOf, iisRealm, needsIis, observeObjects } from './iis-object.ts';
import { iisPath, needsPath, sameIisPath } from './iis-path.ts';
import { listApps } from './list-sites.ts';

export type AppState = Omit<AppProperties, 'set'> & { set?: Record<string, string> };

const schema = Type.Object(
  {
    app_pool: Type.Optional(
      Type.String({ description: 'Its application pool.', minLength: 1, 'x-ref': 'iis_app_pool' }),
    ),
    physical_path: Type.Optional(
      Type.String({ description: 'Its directory; needed to make it.', 'x-path': 'host', minLength: 1 }),
    ),
    enabled_protocols: Type.Optional(Type.String({ description: '`http,net.tcp`' })),
    preload_enabled: Type.Optional(Type.Boolean({ description: 'Load it before the first request.' })),
    set: setSchema('serviceAutoStartEnabled: true'),
  },
  { additionalProperties: false },
);

/** As written. */
export type AppProperties = Static<typeof schema>;

export const iisApp: BuiltInType<typeof schema, AppState, Declaration> = {
  name: 'iis_app',
  doc: `An application of a website of IIS; the title is \`Site/path\`, and \`Site/\` is the site's root.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: iisRealm,
  check({ set }, title) {
    const hint = 'write Site/path, or Site/ for its root';
    const isApp = /^[^/]+\/([^/]+(\/[^/]+)*)?$/.test(title);
    return [
      ...(isApp ? [] : [mistake('', 'wrong-name', `\`${title}\` doesn't name an application`, hint)]),
      ...setMistakes(set, {
        title: 'path',
        secret: 'a directory with a password is an `iis_vdir`',
        rows: 'a directory of the application is an `iis_vdir`',
        properties: { physicalPath: 'physical_path' },
      }),
    ];
  },
  identity: (_, title) => title.toLowerCase(),
  provides: (_, id) => [`app:${id}`],
  needs: ({ physical_path: path }, id) => [
    needsIis,
    { anyOf: [`site:${siteOf(id)}`] },
    ...(path === undefined ? [] : needsPath(path)),
  ],
  claims: (properties, id) => [
    hostConfigClaim,
    ...settingClaims(appNamed(id), [
      ...declaredSettings(properties, {
        app_pool: 'applicationPool',
        enabled_protocols: 'enabledProtocols',
        preload_enabled: 'preloadEnabled',
      }),
      ...setSettings(properties.set),
    ]),
    ...settingClaims(
      vdirNamed(id.replace(/\/?$/, '/')),
      declaredSettings(properties, { physical_path: 'physicalPath' }),
    ),
  ],
  desired: ({ physical_path: path, set, ...rest }) => ({
    ...rest,
    ...(path !== undefined && { physical_path: iisPath(path) }),
    ...(set && { set: desiredSet(set) }),
  }),
  observe: (asked, io) => observeObjects(asked, io, 'app', (one, element) => read(one, element, io)),
  list: listApps,
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

const siteOf = (id: string): string => id.slice(0, id.indexOf('/'));

function read({ properties }: Asked<AppProperties>, element: XmlElement, io: ReadIo): AppState {
  const app = configurationOf(element);
  const settings = settingsOf(app);
  const root = childrenNamed(app, 'virtualDirectory').find(one => one.attributes.get('path') === '/');
  const path = root?.attributes.get('physicalPath');
  const pool = app.attributes.get('applicationPool') ?? element.attributes.get('APPPOOL.NAME') ?? '';
  const { app_pool: wanted } = properties;
  return {
    app_pool: pool.toLowerCase() === wanted?.toLowerCase() ? wanted : pool,
    ...(path !== undefined && { physical_path: sameIisPath(path, properties.physical_path, io.env) }),
    enabled_protocols: app.attributes.get('enabledProtocols') ?? 'http',
    preload_enabled: app.attributes.get('preloadEnabled')?.toLowerCase() === 'true',
    ...(properties.set && { set: readSet(properties.set, name => settings.get(name.toLowerCase())) }),
  };
}

async function act(step: Step<AppProperties, AppState>, io: WriteIo): Promise<void> {
  const { title } = step.asked;
  if (step.kind === 'delete') return change(io, ['delete', 'app', `/app.name:${title}`]);
  const { should } = step;
  const changed = (property: keyof AppState) =>
    should[property] !== undefined && isChanged(step, `/${property}`);
  const settings: string[] = [];
  if (changed('app_pool')) settings.push(`/applicationPool:${should.app_pool}`);
  if (changed('enabled_protocols')) settings.push(`/enabledProtocols:${should.enabled_protocols}`);
  if (changed('preload_enabled')) settings.push(`/preloadEnabled:${should.preload_enabled}`);
  settings.push(...setArguments(step));
  if (step.kind === 'create') {
    const slash = title.indexOf('/');
    const path = should.physical_path === undefined ? [] : [`/physicalPath:${should.physical_path}`];
    await change(io, [
      'add',
      'app',
      `/site.name:${title.slice(0, slash)}`,
      `/path:${title.slice(slash)}`,
      ...path,
      ...settings,
    ]);
    return;
  }
  if (settings.length > 0) await change(io, ['set', 'app', `/app.name:${title}`, ...settings]);
  if (changed('physical_path'))
    await change(io, [
      'set',
      'vdir',
      `/vdir.name:${title.replace(/\/?$/, '/')}`,
      `/physicalPath:${should.physical_path}`,
    ]);
}
