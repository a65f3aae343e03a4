import Type, { type Static } from 'typebox';
import { failedWith } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Mistake,
  Observation,
  Outcome,
  SourceTrouble,
  Step,
} from '../../../engine/model/resource-type.ts';
import { bytes, plural } from '../../../io/units.ts';
import { parseS3Prefix } from '../../../values/s3-url.ts';
import { oneByOne } from '../../shared/each-step.ts';
import { pathFirst } from '../../shared/path-first.ts';
import { writesFiles } from '../../shared/realms.ts';
import { failedFetch } from '../fetch/failed-step.ts';
import { isS3, locationOf, locationSchema } from '../fetch/location-property.ts';
import { observeEach } from '../paths/observe-each.ts';
import { ancestors, hostPath, ownPathMistakes, writtenPath } from '../paths/path.ts';
import { addedFilesClaim, filesClaim, kindClaim } from '../paths/path-claims.ts';
import { type Comparison, type Copied, compare, type Sides } from './compare.ts';
import { down, removeFiles, removeObjects, up } from './transfer.ts';

/** Both name the first of many. */
export interface S3SyncState {
  /** `new: PATH` and `changed: PATH` of what is to be copied. */
  differing: string[];
  /** What the side that is written to has and the other has not; left out where it may stay. */
  surplus?: string[];
}

/** Compared at once. */
const atOnce = 4;
/** Files that a plan names. */
const mostNamed = 20;

const globs = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }));

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'The directory, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
    from: Type.Optional(
      locationSchema('`s3://BUCKET/PREFIX` that the directory is made equal to, or `{ url, target }`.'),
    ),
    to: Type.Optional(
      locationSchema('`s3://BUCKET/PREFIX` that is made equal to the directory, or `{ url, target }`.'),
    ),
    delete: Type.Optional(
      Type.Boolean({ description: 'Remove what the side that is written to has and the other has not.' }),
    ),
    include: globs(
      'Only names that match one of these globs: `*.log` in any directory, `logs/**` from the top.',
    ),
    exclude: globs('No names that match one of these globs. They are neither copied nor removed.'),
  },
  { additionalProperties: false },
);

/** As written. */
export type S3SyncProperties = Static<typeof schema>;

export const s3Sync: BuiltInType<typeof schema, S3SyncState> = {
  name: 's3_sync',
  doc: `A directory of this host and a prefix of a bucket that hold the same files: \`from:\` makes the directory equal
to the prefix, \`to:\` the prefix to the directory. The title is the directory, or \`path:\` says it.

A file is left alone when it has the object's size and either its MD5 is the object's ETag, or it is the very one
that was copied before. Times are not compared. The ETag of an object that was uploaded in parts, or under a KMS
key, is not an MD5; such a one is copied once more when converge's memory of it is lost. Each file is replaced whole.
A key that can't be a path below the directory (\`..\`, on Windows also \`a:b\`, \`nul\`, two that differ only in case)
fails the sync before anything is written. Links are not followed. What is neither declared with \`delete\` nor in
\`exclude\` stays.`,
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 's3_sync', concurrency: 2, alsoDirties: writesFiles('s3_sync') },
  canBeAbsent: false,
  check: (properties, title, where) => [
    ...ownPathMistakes(properties, title, where),
    ...directionMistakes(properties),
  ],
  identity(properties, title, where) {
    const id = hostPath(properties.path ?? title, where);
    return properties.to === undefined ? id : `${id} to ${locationOf(properties.to).url}`;
  },
  provides: ({ to }, id) => (to === undefined ? [`path:${id}`] : []),
  needs: (properties, id) => {
    const folder = folderOf(id, properties);
    return [
      { anyOf: [folder, ...ancestors(folder)].map(path => `path:${path}`) },
      { anyOf: [bucketOf(properties)] },
    ];
  },
  claims(properties, id) {
    if (properties.to === undefined)
      return [
        kindClaim(id, 'directory'),
        properties.delete ? { ...filesClaim(id), clears: true } : addedFilesClaim(id),
      ];
    const url = locationOfSync(properties).url.replace(/^s3/i, 's3').replace(/\/+$/, '');
    const how = properties.delete ? { clears: true as const } : { shared: 'added' };
    return [{ what: `the objects in ${url}`, pointer: '/to', path: url, ...how }];
  },
  desired: properties => ({ differing: [], ...(properties.delete && { surplus: [] }) }),
  observe: (asked, io) => observeEach(asked, io, atOnce, look),
  findSource: ({ properties }, io) => findBucket(properties, io),
  apply: (steps, io) => oneByOne(steps, step => change(step, io)),
};

/** One direction, to or from a prefix of a bucket. */
function directionMistakes({ from, to }: S3SyncProperties): Mistake[] {
  const wrong = (pointer: string, message: string, hint: string) =>
    mistake(pointer, 'sync-direction', message, hint);
  const mistakes: Mistake[] = [];
  if (from !== undefined && to !== undefined)
    mistakes.push(wrong('/to', 'a sync goes either `from` a prefix or `to` one', 'remove one of the two'));
  if ((from ?? to) === undefined)
    mistakes.push(
      wrong('', 'nothing says what the directory is synced with', 'add `from: s3://BUCKET/PREFIX` or `to:`'),
    );
  for (const [pointer, location] of Object.entries({ '/from': from, '/to': to }))
    if (location !== undefined && !isS3(locationOf(location)))
      mistakes.push(
        wrong(pointer, `${locationOf(location).url} isn't a prefix of a bucket`, 'write s3://BUCKET/PREFIX'),
      );
  return mistakes;
}

const locationOfSync = ({ from, to }: S3SyncProperties) => locationOf((from ?? to)!);

const bucketOf = (properties: S3SyncProperties): string =>
  `s3-bucket:${parseS3Prefix(locationOfSync(properties).url)?.bucket}`;

const folderOf = (id: Id, { to }: S3SyncProperties): Id =>
  to === undefined ? id : id.slice(0, -` to ${locationOf(to).url}`.length);

const memoryKey = (id: Id): string => `s3_sync:${id}`;

async function sidesOf({ id, properties }: Asked<S3SyncProperties>, io: ReadIo): Promise<Sides> {
  const content = await io.client('content');
  return {
    folder: folderOf(id, properties),
    store: await content.store(locationOfSync(properties)),
    globs: properties,
    remembered: (io.memory.get(memoryKey(id)) as Record<string, Copied> | undefined) ?? {},
  };
}

async function look(one: Asked<S3SyncProperties>, io: ReadIo): Promise<Observation<S3SyncState>> {
  const sides = await sidesOf(one, io);
  if ((await io.files.stat(sides.folder))?.kind !== 'directory') {
    if (one.properties.to !== undefined) return pathFirst(sides.folder);
    return { state: 'absent' };
  }
  let comparison: Comparison;
  try {
    comparison = await compare(sides, io);
  } catch (error) {
    return bucketFirst(error, one.properties);
  }
  const { copy, surplus } = workOf(comparison, one.properties);
  return {
    state: 'present',
    value: { differing: first(copy), ...(one.properties.delete && { surplus: first(surplus) }) },
  };
}

/** An empty prefix is one to be equal to; a bucket that isn't there is none. */
async function findBucket(properties: S3SyncProperties, io: ReadIo): Promise<SourceTrouble | undefined> {
  const content = await io.client('content');
  const store = await content.store(locationOfSync(properties));
  try {
    for await (const _ of store.list('')) break;
    return undefined;
  } catch (error) {
    return bucketFirst(error, properties);
  }
}

/** What waits for a bucket that isn't there. @throws any other error */
function bucketFirst(error: unknown, properties: S3SyncProperties) {
  if (!failedWith(error, 'bucket-not-found')) throw error;
  const { hint } = error.diagnostics[0]!;
  return {
    state: 'unknown',
    waitsFor: bucketOf(properties),
    ...(hint !== undefined && { hint }),
  } as const;
}

/** What the side that is written to lacks, and what it has too much. */
function workOf({ differing, onlyFiles, onlyObjects }: Comparison, { to }: S3SyncProperties) {
  const [missing, surplus] = to === undefined ? [onlyObjects, onlyFiles] : [onlyFiles, onlyObjects];
  return {
    copy: [...differing.map(path => `changed: ${path}`), ...missing.map(path => `new: ${path}`)],
    surplus,
  };
}

const first = (names: string[]): string[] =>
  names.length <= mostNamed
    ? names
    : [...names.slice(0, mostNamed), `and ${plural(names.length - mostNamed, 'more file')}`];

async function makeFolder(folder: Id, written: string, io: WriteIo): Promise<void> {
  if (!(await io.files.stat(folder))) await io.files.mkdir(written);
}

async function change(
  { id, asked, signal }: Step<S3SyncProperties, S3SyncState>,
  io: WriteIo,
): Promise<Outcome> {
  const { properties } = asked;
  const copied: Record<string, Copied> = {};
  const note = (path: string, how: Copied) => {
    copied[path] = how;
  };
  try {
    const sides = await sidesOf(asked, io);
    const { folder, store, remembered } = sides;
    const found = await compare(sides, io);
    await io.step(`copy for ${id}`);
    const isUp = properties.to !== undefined;
    let total: number;
    try {
      if (!isUp) await makeFolder(folder, writtenPath(properties.path ?? asked.title, io), io);
      total = isUp
        ? await up(folder, store, found, note, io)
        : await down(folder, locationOfSync(properties), found, note, io);
    } finally {
      const known = { ...remembered, ...copied };
      const kept = Object.entries(known).filter(([path]) => found.objects.has(path) || path in copied);
      await io.memory.set(memoryKey(id), Object.fromEntries(kept));
    }
    if (properties.delete) {
      await io.step(`remove what is too much for ${id}`);
      if (isUp)
        await removeObjects(
          store,
          found.onlyObjects.map(path => found.objects.get(path)),
        );
      else await removeFiles(folder, found.onlyFiles, io);
    }
    const count = Object.keys(copied).length;
    return {
      ok: true,
      note: `${plural(count, 'file')} copied, ${bytes(total)}`,
      numbers: { files_copied: count, bytes_copied: total },
    };
  } catch (error) {
    return { ...failedFetch(error, signal), undone: false };
  }
}
