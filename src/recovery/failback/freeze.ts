import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { hasEnded } from '../failover/attempts.ts';
import { deviceName } from '../failover/image-of.ts';
import { dataDevice } from '../failover/swap.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudInstance } from '../model/machines.ts';
import { FAILBACK_TAG, machineTags, tokensOf } from '../run/names.ts';
import { attemptOf, type Run, type RunMachine } from '../run/run.ts';

const PLACE_TAG = 'converge:disk-number';

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

/**
 * Sees to a completed snapshot of each volume of a machine. Those that are there are taken: of two that a
 * kill left, either is as good, since a `final` one is of a machine that stands still.
 *
 * @param kind `look`: while it runs, to say beforehand what it would come to
 * @throws Failure `volume-missing`, `snapshot-failed`
 */
export async function snapshotsOf(kind: 'look' | 'final', options: FreezeOptions): Promise<FrozenDisk[]> {
  const { repository, run, machine, cloud, step, signal } = options;
  const volumes = volumesOf(machine, await instanceOf(options));
  const tags = { ...machineTags(repository.id, run.start, machine.uuid), [FAILBACK_TAG]: kind };
  const disks = machine.disks.map(({ index }, place) => ({
    index,
    place,
    volume: volumes[place]!,
  }));
  const known = await cloud.snapshots.list({ tags }, signal);
  const ids: FrozenDisk[] = [];
  for (const { index, place, volume } of disks) {
    const found = known.find(one => one.tags[PLACE_TAG] === String(place) && one.state !== 'error');
    if (!found) await step(`snapshot-${kind}-${place}`);
    const description = `${machine.vm} disk ${index}, on its way home`;
    const snapshot =
      found?.id ??
      (await cloud.snapshots.take(
        volume,
        { description, tags: { ...tags, [PLACE_TAG]: String(place), Name: `${machine.vm} disk ${index}` } },
        signal,
      ));
    ids.push({ index, snapshot });
  }
  await settledSnapshots(
    ids.map(({ snapshot }) => snapshot),
    options,
  );
  return ids;
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

/** Removes the snapshots of one kind. Only what has the tags of this machine of this run is touched. */
export async function removeSnapshots(
  kind: 'look' | 'final',
  { repository, run, machine, cloud, step, signal }: Omit<FreezeOptions, 'clock'>,
): Promise<void> {
  const tags = { ...machineTags(repository.id, run.start, machine.uuid), [FAILBACK_TAG]: kind };
  for (const { id, ofVolume } of await cloud.snapshots.list({ tags }, signal)) {
    if (!ofVolume) continue;
    await step(`remove-${kind}`);
    await cloud.snapshots.remove(id, signal);
  }
}

/**
 * The volumes of a machine, in the order of its disks.
 *
 * @throws Failure `volume-missing`
 */
export const volumesOf = (machine: RunMachine, instance: CloudInstance): string[] =>
  machine.disks.map((_, place) => volumeAt(machine, instance, place));

function volumeAt({ vm, shell }: RunMachine, instance: CloudInstance, place: number): string {
  const device = place === 0 ? instance.rootDevice : (shell ? dataDevice : deviceName)(place);
  const found = instance.devices.find(one => one.device === device);
  if (found) return found.volume;
  throw new Failure(
    world('volume-missing', `${vm} (${instance.id}) has no volume at ${device}`, {
      hint: 'attach it there again: what it held can only be brought home from it',
    }),
  );
}
