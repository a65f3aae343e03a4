import Type, { type Static } from 'typebox';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { Asked, BuiltInType, Observation, Outcome, Step } from '../../engine/model/resource-type.ts';
import { findVm } from '../../replication/model/find-vm.ts';
import type { Point, PointDisk } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { newestPoint } from '../../replication/model/select-point.ts';
import { type ImageState, inspectImage } from '../../replication/raw-image/inspect.ts';
import { lockPath, whileLocked } from '../../replication/raw-image/lock.ts';
import { contentOf, describeContent, isNewer, sidecarPath } from '../../replication/raw-image/sidecar.ts';
import { updateImage } from '../../replication/raw-image/update.ts';
import { oneByOne } from '../shared/each-step.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { writesFiles } from '../shared/realms.ts';
import {
  pointsCapability,
  repositoryClaims,
  repositoryMistakes,
  repositoryRef,
  repositorySchema,
} from '../shared/repository-property.ts';
import { ancestors, hostPath, ownPathMistakes } from './paths/path.ts';
import { wholeFile } from './paths/path-claims.ts';

export interface RawImageState {
  /**
   * `behind`: it holds another point than the newest, or it can't be told which. `newer`: the repository's is
   * older.
   */
  point: 'newest' | 'behind' | 'newer';
  /** What it was made from and what it would become, when that is older; for people. */
  back?: { from: string; to: string };
  /** It was completed, and nobody touched it since. */
  whole: boolean;
}

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'Where it is, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
    vm: Type.String({ description: 'Name or instance UUID of the VM.', minLength: 1 }),
    disk: Type.Optional(Type.Integer({ description: 'Number of the disk; 0 when left out.', minimum: 0 })),
    repository: repositorySchema,
  },
  { additionalProperties: false },
);

/** As written. */
export type RawImageProperties = Static<typeof schema>;

export const rawImage: BuiltInType<typeof schema, RawImageState> = {
  name: 'raw_image',
  doc: `A raw image of one disk of a VM that is kept equal to its newest recovery point. The title is its path,
or \`path:\` says it.

An update writes only the ranges that changed since the point that the image holds. What it holds is noted
beside it in \`PATH.converge.json\`; an image that anybody else touched, or whose update was interrupted, is
read and compared as a whole, and only what differs is written. An image that was made from a newer point than
the repository has now goes back only with \`--allow\`. Absent removes the image and that note.`,
  version: 1,
  schema,
  runs: { on: 'host' },
  timeouts: { apply: 7 * 86_400_000 },
  realm: { name: 'raw_image', concurrency: 2, alsoDirties: writesFiles('raw_image') },
  check: (properties, title, where) => [
    ...ownPathMistakes(properties, title, where),
    ...repositoryMistakes(properties),
  ],
  identity: ({ path }, title, where) => hostPath(path ?? title, where),
  provides: (_, id) => [`path:${id}`],
  needs: ({ repository, vm }, id) => [
    { anyOf: [pointsCapability(repository, vm)], fresh: '/point' },
    { anyOf: ancestors(id).map(path => `path:${path}`) },
  ],
  claims: ({ repository }, id, where) => [
    ...[id, sidecarPath(id)].flatMap(path => wholeFile(path)),
    ...repositoryClaims(repository, where),
  ],
  desired: () => ({ point: 'newest', whole: true }),
  diff: ({ point, whole, back }) => [
    ...(point === 'newest'
      ? []
      : point === 'behind'
        ? [{ path: pointPath, before: point, after: 'newest' }]
        : [{ path: pointPath, before: back!.from, after: back!.to, grade: 'weakens' as const }]),
    ...(whole ? [] : [{ path: '/whole', before: false, after: true }]),
  ],
  async observe(asked, io) {
    const seen = await Promise.all(asked.map(async one => [one.id, await observeOne(one, io)] as const));
    return new Map(seen);
  },
  async findSource({ properties }, io) {
    if (await findSource(properties, io)) return undefined;
    const { hint } = noPoint(properties).diagnostics[0]!;
    const waitsFor = pointsCapability(properties.repository, properties.vm);
    return { state: 'unknown', waitsFor, ...(hint !== undefined && { hint }) };
  },
  apply: (steps, io) => oneByOne(steps, step => change(step, io)),
};

const pointPath = '/point';

async function observeOne(
  { id, properties }: Asked<RawImageProperties>,
  io: ReadIo,
): Promise<Observation<RawImageState>> {
  try {
    const image = await inspectImage(io.files, id);
    if (image.stat === undefined && image.sidecar === undefined) return { state: 'absent' };
    const source = await findSource(properties, io);
    return { state: 'present', value: { ...pointOf(image, source), whole: image.trusted } };
  } catch (error) {
    io.signal.throwIfAborted();
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

async function change(step: Step<RawImageProperties, RawImageState>, io: WriteIo): Promise<Outcome> {
  const { id, asked, signal } = step;
  try {
    if (step.kind === 'delete') return await remove(id, io);
    const source = await findSource(asked.properties, io);
    if (source === undefined) throw noPoint(asked.properties);
    const { how, ...numbers } = await updateImage({
      clock: io.clock,
      files: io.files,
      random: io.random,
      path: id,
      ...source,
      back:
        step.kind === 'update' &&
        step.fields.some(({ path, grade }) => path === pointPath && grade === 'weakens'),
      step: io.step,
      progress: io.progress,
      signal,
    });
    const note = `point ${source.point.generation}, ${numbers.ranges_written} ranges written${how === 'compared' ? ' after comparing all of it' : ''}`;
    return { ok: true, note, numbers };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ok: false, diagnostic: oneDiagnostic(error), retry: 'asked', undone: false };
  }
}

/** The note goes first: an image without one is only never trusted. */
async function remove(path: string, io: WriteIo): Promise<Outcome> {
  const { files, step } = io;
  const { stat, sidecar } = await inspectImage(files, path);
  if (stat && stat.kind !== 'file')
    throw new Failure(
      world('not-a-file', `${path} is a ${stat.kind}, not a raw image: it is left alone`, {
        hint: 'remove it yourself if it is not needed',
      }),
    );
  if (stat || sidecar)
    await whileLocked(path, io, async () => {
      await step('remove-image');
      await files.remove(sidecarPath(path));
      await files.remove(path);
    });
  await files.remove(lockPath(path)).catch(() => {}); // somebody just claimed it
  return { ok: true };
}

interface Source {
  repository: Repository;
  point: Point;
  disk: PointDisk;
}

/** Undefined when there is no point of the VM yet. @throws Failure `no-such-disk`, `not-the-newest` */
async function findSource(properties: RawImageProperties, io: ReadIo): Promise<Source | undefined> {
  const repositories = await io.client('repositories');
  const repository = await repositories.open(repositoryRef(properties.repository), 'read');
  const vm = repository && (await findVm(repository, properties.vm));
  const point = vm && (await newestPoint(vm, properties.vm));
  if (repository === undefined || point === undefined) return undefined;
  const index = properties.disk ?? 0;
  const disk = point.disks.find(d => d.index === index);
  if (disk === undefined) throw noSuchDisk(properties.vm, index, point);
  return { repository, point, disk };
}

function pointOf({ sidecar, trusted }: ImageState, source: Source | undefined): Omit<RawImageState, 'whole'> {
  if (sidecar === undefined || source === undefined) return { point: 'behind' };
  const wanted = contentOf(source.repository, source.point, source.disk);
  if (isNewer(sidecar, wanted))
    return { point: 'newer', back: { from: describeContent(sidecar), to: describeContent(wanted) } };
  const holds = (Object.keys(wanted) as (keyof typeof wanted)[]).every(key => sidecar[key] === wanted[key]);
  return { point: trusted && holds ? 'newest' : 'behind' };
}

const noPoint = ({ vm, repository }: RawImageProperties): Failure =>
  new Failure(
    world(
      'no-point',
      `${repositoryRef(repository).url.written} holds no recovery point of ${vm} to make an image of`,
      {
        hint: `declare \`protected_vm: { ${vm}: ... }\` with this repository, or correct the name`,
      },
    ),
  );

const noSuchDisk = (vm: string, index: number, { disks, generation }: Point): Failure =>
  new Failure(
    world('no-such-disk', `point ${generation} of ${vm} holds no disk ${index}`, {
      hint: `it holds ${disks.map(d => `${d.index}: ${d.label}`).join(', ')}`,
    }),
  );
