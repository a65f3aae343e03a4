import Type, { type Static } from 'typebox';
import { isSecretRef } from '../../../engine/model/catalog.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Step } from '../../../engine/model/resource-type.ts';
import type { XmlElement } from '../../../io/xml.ts';
import { change } from '../../../windows/iis/appcmd.ts';
import { setIisSecret } from '../../../windows/tools/powershell.ts';
import { eachStep, isChanged } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { secret } from '../../shared/schema-parts.ts';
import { declaredSettings, hostConfigClaim, settingClaims, vdirNamed } from './iis-claims.ts';
import { configurationOf, iisRealm, needsIis, needsModule, observeObjects } from './iis-object.ts';
import { iisPath, needsPath, sameIisPath } from './iis-path.ts';
import { listVdirs } from './list-sites.ts';

export type VdirState = Pick<VdirProperties, 'physical_path' | 'user_name' | 'password'>;

const schema = Type.Object(
  {
    app: Type.Optional(
      Type.String({ description: "Application that it is in, `Site/app`; the site's root when left out." }),
    ),
    path: Type.Optional(
      Type.String({
        description: 'Its path in the application; the rest of the title when left out.',
        pattern: '^/',
      }),
    ),
    physical_path: Type.Optional(
      Type.String({ description: 'Its directory, which may be on a share.', 'x-path': 'host', minLength: 1 }),
    ),
    user_name: Type.Optional(Type.String({ description: 'Account that opens the directory.' })),
    password: Type.Optional(secret({ description: 'Its password.' })),
  },
  { additionalProperties: false, dependencies: { password: ['user_name'] } },
);

/** As written. */
export type VdirProperties = Static<typeof schema>;

export const iisVdir: BuiltInType<typeof schema, VdirState, Declaration> = {
  name: 'iis_vdir',
  doc: `A virtual directory of a website of IIS; the title is \`Site/path\`.

Below another application than the site's root, \`app:\` and \`path:\` say which and where.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: iisRealm,
  check(properties, title) {
    if (/^[^/]+\/[^/]*/.test(appOf(properties, title)) && pathIn(properties, title).startsWith('/'))
      return [];
    const hint = 'write Site/path, or say `app: Site/app` and `path: /path`';
    return [mistake('', 'wrong-name', `\`${title}\` doesn't name a virtual directory`, hint)];
  },
  identity: (properties, title) => nameOf(properties, title).toLowerCase(),
  needs: (properties, id) => [
    needsIis,
    { anyOf: [`app:${appOf(properties, id).toLowerCase()}`, `site:${id.slice(0, id.indexOf('/'))}`] },
    ...(properties.password === undefined ? [] : [needsModule]),
    ...(properties.physical_path === undefined ? [] : needsPath(properties.physical_path)),
  ],
  claims: (properties, id) => [
    hostConfigClaim,
    ...settingClaims(
      vdirNamed(id),
      declaredSettings(properties, {
        physical_path: 'physicalPath',
        user_name: 'userName',
        password: 'password',
      }),
    ),
  ],
  desired: ({ physical_path: path, user_name, password }) => ({
    ...(path !== undefined && { physical_path: iisPath(path) }),
    ...(user_name !== undefined && { user_name }),
    ...(password !== undefined && { password }),
  }),
  observe: (asked, io) => observeObjects(asked, io, 'vdir', (one, element) => read(one, element, io)),
  list: listVdirs,
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

/** IIS's name of it: the application without a slash at its end, then the path. */
const nameOf = (properties: VdirProperties, title: string): string =>
  `${appOf(properties, title).replace(/\/$/, '')}${pathIn(properties, title)}`;

const pathIn = (properties: VdirProperties, title: string): string =>
  properties.path ?? title.slice(appOf(properties, title).replace(/\/$/, '').length);

const appOf = ({ app }: VdirProperties, title: string): string => {
  const name = app ?? title.slice(0, title.indexOf('/') + 1);
  return name.includes('/') ? name : `${name}/`;
};

function read({ properties }: Asked<VdirProperties>, element: XmlElement, io: ReadIo): VdirState {
  const { attributes } = configurationOf(element);
  const path = attributes.get('physicalPath') ?? element.attributes.get('physicalPath') ?? '';
  return {
    physical_path: sameIisPath(path, properties.physical_path, io.env),
    user_name: attributes.get('userName') ?? '',
  };
}

async function act(step: Step<VdirProperties, VdirState>, io: WriteIo): Promise<void> {
  const { title, properties } = step.asked;
  const name = nameOf(properties, title);
  if (step.kind === 'delete') return change(io, ['delete', 'vdir', `/vdir.name:${name}`]);
  const { should } = step;
  const settings: string[] = [];
  if (should.physical_path !== undefined && isChanged(step, '/physical_path'))
    settings.push(`/physicalPath:${should.physical_path}`);
  if (should.user_name !== undefined && isChanged(step, '/user_name'))
    settings.push(`/userName:${should.user_name}`);
  const app = appOf(properties, title);
  if (step.kind === 'create') {
    const path = name.slice(app.replace(/\/$/, '').length);
    await change(io, ['add', 'vdir', `/app.name:${app}`, `/path:${path}`, ...settings]);
  } else if (settings.length > 0) await change(io, ['set', 'vdir', `/vdir.name:${name}`, ...settings]);
  if (isSecretRef(should.password) && isChanged(step, '/password')) {
    await io.step(`password of ${name}`);
    const path = `IIS:\\Sites\\${name.replaceAll('/', '\\')}`;
    await setIisSecret(io, path, 'password', await io.secret(should.password));
  }
}
