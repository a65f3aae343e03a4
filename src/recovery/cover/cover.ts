import { type FreezeOptions, instanceOf, settledSnapshots, volumesOf } from '../failback/freeze.ts';
import type { CloudSnapshot } from '../model/snapshots.ts';
import { machineTags } from '../run/names.ts';
import { coversIn, noteCover } from './covers.ts';

/** On a snapshot that protects a machine in EC2: when its set was begun, milliseconds since the epoch. */
const COVER_TAG = 'converge:cover';
const PLACE_TAG = 'converge:disk-number';

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
 * Takes snapshots of all volumes of a machine that lives in EC2, when the newest whole set is as old as
 * `every`, and removes the sets that are too many: never the newest whole one, and nothing without the tags
 * of this machine. Undefined: it is young enough. The machine runs on, so that a set is of disks of nearly
 * one moment, each as after a power cut. What a kill left of a set is gone on with.
 *
 * @throws Failure `instance-gone`, `volume-missing`, `snapshot-failed`
 */
export async function cover(options: CoverOptions): Promise<Covered | undefined> {
  const { repository, machine, cloud, clock, step, every, keep, signal } = options;
  const tags = machineTags(repository.id, options.run.start, machine.uuid);
  const volumes = volumesOf(machine, await instanceOf(options));
  const before = await setsOf(options, tags);
  const newest = before.find(set => isWhole(set, volumes.length));
  if (newest && clock.now() - newest.at < every) {
    await noted(options, newest.at);
    return undefined;
  }
  const begun = before.find(set => set.at > (newest?.at ?? 0));
  // One that was begun long ago would be of two moments.
  const at = begun && clock.now() - begun.at < every ? begun.at : clock.now();
  const ids: string[] = [];
  for (const [place, volume] of volumes.entries()) {
    const found =
      begun?.at === at ? begun.snapshots.find(one => one.tags[PLACE_TAG] === String(place)) : undefined;
    if (found && found.state !== 'error') {
      ids.push(found.id);
      continue;
    }
    await step(`cover-${place}`);
    const wanted = {
      description: `${machine.vm} disk ${place} in EC2`,
      tags: {
        ...tags,
        [COVER_TAG]: String(at),
        [PLACE_TAG]: String(place),
        Name: `${machine.vm} disk ${place}`,
      },
    };
    ids.push(await cloud.snapshots.take(volume, wanted, signal));
  }
  await settledSnapshots(ids, options);
  await noted(options, at);
  const removed: string[] = [];
  const sets = await setsOf(options, tags);
  const whole = sets.filter(set => isWhole(set, volumes.length));
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

/** Whoever took it may have died before this, so that it is looked at each time. */
async function noted({ repository, machine, every, step }: CoverOptions, at: number): Promise<void> {
  const { uuid: vm } = machine;
  if ((await coversIn(repository)).some(one => one.vm === vm && one.at === at && one.every === every)) return;
  await step('note-cover');
  await noteCover(repository, { vm, at, every });
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

const isWhole = ({ snapshots }: SnapshotSet, disks: number): boolean =>
  new Set(snapshots.filter(({ state }) => state === 'completed').map(({ tags }) => tags[PLACE_TAG])).size >=
  disks;
