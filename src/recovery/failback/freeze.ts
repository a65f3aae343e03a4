import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { hasEnded } from '../failover/attempts.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudInstance } from '../model/machines.ts';
import type { CloudSnapshot } from '../model/snapshots.ts';
import { DISK_TAG, FAILBACK_TAG, machineTags, tokensOf } from '../run/names.ts';
import { attemptOf, type Run, type RunMachine } from '../run/run.ts';
import { type AttachedVolume, disksOf } from './attached.ts';

/** On a snapshot of a machine that is brought home: see `markOf`. */
const MARK_TAG = 'converge:as-of';

type Kind = 'look' | 'final';

export interface FreezeOptions {
  repository: Repository;
  run: Run;
  machine: RunMachine;
  cloud: Pick<RecoveryCloud, 'machines' | 'snapshots'>;
  clock: Clock;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}

/** A snapshot of a disk, by the disk's number in the point. */
export interface FrozenDisk {
  index: number;
  snapshot: string;
}

/**
 * The instance that a machine of a run is.
 *
 * @throws Failure `instance-gone`: it ended, so that there is nothing to bring home
 */
export async function instanceOf({
  repository,
  run,
  machine,
  cloud,
  signal,
}: Omit<FreezeOptions, 'clock' | 'step'>): Promise<CloudInstance> {
  const tokens = tokensOf(repository.id, run.start, machine, attemptOf(run, machine.vm));
  const all = await cloud.machines.instances(machineTags(repository.id, run.start, machine.uuid), signal);
  const found = all.find(one => tokens.some(token => token === one.token) && !hasEnded(one));
  if (found) return found;
  const { plan, number } = run.start;
  throw new Failure(
    world('instance-gone', `${machine.vm} of failover ${number} of ${plan} has no instance any more`, {
      hint: `its volumes may be left: \`converge failover status ${plan} PATHS\` tells`,
    }),
  );
}

const lookEvery = 5_000;
const patience = 30 * 60_000;

/** Stops an instance, so that nothing of it changes any more. Safe to repeat. */
export async function stopInstance(options: FreezeOptions): Promise<void> {
  const { machine, cloud, clock, step, signal } = options;
  await until(
    clock,
    async () => {
      const { id, state } = await instanceOf(options);
      if (state === 'stopped') return true;
      if (state === 'running') {
        await step(`stop-${machine.vm}`);
        await cloud.machines.stop(id, signal);
      }
      return undefined;
    },
    { every: lookEvery, atMost: patience, what: `${machine.vm} to stop`, ...(signal && { signal }) },
  );
}

/** What no start and no exchange of a volume leaves as it was: as long as it is this, nothing was written. */
const markOf = ({ launched }: CloudInstance, { since }: AttachedVolume): string => `${launched}/${since}`;

/** A snapshot that is not of what the volume has now is none of it, whatever else its tags say. */
const isOf =
  (instance: CloudInstance, volume: AttachedVolume, place: number) =>
  ({ ofVolume, tags, state }: CloudSnapshot): boolean =>
    ofVolume === volume.volume &&
    tags[DISK_TAG] === String(place) &&
    tags[MARK_TAG] === markOf(instance, volume) &&
    state !== 'error';

const tagsOf = (
  kind: Kind,
  { repository, run, machine }: Pick<FreezeOptions, 'repository' | 'run' | 'machine'>,
) => ({
  ...machineTags(repository.id, run.start, machine.uuid),
  [FAILBACK_TAG]: kind,
});

/**
 * Sees to a completed snapshot of each volume of a machine. Those that are there are taken, of two that a
 * kill left either, where the instance wasn't started and the volume not attached anew since they were made.
 *
 * @param kind `look`: while it runs, to say beforehand what it would come to
 * @throws Failure `volume-missing`, `snapshot-failed`; of `final` ones `instance-started`
 */
export async function snapshotsOf(kind: Kind, options: FreezeOptions): Promise<FrozenDisk[]> {
  const { machine, cloud, step, signal } = options;
  const instance = await instanceOf(options);
  const tags = tagsOf(kind, options);
  const known = await cloud.snapshots.list({ tags }, signal);
  const ids: FrozenDisk[] = [];
  for (const [place, volume] of disksOf(machine, instance).entries()) {
    const { index } = machine.disks[place]!;
    const found = known.find(isOf(instance, volume, place));
    if (!found) await step(`snapshot-${kind}-${place}`);
    const own = {
      [DISK_TAG]: String(place),
      [MARK_TAG]: markOf(instance, volume),
      Name: `${machine.vm} disk ${index}`,
    };
    const description = `${machine.vm} disk ${index}, on its way home`;
    const wanted = { description, tags: { ...tags, ...own } };
    const snapshot = found?.id ?? (await cloud.snapshots.take(volume.volume, wanted, signal));
    ids.push({ index, snapshot });
  }
  await settledSnapshots(
    ids.map(({ snapshot }) => snapshot),
    options,
  );
  if (kind === 'final') await demandStill(ids, options);
  return ids;
}

/**
 * That these are all that the disks of a machine hold: it stands still, and has since they were made.
 *
 * @throws Failure `instance-started`, `volume-missing`
 */
export async function demandStill(frozen: readonly FrozenDisk[], options: FreezeOptions): Promise<void> {
  if (await isStill(frozen, options)) return;
  const { vm } = options.machine;
  throw new Failure(
    world('instance-started', `${vm} was started in EC2, or got another volume, while it was brought home`, {
      hint: 'see to it that nobody starts it, and run again: it is stopped, and brought home as it is then',
    }),
  );
}

/** Whether these snapshots are of what the disks of a machine have now. */
export async function isStill(frozen: readonly FrozenDisk[], options: FreezeOptions): Promise<boolean> {
  const { machine, cloud, signal } = options;
  const instance = await instanceOf(options);
  if (instance.state !== 'stopped') return false;
  const ids = frozen.map(({ snapshot }) => snapshot);
  const there = await cloud.snapshots.list({ tags: tagsOf('final', options) }, signal);
  const now = there.filter(({ id }) => ids.includes(id));
  return disksOf(machine, instance).every((volume, place) => now.some(isOf(instance, volume, place)));
}

/** Waits until all of these are complete. @throws Failure `snapshot-failed` */
export async function settledSnapshots(
  ids: readonly string[],
  { machine, cloud, clock, signal }: Pick<FreezeOptions, 'machine' | 'cloud' | 'clock' | 'signal'>,
): Promise<void> {
  const what = `the snapshots of ${machine.vm}`;
  await until(
    clock,
    async () => {
      const now = await cloud.snapshots.list({ ids: [...ids] }, signal);
      const failed = now.find(({ state }) => state === 'error');
      if (failed)
        throw new Failure(
          world('snapshot-failed', own`EC2 could not complete ${failed.id} of ${machine.vm}`, {
            hint: own`run again: another one is taken in its place`,
          }),
        );
      return (now.length === ids.length && now.every(({ state }) => state === 'completed')) || undefined;
    },
    // A volume of terabytes that was written all over takes hours.
    { every: lookEvery, atMost: 24 * 60 * 60_000, what, ...(signal && { signal }) },
  );
}

/**
 * Removes the snapshots of one kind but these. Only what has the tags of this machine of this run is touched.
 */
export async function removeSnapshots(
  kind: Kind,
  options: Omit<FreezeOptions, 'clock'>,
  but: readonly FrozenDisk[] = [],
): Promise<void> {
  const { cloud, step, signal } = options;
  for (const { id, ofVolume } of await cloud.snapshots.list({ tags: tagsOf(kind, options) }, signal)) {
    if (ofVolume === undefined || but.some(({ snapshot }) => snapshot === id)) continue;
    await step(`remove-${kind}`);
    await cloud.snapshots.remove(id, signal);
  }
}
