import type { Repository } from '../../replication/model/repository.ts';
import { imagesPlace } from '../import/imported.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { ObjectPlace } from '../model/imports.ts';
import {
  FAILBACK_TAG,
  imageName,
  machineTags,
  PROBER,
  proberTokens,
  quarantineName,
  runTags,
  tokensOf,
  VM_TAG,
} from '../run/names.ts';
import { attemptOf, type Run, type RunMachine } from '../run/run.ts';
import { machinesOf } from '../run/where.ts';
import { teardownsOf } from './teardown.ts';

/** Where a run's things are. */
export type RunCloud = Pick<
  RecoveryCloud,
  'machines' | 'volumes' | 'snapshots' | 'groups' | 'teardown' | 'shells' | 'imports' | 'uploads'
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
  /** Those of its disks that were taken on their way home. */
  snapshots: string[];
  /** The security group that its shells were launched into. */
  groups: string[];
  /** Names of tear-down entries. */
  schedules: string[];
  /** When the next of them fires, milliseconds since the epoch. */
  fires?: number;
  /** Things that have the run's tag and that no record explains: left alone. */
  foreign: string[];
}

/**
 * What of a run is there, counted. Instances that are terminated don't count.
 *
 * @param only what has the tags of this machine; what several share isn't of one
 */
export async function standing(
  repository: Repository,
  run: Run,
  cloud: RunCloud,
  signal?: AbortSignal,
  only?: RunMachine,
): Promise<Standing> {
  const { machines, volumes: disks, groups: guards, teardown } = cloud;
  const { start } = run;
  const tags = only ? machineTags(repository.id, start, only.uuid) : runTags(repository.id, start);
  const all = only ? [only] : machinesOf(run);
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
  const [instances, images, volumes, snapshots, groups, schedules, imported] = await Promise.all([
    machines.instances(tags, signal),
    machines.images(tags, signal),
    disks.list(tags, signal),
    homewardOf(run, tags, cloud, signal),
    only ? [] : guards.list({ tags }, signal),
    only ? { own: [], foreign: [] } : teardownsOf(repository.id, run, teardown, signal),
    importsOf(repository.id, run, cloud, signal, only),
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
    snapshots,
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

/**
 * Snapshots of volumes that have the tags of a machine of the run which was brought home. Nothing is asked
 * where none was.
 */
async function homewardOf(
  { start, steps }: Run,
  tags: Record<string, string>,
  { snapshots }: RunCloud,
  signal?: AbortSignal,
): Promise<string[]> {
  const homeward = new Set(steps.flatMap(step => (step.what === 'failback' ? step.vm : [])));
  const uuids = start.groups
    .flatMap(group => group.machines)
    .flatMap(({ vm, uuid }) => (homeward.has(vm) ? uuid : []));
  if (uuids.length === 0) return [];
  const all = await snapshots.list({ tags }, signal);
  return all
    .filter(one => one.ofVolume && one.tags[FAILBACK_TAG] !== undefined)
    .filter(one => uuids.includes(one.tags[VM_TAG] ?? ''))
    .map(({ id }) => id);
}

/** What VM Import made or makes of the machines of a run. Nothing is asked where none is imported. */
async function importsOf(
  repository: string,
  { start }: Run,
  { imports, shells, uploads }: RunCloud,
  signal?: AbortSignal,
  only?: RunMachine,
): Promise<{ active: string[]; images: string[]; uploads: ObjectPlace[] }> {
  const all = only ? [only] : start.groups.flatMap(group => group.machines);
  const machines = all.filter(({ imported }) => imported);
  if (machines.length === 0) return { active: [], images: [], uploads: [] };
  const uuids = new Set(machines.map(({ uuid }) => uuid));
  const tasks = await imports.tasks(runTags(repository, start), signal);
  const own = tasks.filter(({ tags }) => uuids.has(tags[VM_TAG] ?? ''));
  // One that was not tagged before somebody died is known by its task alone.
  const made = await Promise.all(own.flatMap(({ image }) => (image ? [shells.image(image, signal)] : [])));
  const folders = machines.flatMap(({ imported }) =>
    imported!.by === 'raw' && !only ? [imagesPlace(imported!, repository, start)] : [],
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
