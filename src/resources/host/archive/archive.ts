import Type, { type Static } from 'typebox';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Observation,
  Outcome,
  Step,
} from '../../../engine/model/resource-type.ts';
import { parseSize, plural, sizePattern } from '../../../io/units.ts';
import { oneByOne } from '../../shared/each-step.ts';
import { writesFiles } from '../../shared/realms.ts';
import { failedFetch } from '../fetch/failed-step.ts';
import { isNewest } from '../fetch/known-content.ts';
import { checksumOf, trustSchema, untrusted } from '../fetch/location-property.ts';
import { digestOfFile } from '../paths/digest-file.ts';
import { observeEach } from '../paths/observe-each.ts';
import { ancestors, hostPath, ownPathMistakes, writtenPath } from '../paths/path.ts';
import { filesClaim, kindClaim } from '../paths/path-claims.ts';
import { findIn } from './find-in.ts';
import { besides, removeEmpty, removeUnpacked } from './move-in.ts';
import { obtain } from './obtain-archive.ts';
import { replace } from './replace.ts';
import { nameOf, shownSource, sourceOf, sourceSchema } from './source.ts';
import { damagedFiles, rememberUnpacked, type Unpacked, unpackedInto } from './unpacked-files.ts';

export interface ArchiveState {
  /**
   * `missing`: the archive isn't there; `behind`: it isn't the one that was unpacked, or that isn't known.
   */
  content: 'newest' | 'behind' | 'missing';
  /** `missing: PATH` and `changed: PATH` of files that aren't as the archive has them; the first of many. */
  damaged: string[];
}

/** Looked at or asked for at once. */
const atOnce = 4;
/** Damaged files that a plan names. */
const mostNamed = 20;
const defaultLimit = '4GiB';

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'The directory, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
    source: sourceSchema(
      'The zip file: a path of this host, `https://`, `http://` or `s3://BUCKET/KEY`, or `{ url, target }`.',
    ),
    ...trustSchema,
    purge_old: Type.Optional(
      Type.Boolean({
        description:
          'Remove files that the archive had when it was unpacked before and has no more. Others stay.',
      }),
    ),
    max_size: Type.Optional(
      Type.String({
        description: `Largest size that is taken, packed and unpacked, \`${defaultLimit}\` when left out.`,
        pattern: sizePattern,
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type ArchiveProperties = Static<typeof schema>;

export const archive: BuiltInType<typeof schema, ArchiveState> = {
  name: 'archive',
  doc: `A directory of this host that holds what is in a zip file. The title is the directory, or \`path:\` says it.

It is unpacked again only when the archive changed, or when one of its files was changed or removed; files that
are not of the archive stay. All of it is unpacked beside the directory and checked before anything of it moves
in, so that a damaged archive leaves everything as it was. An archive with links, with names that lead out of the
directory or that Windows reads as something else, or with two names that differ only in case is refused as a
whole, on every platform. A \`source\` that is a declared \`download\` or \`file\` is unpacked in the run that brings it.
Absent removes the files that were unpacked, and the directories that are empty then.`,
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 'files', concurrency: 16, alsoDirties: writesFiles('files') },
  check(properties, title, where) {
    const { path, source } = properties;
    const id = hostPath(path ?? title, where);
    const isRoot = /^(\/|[a-z]:\/)$/.test(id);
    const message = `an archive can't be unpacked into ${id}`;
    return [
      ...('location' in sourceOf(source, where) ? untrusted(source, '/source', properties) : []),
      ...ownPathMistakes(properties, title, where),
      ...(isRoot
        ? [
            mistake(
              path === undefined ? '' : '/path',
              'archive-into-root',
              message,
              'give a directory of its own',
            ),
          ]
        : []),
    ];
  },
  identity: ({ path }, title, where) => hostPath(path ?? title, where),
  provides: (_, id) => [`path:${id}`],
  needs: ({ source }, id) => {
    const from = sourceOf(source, { platform: id.startsWith('/') ? 'linux' : 'win32', cwd: '/' });
    return [
      ...('path' in from
        ? [{ anyOf: [from.path, ...ancestors(from.path)].map(path => `path:${path}`), fresh: '/content' }]
        : []),
      { anyOf: [id, ...ancestors(id)].map(path => `path:${path}`) },
    ];
  },
  claims: (_, id) => [kindClaim(id, 'directory'), filesClaim(id)],
  desired: () => ({ content: 'newest', damaged: [] }),
  observe: (asked, io) => observeEach(asked, io, atOnce, look),
  findSource: ({ properties }, io) => findIn(sourceOf(properties.source, io), io),
  apply: (steps, io) => oneByOne(steps, step => change(step, io)),
};

async function look(
  { id, properties }: Asked<ArchiveProperties>,
  io: ReadIo,
): Promise<Observation<ArchiveState>> {
  const unpacked = unpackedInto(id, io.memory);
  // What is there without being remembered is somebody else's.
  if (!unpacked || !(await io.files.stat(id))) return { state: 'absent' };
  const damaged = await damagedFiles(id, unpacked, io);
  const more = damaged.length - mostNamed;
  return {
    state: 'present',
    value: {
      content: await contentOf(properties, unpacked, io),
      damaged: [...damaged.slice(0, mostNamed), ...(more > 0 ? [`and ${plural(more, 'more file')}`] : [])],
    },
  };
}

async function contentOf(
  properties: ArchiveProperties,
  unpacked: Unpacked,
  io: ReadIo,
): Promise<ArchiveState['content']> {
  const source = sourceOf(properties.source, io);
  const { digest } = unpacked;
  if ('path' in source) {
    const found = await digestOfFile(io.files, source.path);
    return found === undefined ? 'missing' : found === digest ? 'newest' : 'behind';
  }
  const checksum = checksumOf(properties);
  if (checksum !== undefined) return digest === checksum ? 'newest' : 'behind';
  if (digest === undefined || unpacked.source !== nameOf(source)) return 'behind';
  const { location } = source;
  return (await isNewest(location, { ...unpacked, digest, url: location.url }, io)) ? 'newest' : 'behind';
}

async function change(step: Step<ArchiveProperties, ArchiveState>, io: WriteIo): Promise<Outcome> {
  try {
    return step.kind === 'delete' ? await remove(step.id, io) : await unpackInto(step, io);
  } catch (error) {
    // Some files may have moved in already.
    return { ...failedFetch(error, step.signal), undone: false };
  }
}

async function unpackInto(
  { id, asked }: Step<ArchiveProperties, ArchiveState>,
  io: WriteIo,
): Promise<Outcome> {
  const { properties } = asked;
  const source = sourceOf(properties.source, io);
  const limit = parseSize(properties.max_size ?? defaultLimit)!;
  await io.step(`fetch the archive for ${id}`);
  const obtained = await obtain(
    source,
    { checksum: checksumOf(properties), temporary: await besides(id, io), limit },
    io,
  );
  try {
    const { path: _, discard: __, ...known } = obtained;
    const count = await replace(
      {
        id,
        written: writtenPath(properties.path ?? asked.title, io),
        path: obtained.path,
        what: shownSource(source),
        limit,
        purge: properties.purge_old === true,
      },
      { ...known, source: nameOf(source) },
      io,
    );
    return { ok: true, note: `${plural(count, 'file')} unpacked`, numbers: { files_unpacked: count } };
  } finally {
    await obtained.discard();
  }
}

async function remove(id: Id, io: WriteIo): Promise<Outcome> {
  const { files, directories } = unpackedInto(id, io.memory)!;
  await io.step(`remove what was unpacked into ${id}`);
  await removeUnpacked(id, { files: Object.keys(files), directories }, io);
  if ((await io.files.stat(id))?.kind === 'directory') await removeEmpty(id, io);
  await io.step(`forget ${id}`);
  await rememberUnpacked(id, undefined, io.memory);
  return { ok: true };
}
