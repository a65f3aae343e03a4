import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import { unsuspend } from '../../replication/model/pauses.ts';
import { lift } from '../../replication/model/pins.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { parseS3Url } from '../../values/s3-url.ts';
import { imagesPlace } from '../import/imported.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { ObjectPlace } from '../model/imports.ts';
import {
  attemptOf,
  holderOf,
  imageName,
  kindOf,
  note,
  PROBER,
  proberTokens,
  quarantineName,
  type Run,
  runTags,
  stateOf,
  tokensOf,
  VM_TAG,
} from './run.ts';
import { teardownsOf } from './teardown.ts';

/** Where a run's things are. */
export type RunCloud = Pick<
  RecoveryCloud,
  'machines' | 'volumes' | 'groups' | 'teardown' | 'shells' | 'imports' | 'uploads'
>;

export interface Standing {
  /** Those that the record and the tag both say are the run's. */
  instances: string[];
  images: string[];
  /** Imports of its machines that go on. */
  imports: string[];
  /** Images of its disks in S3, `s3://BUCKET/KEY`. */
  uploads: string[];
  /** Volumes with the run's tag: those of an instance end with it. */
  volumes: string[];
  /** Those of them that no instance holds. */
  loose: string[];
  /** The security group that its shells were launched into. */
  groups: string[];
  /** Names of tear-down entries. */
  schedules: string[];
  /** When the next of them fires, milliseconds since the epoch. */
  fires?: number;
  /** Things that have the run's tag and that no record explains: left alone. */
  foreign: string[];
}

/** What of a run is there, counted. Instances that are terminated don't count. */
export async function standing(
  repository: Repository,
  run: Run,
  cloud: RunCloud,
  signal?: AbortSignal,
): Promise<Standing> {
  const { machines, volumes: disks, groups: guards, teardown } = cloud;
  const { start } = run;
  const tags = runTags(repository.id, start);
  const all = start.groups.flatMap(group => group.machines);
  const tokens = new Set(
    all.flatMap(machine =>
      Array.from({ length: attemptOf(run, machine.vm) + 1 }, (_, n) =>
        tokensOf(repository.id, start, machine, n),
      ).flat(),
    ),
  );
  const names = new Set(all.map(({ vm }) => imageName(repository.id, start, vm)));
  for (const step of run.steps)
    if (step.what === 'prober') for (const one of proberTokens(start, step.token)) tokens.add(one);
  const uuids = new Set([PROBER, ...all.map(({ uuid }) => uuid)]);
  const [instances, images, volumes, groups, schedules, imported] = await Promise.all([
    machines.instances(tags, signal),
    machines.images(tags, signal),
    disks.list(tags, signal),
    guards.list({ tags }, signal),
    teardownsOf(repository.id, run, teardown, signal),
    importsOf(repository.id, run, cloud, signal),
  ]);
  const live = instances.filter(({ state }) => state !== 'terminated');
  const own = live.filter(
    ({ token, account }) => token !== undefined && tokens.has(token) && account === start.account,
  );
  const times = schedules.own.flatMap(({ at }) => at ?? []);
  const ownImages = images.filter(({ id, name }) => names.has(name) || imported.images.includes(id));
  const ownVolumes = volumes.filter(one => uuids.has(one.tags[VM_TAG] ?? ''));
  const ownGroups = groups.filter(({ name }) => name === quarantineName(repository.id, start));
  const ids = (things: readonly { id: string }[]) => things.map(({ id }) => id);
  return {
    instances: ids(own),
    images: [...new Set([...ids(ownImages), ...imported.images])],
    imports: imported.active,
    uploads: imported.uploads.map(({ bucket, key }) => `s3://${bucket}/${key}`),
    volumes: ids(ownVolumes),
    loose: ids(ownVolumes.filter(({ state }) => state === 'available' || state === 'error')),
    groups: ids(ownGroups),
    schedules: schedules.own.map(({ name }) => name),
    ...(times.length > 0 && { fires: Math.min(...times) }),
    foreign: ids([
      ...live.filter(one => !own.includes(one)),
      ...images.filter(one => !ownImages.includes(one)),
      ...volumes.filter(one => !ownVolumes.includes(one)),
      ...groups.filter(one => !ownGroups.includes(one)),
    ]).concat(schedules.foreign.map(({ name }) => name)),
  };
}

/** What VM Import made or makes of the machines of a run. Nothing is asked where none is imported. */
async function importsOf(
  repository: string,
  { start }: Run,
  { imports, shells, uploads }: RunCloud,
  signal?: AbortSignal,
): Promise<{ active: string[]; images: string[]; uploads: ObjectPlace[] }> {
  const machines = start.groups.flatMap(group => group.machines).filter(({ imported }) => imported);
  if (machines.length === 0) return { active: [], images: [], uploads: [] };
  const uuids = new Set(machines.map(({ uuid }) => uuid));
  const all = await imports.tasks(runTags(repository, start), signal);
  const own = all.filter(({ tags }) => uuids.has(tags[VM_TAG] ?? ''));
  // One that was not tagged before somebody died is known by its task alone.
  const made = await Promise.all(own.flatMap(({ image }) => (image ? [shells.image(image, signal)] : [])));
  const folders = machines.flatMap(({ imported }) =>
    imported!.by === 'raw' ? [imagesPlace(imported!, repository, start)] : [],
  );
  const unlike = folders.filter(
    ({ bucket, key }, n) => folders.findIndex(one => one.bucket === bucket && one.key === key) === n,
  );
  const there = await Promise.all(
    unlike.map(async ({ bucket, key }) =>
      (await uploads.list({ bucket, key }, signal)).map(each => ({ bucket, key: each })),
    ),
  );
  return {
    active: own.filter(({ state }) => state === 'active').map(({ id }) => id),
    images: made.flatMap(image => image?.id ?? []),
    uploads: there.flat(),
  };
}

const lookEvery = 5_000;
const patience = 10 * 60_000;

export interface Cleaned {
  instances: number;
  images: number;
  groups: number;
  schedules: number;
  foreign: string[];
}

const kinds = ['instances', 'images', 'groups', 'schedules'] as const;

/** What the clean-ups of a run have found in all, whichever of them was interrupted. */
const removedIn = ({ steps }: Run, kind: (typeof kinds)[number]): Set<string> =>
  new Set(steps.flatMap(step => (step.what === 'removing' ? step[kind] : [])));

/** Before anything goes, it is written down: whoever goes on counts it as removed. */
async function noteFound(repository: Repository, run: Run, at: number, found: Standing): Promise<void> {
  const anew = ofEach(kind => {
    const known = removedIn(run, kind);
    return found[kind].filter(id => !known.has(id));
  });
  if (kinds.every(kind => anew[kind].length === 0)) return;
  await note(repository, run, { at, what: 'removing', ...anew });
}

const ofEach = <T>(make: (kind: (typeof kinds)[number]) => T) =>
  Object.fromEntries(kinds.map(kind => [kind, make(kind)])) as Record<(typeof kinds)[number], T>;

/**
 * Removes all that a run made and looks until nothing of it is there, then lifts what a real one has
 * suspended, and its pins. The answer counts what all clean-ups of the run have removed since one was
 * done. The tear-down entry
 * goes last, so that it still ends what a clean-up that dies leaves. The replica's snapshots stay. Safe to
 * repeat.
 *
 * @throws Failure `left-behind` with what is still there
 */
export async function cleanUp(options: {
  repository: Repository;
  run: Run;
  cloud: RunCloud;
  clock: Clock;
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<Cleaned> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines, volumes, groups, teardown } = cloud;
  const look = () => standing(repository, run, cloud, signal);
  // A clean-up that came to its end has told what it removed.
  const told = ofEach(kind => (stateOf(run) === 'cleaned' ? removedIn(run, kind).size : 0));
  const before = await look();
  await step('found');
  await noteFound(repository, run, clock.now(), before);
  await step('terminate');
  await machines.terminate(before.instances, signal);
  const imported = run.start.groups.some(group => group.machines.some(one => one.imported));
  const removeImages = async (ids: readonly string[]) => {
    for (const id of ids) {
      await step('deregister');
      // An import has snapshots of its own; what was registered has those of the replica.
      const known = imported && /^import-ami-/.test((await cloud.shells.image(id, signal))?.name ?? '');
      await (known ? cloud.shells.remove(id, signal) : machines.removeImage(id, signal));
    }
  };
  await removeImages(before.images);
  let left: string[] = [];
  const { foreign } = await until(
    clock,
    async () => {
      const now = await look();
      left = [...now.instances, ...now.images, ...now.imports, ...now.uploads, ...now.volumes, ...now.groups];
      for (const id of now.imports) {
        await step('cancel-import');
        await cloud.imports.cancel(id, signal);
      }
      // One that ended before it could be cancelled made an image.
      await removeImages(now.images.filter(id => !before.images.includes(id)));
      for (const url of now.uploads) {
        await step('delete-upload');
        const { bucket, key } = parseS3Url(url)!;
        await cloud.uploads.remove({ bucket, key }, signal);
      }
      for (const id of now.loose) {
        await step('delete-volume');
        await volumes.remove(id, signal);
      }
      for (const id of now.instances.length === 0 ? now.groups : []) {
        await step('delete-group');
        await groups.remove(id, signal);
      }
      return left.length === 0 ? now : undefined;
    },
    { every: lookEvery, atMost: patience, what: 'all of it to be gone', ...(signal && { signal }) },
  ).catch(error => {
    throw failedWith(error, 'waited-too-long') && left.length > 0 ? leftBehind(run, left, error) : error;
  });
  for (const name of before.schedules) {
    await step('unschedule');
    await teardown.remove(name, signal);
  }
  const after = await look();
  if (after.schedules.length > 0) throw leftBehind(run, after.schedules, undefined);
  if (run.start.kind === 'real') {
    await step('unsuspend');
    await unsuspend(repository, holderOf(run.start));
  }
  await step('lift');
  await lift(repository, holderOf(run.start));
  await step('cleaned');
  const counts = ofEach(kind => removedIn(run, kind).size - told[kind]);
  await note(repository, run, { at: clock.now(), what: 'cleaned', ...counts });
  return { ...counts, foreign };
}

const leftBehind = ({ start }: Run, left: string[], cause: unknown): Failure =>
  new Failure(
    world('left-behind', `of the ${kindOf(start)} of ${start.plan} there is still: ${left.join(', ')}`, {
      hint: 'run the same again; what has the tag by mistake loses it in EC2',
    }),
    { cause },
  );
