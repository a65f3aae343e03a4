import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import { imageName, note, quarantineName, type Run, runTags, tokensOf, VM_TAG } from './run.ts';

export interface Standing {
  /** Those that the record and the tag both say are the run's. */
  instances: string[];
  images: string[];
  /** Volumes with the run's tag: those of an instance end with it. */
  volumes: string[];
  /** Those of them that no instance holds. */
  loose: string[];
  /** The security group that its shells were launched into. */
  groups: string[];
  /** Things that have the run's tag and that no record explains: left alone. */
  foreign: string[];
}

type Cloud = Pick<RecoveryCloud, 'machines' | 'volumes' | 'groups'>;

/** What of a run is there, counted. Instances that are terminated don't count. */
export async function standing(
  repository: Repository,
  { start }: Run,
  { machines, volumes: disks, groups: guards }: Cloud,
  signal?: AbortSignal,
): Promise<Standing> {
  const tags = runTags(repository.id, start);
  const all = start.groups.flatMap(group => group.machines);
  const tokens = new Set(all.flatMap(machine => tokensOf(repository.id, start, machine)));
  const names = new Set(all.map(({ vm }) => imageName(repository.id, start, vm)));
  const uuids = new Set(all.map(({ uuid }) => uuid));
  const [instances, images, volumes, groups] = await Promise.all([
    machines.instances(tags, signal),
    machines.images(tags, signal),
    disks.list(tags, signal),
    guards.list({ tags }, signal),
  ]);
  const live = instances.filter(({ state }) => state !== 'terminated');
  const own = live.filter(
    ({ token, account }) => token !== undefined && tokens.has(token) && account === start.account,
  );
  const ownImages = images.filter(({ name }) => names.has(name));
  const ownVolumes = volumes.filter(one => uuids.has(one.tags[VM_TAG] ?? ''));
  const ownGroups = groups.filter(({ name }) => name === quarantineName(repository.id, start));
  const ids = (things: readonly { id: string }[]) => things.map(({ id }) => id);
  return {
    instances: ids(own),
    images: ids(ownImages),
    volumes: ids(ownVolumes),
    loose: ids(ownVolumes.filter(({ state }) => state === 'available' || state === 'error')),
    groups: ids(ownGroups),
    foreign: ids([
      ...live.filter(one => !own.includes(one)),
      ...images.filter(one => !ownImages.includes(one)),
      ...volumes.filter(one => !ownVolumes.includes(one)),
      ...groups.filter(one => !ownGroups.includes(one)),
    ]),
  };
}

const lookEvery = 5_000;
const patience = 10 * 60_000;

/**
 * Removes all that a run made and looks until nothing of it is there. The replica's snapshots stay. Safe to
 * repeat.
 *
 * @throws Failure `left-behind` with what is still there
 */
export async function cleanUp(options: {
  repository: Repository;
  run: Run;
  cloud: Cloud;
  clock: Clock;
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<{ instances: number; images: number; foreign: string[] }> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines, volumes, groups } = cloud;
  const before = await standing(repository, run, cloud, signal);
  await step('terminate');
  await machines.terminate(before.instances, signal);
  for (const id of before.images) {
    await step('deregister');
    await machines.removeImage(id, signal);
  }
  let left: string[] = [];
  const { foreign } = await until(
    clock,
    async () => {
      const now = await standing(repository, run, cloud, signal);
      left = [...now.instances, ...now.images, ...now.volumes, ...now.groups];
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
  await step('cleaned');
  const counts = { instances: before.instances.length, images: before.images.length };
  await note(repository, run, { at: clock.now(), what: 'cleaned', ...counts });
  return { ...counts, foreign };
}

const leftBehind = ({ start }: Run, left: string[], cause: unknown): Failure =>
  new Failure(
    world('left-behind', `of the test of ${start.plan} there is still: ${left.join(', ')}`, {
      hint: 'run the cleanup again; what has the tag by mistake loses it in EC2',
    }),
    { cause },
  );
