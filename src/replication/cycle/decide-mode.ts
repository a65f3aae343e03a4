import { parseChangeId } from '../extents/change-id.ts';
import type { Mode, PointDisk } from '../model/point.ts';
import type { SourceDisk } from '../model/source.ts';

/**
 * Why a disk is read the way it is. Closed: it is in the point, what a cycle prints, `history`, the evidence
 * report and the metrics, by these names.
 */
export const REASONS = [
  /** Change tracking is trusted; the only reason of an incremental. */
  'changed-areas',
  /** The VM has no point yet. */
  'first-cycle',
  /** The newest point doesn't hold this disk. */
  'new-disk',
  /** Another disk is where the newest point had one. */
  'disk-replaced',
  /** Two disks of the VM carry one identity, so change ids can't be told apart. */
  'ambiguous-identity',
  'capacity-changed',
  /** Change tracking is off or unsupported for the VM. */
  'tracking-off',
  /** The snapshot, or the newest point, has no change id for the disk. */
  'no-change-id',
  'change-id-unreadable',
  /** Tracking started over: power cut, reset, restore. */
  'change-id-epoch',
  /** The counter is behind the one of the newest point: a revert. */
  'change-id-backwards',
  /** The source refused the change id. */
  'change-id-rejected',
  /** The user asked for a full comparison. */
  'requested',
  /** The host is of a build whose change tracking is known to leave changes out. */
  'tracking-known-bad',
  /** A full comparison found changes that change tracking doesn't know of. */
  'tracking-lied',
] as const;
export type Reason = (typeof REASONS)[number];

/**
 * `full`: read all, nothing to compare with. `rescan`: read all, store only what differs from `base`.
 * `incremental`: read what changed since `base.changeId`, the rest is `base`'s.
 */
export interface Decision {
  mode: Mode;
  reason: Reason;
  base?: PointDisk;
}

export interface DecisionContext {
  /** Disks of the newest point; undefined when there is none. */
  previous: readonly PointDisk[] | undefined;
  /** All disks of the snapshot, this one included. */
  disks: readonly SourceDisk[];
  changeTracking: boolean;
  /** The user asked for a full comparison. */
  rescan: boolean;
  /** Whether the host's change tracking is known to leave changes out. */
  knownBad?: boolean;
}

/** How to read one disk of a snapshot. Any doubt about its change id ends in a full comparison. */
export function decideMode(disk: SourceDisk, context: DecisionContext): Decision {
  const { previous, disks } = context;
  if (previous === undefined) return { mode: 'full', reason: 'first-cycle' };
  const known = previous.filter(p => p.identity === disk.identity);
  const ambiguous = known.length > 1 || disks.filter(d => d.identity === disk.identity).length > 1;
  // Two disks must never rest on one: among doubles only the device key may decide.
  const base = known.find(p => p.key === disk.key) ?? (ambiguous ? undefined : known[0]);
  if (base === undefined) {
    if (known.length > 0) return { mode: 'full', reason: 'ambiguous-identity' };
    const replaced = previous.some(p => p.key === disk.key || p.index === disk.index);
    return { mode: 'full', reason: replaced ? 'disk-replaced' : 'new-disk' };
  }
  // Less than before can't be a resize, which vSphere only does upwards: it is another disk.
  if (disk.capacity < base.bytes) return { mode: 'full', reason: 'capacity-changed' };
  const doubt = doubtAbout(disk, base, context, ambiguous);
  return doubt === undefined
    ? { mode: 'incremental', reason: 'changed-areas', base }
    : { mode: 'rescan', reason: doubt, base };
}

function doubtAbout(
  disk: SourceDisk,
  base: PointDisk,
  { changeTracking, rescan, knownBad }: DecisionContext,
  ambiguous: boolean,
): Reason | undefined {
  if (rescan) return 'requested';
  if (ambiguous) return 'ambiguous-identity';
  if (disk.capacity !== base.bytes) return 'capacity-changed';
  if (!changeTracking) return 'tracking-off';
  if (disk.changeId === undefined || base.changeId === undefined) return 'no-change-id';
  const now = parseChangeId(disk.changeId);
  const then = parseChangeId(base.changeId);
  if (now === undefined || then === undefined) return 'change-id-unreadable';
  if (now.epoch !== then.epoch) return 'change-id-epoch';
  if (now.sequence < then.sequence) return 'change-id-backwards';
  if (knownBad) return 'tracking-known-bad';
  return undefined;
}
