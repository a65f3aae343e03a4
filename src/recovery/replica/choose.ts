import type { Point, PointDisk } from '../../replication/model/point.ts';
import { gibOf, type ReplicaSnapshot } from './names.ts';

/** Which encryption new snapshots of the account have. */
export interface Encryption {
  on: boolean;
  key?: string;
}

export type Choice =
  | { state: 'warm'; snapshot: ReplicaSnapshot }
  | {
      state: 'build';
      /** The complete snapshot that is gone on from. */
      parent?: { snapshot: ReplicaSnapshot; point: Point };
      /** Why there is no parent. */
      reason?: string;
      attempt: number;
    };

/**
 * What is to be done so that a disk of a point has its snapshot. `known`: all snapshots of the VM's replica;
 * `points`: the points that the repository still has, since what changed is found by comparing two of them.
 */
export function chooseWork(
  point: Point,
  disk: PointDisk,
  known: readonly ReplicaSnapshot[],
  points: readonly Point[],
  encryption: Encryption,
): Choice {
  const ofDisk = known.filter(({ identity }) => identity === disk.identity);
  const ofPoint = ofDisk.filter(one => one.point === point.id);
  const fits = (one: ReplicaSnapshot) => isEncryptedAs(one, encryption);
  const warm = ofPoint.find(one => one.state === 'completed' && fits(one));
  if (warm) return { state: 'warm', snapshot: warm };
  // One that failed holds its token for good, and so does one that was begun under another encryption.
  const failed = ofPoint.filter(one => one.state !== 'pending' || !fits(one)).map(({ attempt }) => attempt);
  const attempt = Math.max(0, ...failed.map(number => number + 1));

  const complete = ofDisk
    .filter(({ state, point: of }) => state === 'completed' && of !== point.id)
    .sort((a, b) => distance(a, point) - distance(b, point));
  const reasons: string[] = [];
  for (const snapshot of complete) {
    const base = points.find(({ id }) => id === snapshot.point);
    const why = unfit(snapshot, base, disk, fits(snapshot));
    if (why === undefined) return { state: 'build', parent: { snapshot, point: base! }, attempt };
    reasons.push(why);
  }
  const reason = reasons[0] ?? (known.length > 0 && ofDisk.length === 0 ? 'new-disk' : 'first');
  return { state: 'build', reason, attempt };
}

/** Why nothing can be gone on from it. */
function unfit(
  snapshot: ReplicaSnapshot,
  base: Point | undefined,
  disk: PointDisk,
  encrypted: boolean,
): string | undefined {
  if (!encrypted) return 'other-encryption';
  if (snapshot.gib > gibOf(disk.bytes)) return 'smaller-disk';
  if (!base) return 'parent-point-gone';
  const before = base.disks.find(({ identity }) => identity === disk.identity);
  if (!before) return 'new-disk';
  // What the parent has past the end would stay there.
  if (before.bytes > disk.bytes) return 'smaller-disk';
  return before.blockSize === disk.blockSize ? undefined : 'other-block-size';
}

const distance = (a: { generation: number }, b: { generation: number }) =>
  Math.abs(a.generation - b.generation);

/** An alias names a key without saying which: then being encrypted has to do. */
const isEncryptedAs = ({ encrypted, key }: ReplicaSnapshot, wanted: Encryption): boolean =>
  encrypted === wanted.on &&
  (!encrypted || !key?.includes(':key/') || !wanted.key?.includes(':key/') || key === wanted.key);

/** Generations of points whose every disk has a complete snapshot, the newest first. */
export function wholeGenerations(known: readonly ReplicaSnapshot[]): number[] {
  const byGeneration = new Map<number, Set<string>>();
  for (const { state, generation, identity } of known)
    if (state === 'completed')
      byGeneration.set(generation, (byGeneration.get(generation) ?? new Set()).add(identity));
  return [...byGeneration]
    .filter(([of, identities]) => known.find(({ generation }) => generation === of)!.disks <= identities.size)
    .map(([generation]) => generation)
    .sort((a, b) => b - a);
}

/**
 * Snapshots that are no longer needed: all that belong to points older than the newest `keep` whose every
 * disk has a complete snapshot. While there is no such point nothing is. Whether their points are pinned is
 * for the caller to ask, right before each is removed.
 */
export function retired(known: readonly ReplicaSnapshot[], keep: number): ReplicaSnapshot[] {
  const whole = wholeGenerations(known);
  const oldest = whole[Math.min(Math.max(1, keep), whole.length) - 1];
  if (oldest === undefined) return [];
  // A pending one times out by itself; somebody may be writing it.
  return known.filter(({ generation, state }) => generation < oldest && state !== 'pending');
}
