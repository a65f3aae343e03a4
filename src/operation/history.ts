import type { Mode } from '../replication/model/point.ts';

/** Between two notes of an agent about what came about, ms: a hard kill loses that much of the history. */
export const HISTORY_EVERY = 10 * 60_000;

/**
 * Until when it is known what came about: while agents go on writing, what followed their last note isn't
 * written yet, and counts as neither kept nor breached.
 *
 * @param written when notes were written, ms since the epoch
 */
export function knownUntil(written: readonly number[], from: number, now: number): number {
  const last = Math.min(now, Math.max(Number.NEGATIVE_INFINITY, ...written));
  return last > from && now - last < 2 * HISTORY_EVERY ? last : now;
}

/** One cycle that an agent ran, as it is kept in the repository. Times are ms since the epoch. */
export interface PastCycle {
  /** As it is declared: name or UUID. */
  vm: string;
  /** That the agent's log has in its lines. */
  id?: string;
  began: number;
  ended: number;
  /** Undefined: no point was made. */
  made?: {
    uuid: string;
    name: string;
    /** Moment of its snapshot. */
    time: number;
    generation: number;
    mode: Mode;
    reason: string;
    /** When the RPO is breached that goes by this point. */
    until: number;
    read: number;
    uploaded: number;
  };
  /** Code and message of what went wrong. */
  failed?: { code: string; message: string };
}

/** What came about in a span for one VM. */
export interface PastVm {
  vm: string;
  cycles: number;
  failed: number;
  /** Cycles that read everything though there was a point, by their reason. */
  resyncs: Record<string, number>;
  /** Percentage of the time since its first point with a point young enough; undefined: none is known. */
  attainment?: number;
}

/** Cycles of a span, summed up by VM in the order of their names. */
export function summed(cycles: readonly PastCycle[], from: number, to: number): PastVm[] {
  const byVm = Map.groupBy(cycles, ({ vm, made }) => made?.name ?? vm);
  return [...byVm]
    .map(([vm, own]): PastVm => {
      const within = own.filter(({ ended }) => ended >= from && ended <= to);
      const resyncs: Record<string, number> = {};
      for (const { made } of within)
        if (made && made.mode !== 'incremental' && made.reason !== 'first-cycle')
          resyncs[made.reason] = (resyncs[made.reason] ?? 0) + 1;
      const kept = attainment(
        own.flatMap(({ made }) => made ?? []),
        from,
        to,
      );
      return {
        vm,
        cycles: within.length,
        failed: within.filter(({ failed }) => failed).length,
        resyncs,
        ...(kept !== undefined && { attainment: kept }),
      };
    })
    .sort((a, b) => (a.vm < b.vm ? -1 : 1));
}

/**
 * Of the time from `from`, or from the first point where that is later, to `to`: the percentage at which the
 * newest point was young enough. Undefined: there was no point by then.
 */
export function attainment(
  points: readonly { time: number; until: number }[],
  from: number,
  to: number,
): number | undefined {
  const sorted = points.toSorted((a, b) => a.time - b.time);
  const first = sorted[0];
  if (!first || first.time >= to) return undefined;
  const begin = Math.max(from, first.time);
  let covered = 0;
  let at = begin;
  for (const { time, until } of sorted) {
    const start = Math.max(at, time);
    const end = Math.min(until, to);
    if (end <= start) continue;
    covered += end - start;
    at = end;
  }
  return to === begin ? undefined : (100 * covered) / (to - begin);
}
