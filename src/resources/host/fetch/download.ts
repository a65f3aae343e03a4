import { posix } from 'node:path';
import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Observation,
  Outcome,
  Step,
} from '../../../engine/model/resource-type.ts';
import { isForeign } from '../../../io/handles/owner.ts';
import { bytes, parseSize, sizePattern } from '../../../io/units.ts';
import { oneByOne } from '../../shared/each-step.ts';
import { writesFiles } from '../../shared/realms.ts';
import { digestOfFile } from '../paths/digest-file.ts';
import { observeEach } from '../paths/observe-each.ts';
import { ancestors, hostPath, ownPathMistakes, writtenPath } from '../paths/path.ts';
import { wholeFile } from '../paths/path-claims.ts';
import { saveBody } from './body.ts';
import { failedFetch } from './failed-step.ts';
import { findContent } from './find-content.ts';
import { isNewest, type Known, validatorsOf } from './known-content.ts';
import {
  checksumOf,
  locationOf,
  locationSchema,
  shownLocation,
  trustSchema,
  untrusted,
} from './location-property.ts';

export interface DownloadState {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  /**
   * `sha256:…` when a checksum is declared. Else `newest`; `behind`: the server has another now; `edited`: it
   * isn't what was fetched from there.
   */
  content: string;
}

/** Looked at or asked for at once. */
const atOnce = 8;
const defaultLimit = '4GiB';

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'Where it goes, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
    url: locationSchema(
      'Where it comes from: `https://`, `http://` or `s3://BUCKET/KEY`, or `{ url, target }`.',
    ),
    ...trustSchema,
    check: Type.Optional(
      Type.Union([Type.Literal('each_run'), Type.Literal('when_missing')], {
        description:
          'Without a checksum: ask in each run whether the server has another (default), or fetch it only once.',
      }),
    ),
    max_size: Type.Optional(
      Type.String({
        description: `Largest size that is taken, \`${defaultLimit}\` when left out.`,
        pattern: sizePattern,
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type DownloadProperties = Static<typeof schema>;

export const download: BuiltInType<typeof schema, DownloadState> = {
  name: 'download',
  doc: `A file of this host that is fetched from the web or from S3. The title is its path, or \`path:\` says it.

With a \`checksum\` a file that is in place costs no request at all. Without one each run asks once whether the
server's content changed (ETag, Last-Modified) and fetches it only then. The file is replaced whole, once all of
the new one is there and right: what ends early, has another checksum, or is a page of HTML where a file is meant
leaves the old one. It belongs to whoever runs converge; the mode of a file that was theirs, or root's, is kept. \`http://\` needs a checksum or \`allow_insecure: true\`; a redirect from https to http is
refused. It goes by the proxy that the environment names (docs/network.md).`,
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 'downloads', concurrency: 4, alsoDirties: writesFiles('downloads') },
  check: (properties, title, where) => [
    ...ownPathMistakes(properties, title, where),
    ...untrusted(properties.url, '/url', properties),
  ],
  identity: ({ path }, title, where) => hostPath(path ?? title, where),
  provides: (_, id) => [`path:${id}`],
  needs: (_, id) => [{ anyOf: ancestors(id).map(path => `path:${path}`) }],
  claims: (_, id) => wholeFile(id),
  desired: properties => ({ kind: 'file', content: checksumOf(properties) ?? 'newest' }),
  observe: (asked, io) => observeEach(asked, io, atOnce, look),
  findSource: ({ properties }, io) => findContent(locationOf(properties.url), io),
  apply: (steps, io) => oneByOne(steps, step => change(step, io)),
};

const memoryKey = (id: Id): string => `download:${id}`;

async function look(
  { id, properties }: Asked<DownloadProperties>,
  io: ReadIo,
): Promise<Observation<DownloadState>> {
  const stat = await io.files.stat(id);
  if (!stat) return { state: 'absent' };
  const content = stat.kind === 'file' ? await contentOf(id, properties, io) : 'edited';
  return { state: 'present', value: { kind: stat.kind, content } };
}

async function contentOf(id: Id, properties: DownloadProperties, io: ReadIo): Promise<string> {
  const digest = (await digestOfFile(io.files, id)) ?? 'edited';
  if (properties.checksum !== undefined) return digest;
  const location = locationOf(properties.url);
  const known = io.memory.get(memoryKey(id)) as Known | undefined;
  if (known?.url !== location.url) return 'behind';
  if (known.digest !== digest) return 'edited';
  if (properties.check === 'when_missing') return 'newest';
  return (await isNewest(location, known, io)) ? 'newest' : 'behind';
}

async function change(step: Step<DownloadProperties, DownloadState>, io: WriteIo): Promise<Outcome> {
  const { id, signal } = step;
  try {
    if (step.kind !== 'create' && step.is.kind !== 'file') throw notAFile(id, step.is.kind);
    if (step.kind !== 'delete') return await fetchTo(step, io);
    await io.step(`remove ${id}`);
    await io.files.remove(id);
    await io.memory.set(memoryKey(id), undefined);
    return { ok: true };
  } catch (error) {
    return failedFetch(error, signal);
  }
}

async function fetchTo(
  { id, asked, signal }: Step<DownloadProperties, DownloadState>,
  io: WriteIo,
): Promise<Outcome> {
  const { properties } = asked;
  const location = locationOf(properties.url);
  const digest = checksumOf(properties);
  const temporary = posix.join(posix.dirname(id), await io.files.temporaryName());
  await io.step(`fetch ${id}`);
  const content = await io.client('content');
  // Not conditional: whatever is there now isn't what is wanted.
  const opened = await content.open(location, { signal });
  if (opened === 'unchanged') throw new Error('an unconditional request was answered with "unchanged"');
  try {
    const replaced = await io.files.stat(id);
    const saved = await saveBody(
      opened,
      temporary,
      {
        limit: parseSize(properties.max_size ?? defaultLimit)!,
        what: shownLocation(location),
        mayBePage: location.kind === 's3',
        ...(digest !== undefined && { digest }),
        // Whoever else's file was there chose its mode for a file of theirs.
        ...(replaced?.kind === 'file' && !isForeign(replaced.uid) && { mode: replaced.mode & 0o777 }),
      },
      io,
    );
    await io.step(`put ${id} into place`);
    await io.files.rename(temporary, writtenPath(properties.path ?? asked.title, io));
    const known: Known = { url: location.url, digest: saved.digest, ...validatorsOf(opened) };
    await io.memory.set(memoryKey(id), known);
    return { ok: true, note: `${bytes(saved.size)} fetched`, numbers: { bytes_fetched: saved.size } };
  } catch (error) {
    await io.files.remove(temporary).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

const notAFile = (id: Id, kind: string): Failure =>
  new Failure(
    world('not-a-file', `${id} is left as it is: it is a ${kind}, and a download is a file`, {
      hint: 'move it away, or change the declaration',
    }),
  );
