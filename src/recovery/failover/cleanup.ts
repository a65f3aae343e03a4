import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import { unsuspend } from '../../replication/model/pauses.ts';
import { lift } from '../../replication/model/pins.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RecoveryCloud } from '../model/clients.ts';
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
  tokensOf,
  VM_TAG,
} from './run.ts';
import { teardownsOf } from './teardown.ts';

/** Where a run's things are. */
export type RunCloud = Pick<RecoveryCloud, 'machines' | 'volumes' | 'groups' | 'teardown'>;

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
  { machines, volumes: disks, groups: guards, teardown }: RunCloud,
  signal?: AbortSignal,
): Promise<Standing> {
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
  const [instances, images, volumes, groups, schedules] = await Promise.all([
    machines.instances(tags, signal),
    machines.images(tags, signal),
    disks.list(tags, signal),
    guards.list({ tags }, signal),
    teardownsOf(repository.id, run, teardown, signal),
  ]);
  const live = instances.filter(({ state }) => state !== 'terminated');
  const own = live.filter(
    ({ token, account }) => token !== undefined && tokens.has(token) && account === start.account,
  );
  const times = schedules.own.flatMap(({ at }) => at ?? []);
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
 * suspended, and its pins. The answer counts what all clean-ups of the run have removed. The tear-down entry
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
  const before = await look();
  await step('found');
  await noteFound(repository, run, clock.now(), before);
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
      const now = await look();
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
  const counts = ofEach(kind => removedIn(run, kind).size);
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
