import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { MachineCloud } from '../model/machines.ts';
import { imageName, launchToken, note, type Run, runTags } from './run.ts';

export interface Standing {
  /** Those that the record and the tag both say are the run's. */
  instances: string[];
  images: string[];
  /** Volumes with the run's tag: they end with their instance. */
  volumes: string[];
  /** Things that have the run's tag and that no record explains: left alone. */
  foreign: string[];
}

/** What of a run is there, counted. Instances that are terminated don't count. */
export async function standing(
  repository: Repository,
  { start }: Run,
  machines: MachineCloud,
  signal?: AbortSignal,
): Promise<Standing> {
  const tags = runTags(repository.id, start);
  const vms = start.groups.flatMap(group => group.machines.map(({ vm }) => vm));
  const tokens = new Set(vms.map(vm => launchToken(repository.id, start, vm)));
  const names = new Set(vms.map(vm => imageName(repository.id, start, vm)));
  const [instances, images, volumes] = await Promise.all([
    machines.instances(tags, signal),
    machines.images(tags, signal),
    machines.volumes(tags, signal),
  ]);
  const live = instances.filter(({ state }) => state !== 'terminated');
  const own = live.filter(
    ({ token, account }) => token !== undefined && tokens.has(token) && account === start.account,
  );
  const ownImages = images.filter(({ name }) => names.has(name));
  return {
    instances: own.map(({ id }) => id),
    images: ownImages.map(({ id }) => id),
    volumes,
    foreign: [
      ...live.filter(one => !own.includes(one)),
      ...images.filter(one => !ownImages.includes(one)),
    ].map(({ id }) => id),
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
  machines: MachineCloud;
  clock: Clock;
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<{ instances: number; images: number; foreign: string[] }> {
  const { repository, run, machines, clock, step, signal } = options;
  const before = await standing(repository, run, machines, signal);
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
      const now = await standing(repository, run, machines, signal);
      left = [...now.instances, ...now.images, ...now.volumes];
      return left.length === 0 ? now : undefined;
    },
    { every: lookEvery, atMost: patience, what: 'all of it to be gone', ...(signal && { signal }) },
  ).catch(error => {
    throw left.length === 0 || signal?.aborted ? error : leftBehind(run, left, error);
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
