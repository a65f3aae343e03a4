import { Type } from 'typebox';
import type {
  AnyResourceType,
  Registry,
  ResourceType,
  TargetKind,
} from '../../src/engine/model/resource-type.ts';
import type { ReadFiles } from '../../src/io/ports.ts';
import { type CompileOptions, compile } from '../../src/manifest/compile.ts';

const never = () => {
  throw new Error('compiling observes and changes nothing');
};

/** A resource type that can be declared and nothing else. */
export function fakeType(name: string, rest: Partial<AnyResourceType>): AnyResourceType {
  return {
    name,
    doc: `A ${name}.`,
    version: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    runs: { on: 'host' },
    realm: { name, concurrency: 1 },
    identity: (_, title) => title,
    desired: never,
    observe: never,
    apply: never,
    ...rest,
  } satisfies ResourceType<never, object>;
}

const closed = { additionalProperties: false };

const note = fakeType('note', {
  schema: Type.Object(
    {
      path: Type.Optional(Type.String()),
      mode: Type.Optional(
        Type.String({ pattern: '^0?[0-7]{3}$', description: 'Permissions, as chmod takes them.' }),
      ),
      serial: Type.Optional(
        Type.String({
          pattern: '^([A-Z]{2}|[0-9]{3})-[0-9]{4}(-[0-9a-f]{8})+$',
          description: 'As the label has it.',
        }),
      ),
      text: Type.Optional(Type.String({ 'x-multiline': true })),
      size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
      ratio: Type.Optional(Type.Number()),
      sticky: Type.Optional(Type.Boolean()),
      kind: Type.Optional(Type.Union([Type.Literal('plain'), Type.Literal('rich'), Type.Literal('raw')])),
      tags: Type.Optional(Type.Record(Type.String(), Type.String())),
      lines: Type.Optional(Type.Array(Type.String(), { uniqueItems: true, maxItems: 3 })),
      store: Type.Optional(
        Type.Union([
          Type.String({ pattern: '^([sS]3|file)://', 'x-on-target': { kind: 'cloud', scheme: 's3' } }),
          Type.Object(
            {
              url: Type.String({ minLength: 3, 'x-on-target': { kind: 'cloud', scheme: 's3' } }),
              target: Type.Optional(Type.String({ 'x-target': 'cloud' })),
              sweeper: Type.Optional(Type.String({ 'x-target': 'cloud', 'x-role': 'sweeper' })),
            },
            closed,
          ),
        ]),
      ),
      every: Type.Optional(Type.String({ format: 'schedule' })),
      keep: Type.Optional(Type.Object({ all: Type.Optional(Type.String({ format: 'duration' })) }, closed)),
      key: Type.Optional(Type.String({ 'x-secret': true })),
      env: Type.Optional(
        Type.Record(Type.String(), Type.Union([Type.String(), Type.String({ 'x-secret': true })])),
      ),
      content: Type.Optional(Type.Union([Type.String(), Type.String({ 'x-secret': true })])),
      logins: Type.Optional(Type.Record(Type.String(), Type.String({ 'x-secret': true }))),
      anything: Type.Optional(Type.Unknown()),
    },
    closed,
  ),
  identity: (properties: { path?: string }, title) =>
    (properties.path ?? title).toLowerCase().replaceAll('\\', '/').replace(/\/$/, ''),
  refresh: never,
});

const store = fakeType('store', {
  schema: Type.Object({ region: Type.String({ description: 'Where it lies. Mind the price.' }) }, closed),
  runs: { on: 'remote', target: 'cloud' },
  canBeAbsent: false,
});

const site = fakeType('site', { runs: { on: 'host', platforms: ['win32'] } });

const cloud: TargetKind = {
  name: 'cloud',
  doc: 'A cloud.',
  schema: Type.Object(
    {
      url: Type.String({ pattern: '^https://' }),
      password: Type.String({ 'x-secret': true }),
      port: Type.Optional(Type.Integer({ minimum: 1 })),
    },
    closed,
  ),
  identity: ({ url }) => String(url),
};
const ship: TargetKind = { ...cloud, name: 'ship', schema: Type.Object({}, closed) };

export const fakeRegistry: Registry = {
  types: new Map([note, store, site].map(type => [type.name, type])),
  targets: new Map([cloud, ship].map(kind => [kind.name, kind])),
};

/** Files in memory below `/here`, by relative or absolute name. */
export function memoryFiles(contents: Record<string, string | Buffer>): ReadFiles {
  const files = new Map(
    Object.entries(contents).map(([name, content]) => [
      name.startsWith('/') ? name : `/here/${name}`,
      Buffer.from(content as string),
    ]),
  );
  const below = (path: string) =>
    [...files.keys()].filter(name => name.startsWith(`${path === '/' ? '' : path}/`));
  return {
    read: async path => files.get(path),
    stat: async path => {
      const file = files.get(path);
      if (!file && below(path).length === 0) return undefined;
      const size = file?.length ?? 0;
      const zero = { mode: 0o644, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, uid: 0, gid: 0 };
      return { kind: file ? 'file' : 'directory', size, ...zero };
    },
    list: async path => {
      if (files.has(path)) throw Object.assign(new Error('no folder'), { code: 'ENOTDIR' });
      return [...new Set(below(path).map(name => name.slice(path.length + 1).split('/')[0]!))].reverse();
    },
    readlink: async () => undefined,
    open: async () => undefined,
  };
}

/** Compiles files given by name; the paths are all of them unless given. */
export const compileFiles = (
  contents: Record<string, string | Buffer>,
  paths: string[] = Object.keys(contents),
  options: Partial<CompileOptions> = {},
) =>
  compile(paths, {
    registry: fakeRegistry,
    files: memoryFiles(contents),
    cwd: '/here',
    platform: 'linux',
    ...options,
  });

/** Compiles the text below `converge: 1` as one manifest, `m.yaml`. */
export const compileText = (text: string, options: Partial<CompileOptions> = {}) =>
  compileFiles({ 'm.yaml': `converge: 1\n${text}` }, ['m.yaml'], options);

/** Compiles the properties of one note, written in YAML's block form, and returns what was read. */
export async function readNote(properties: string) {
  const body = properties.replace(/^/gm, '      ');
  const { catalog, diagnostics } = await compileText(`resources:\n  note:\n    n:\n${body}`);
  return { properties: catalog.resources[0]?.properties, diagnostics };
}
