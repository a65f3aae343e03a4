import { isDeepStrictEqual } from 'node:util';
import { type AttachedVolume, attachedTo, disksOf } from '../failback/attached.ts';
import { type FreezeOptions, instanceOf, settledSnapshots } from '../failback/freeze.ts';
import type { CloudSnapshot } from '../model/snapshots.ts';
import { DISK_TAG, machineTags } from '../run/names.ts';
import type { RunMachine } from '../run/run.ts';
import { type Cover, coversIn, noteCover } from './covers.ts';

/** On a snapshot that protects a machine in EC2: when its set was begun, milliseconds since the epoch. */
const COVER_TAG = 'converge:cover';
/** How many volumes its set is of. */
const OF_TAG = 'converge:cover-of';
const DEVICE_TAG = 'converge:device';

export interface CoverOptions extends FreezeOptions {
  /** Milliseconds. */
  every: number;
  /** Whole sets that are kept, at least 1. */
  keep: number;
}

export interface Covered {
  /** Of the newest whole set. */
  at: number;
  snapshots: string[];
  removed: string[];
}

/**
 * Takes snapshots of all volumes of a machine that lives in EC2, those that were attached there too, when the
 * newest whole set is as old as `every` or lacks one of them, and removes the sets that are too many: never
 * the newest whole one, and nothing without the tags of this machine. Undefined: it is young enough. The
 * machine runs on, so that a set is of disks of nearly one moment, each as after a power cut. What a kill
 * left of a set is gone on with.
 *
 * @throws Failure `instance-gone`, `volume-missing`, `snapshot-failed`
 */
export async function cover(options: CoverOptions): Promise<Covered | undefined> {
  const { repository, machine, cloud, clock, step, every, keep, signal } = options;
  const tags = machineTags(repository.id, options.run.start, machine.uuid);
  const volumes = await volumesOf(options);
  const before = await setsOf(options, tags);
  const newest = before.find(set => isWhole(set, machine));
  const lacks = newest ? volumes.filter(volume => !has(newest, volume)) : [];
  if (newest) await noted(options, newest.at, lacks);
  if (newest && lacks.length === 0 && clock.now() - newest.at < every) return undefined;
  const begun = before.find(set => set.at > (newest?.at ?? 0) && sizeOf(set, machine) === volumes.length);
  // One that was begun long ago would be of two moments.
  const at = begun && clock.now() - begun.at < every ? begun.at : clock.now();
  const ids: string[] = [];
  for (const [place, { volume, device }] of volumes.entries()) {
    const found =
      begun?.at === at
        ? begun.snapshots.find(one => one.ofVolume === volume && one.state !== 'error')
        : undefined;
    if (found) {
      ids.push(found.id);
      continue;
    }
    await step(`cover-${place}`);
    const wanted = {
      description: `${machine.vm} disk ${place} in EC2`,
      tags: {
        ...tags,
        [COVER_TAG]: String(at),
        [OF_TAG]: String(volumes.length),
        [DISK_TAG]: String(place),
        [DEVICE_TAG]: device,
        Name: `${machine.vm} disk ${place}`,
      },
    };
    ids.push(await cloud.snapshots.take(volume, wanted, signal));
  }
  await settledSnapshots(ids, options);
  await noted(options, at, []);
  const removed: string[] = [];
  const sets = await setsOf(options, tags);
  const whole = sets.filter(set => isWhole(set, machine));
  const kept = new Set(whole.slice(0, Math.max(1, keep)));
  for (const set of sets) {
    if (kept.has(set) || set.at >= at) continue;
    for (const { id } of set.snapshots) {
      await step('remove-cover');
      if (await cloud.snapshots.remove(id, signal)) removed.push(id);
    }
  }
  return { at, snapshots: ids, removed };
}

/** The disks of the machine in their order, and then what else is attached. */
async function volumesOf({ machine, ...options }: CoverOptions): Promise<AttachedVolume[]> {
  const instance = await instanceOf({ machine, ...options });
  const own = disksOf(machine, instance);
  const known = new Set(own.map(({ volume }) => volume));
  return [...own, ...attachedTo(instance).filter(({ volume }) => !known.has(volume))];
}

/**
 * Whoever took it may have died before this, so that it is looked at each time.
 *
 * @param volumes that are attached, and that it hasn't
 */
async function noted(
  { repository, machine, every, step }: CoverOptions,
  at: number,
  volumes: readonly AttachedVolume[],
): Promise<void> {
  const lacks = volumes.map(({ volume, device }) => `${volume} (${device})`);
  const cover: Cover = { vm: machine.uuid, at, every, ...(lacks.length > 0 && { lacks }) };
  if ((await coversIn(repository)).some(one => isDeepStrictEqual(one, cover))) return;
  await step('note-cover');
  await noteCover(repository, cover);
}

interface SnapshotSet {
  at: number;
  snapshots: CloudSnapshot[];
}

/** Newest first. */
async function setsOf({ cloud, signal }: CoverOptions, tags: Record<string, string>): Promise<SnapshotSet[]> {
  const sets = new Map<number, CloudSnapshot[]>();
  for (const one of await cloud.snapshots.list({ tags }, signal)) {
    const at = Number(one.tags[COVER_TAG]);
    if (one.ofVolume && Number.isSafeInteger(at) && at > 0) sets.set(at, [...(sets.get(at) ?? []), one]);
  }
  return [...sets].map(([at, snapshots]) => ({ at, snapshots })).sort((a, b) => b.at - a.at);
}

const has = ({ snapshots }: SnapshotSet, { volume }: AttachedVolume): boolean =>
  snapshots.some(({ ofVolume, state }) => ofVolume === volume && state === 'completed');

/** How many volumes a set was begun of; earlier versions took the disks of the machine alone. */
const sizeOf = ({ snapshots }: SnapshotSet, { disks }: RunMachine): number =>
  Math.max(...snapshots.map(({ tags }) => Number(tags[OF_TAG] ?? disks.length)));

const isWhole = (set: SnapshotSet, machine: RunMachine): boolean => {
  const completed = set.snapshots.filter(({ state }) => state === 'completed');
  return new Set(completed.map(({ ofVolume }) => ofVolume)).size >= sizeOf(set, machine);
};
