import type { MadePoint, Mode } from '../replication/model/point.ts';
import { attainmentOf, type Deadline, type Stretch, stretchesOf } from './attainment.ts';
import type { OpenAlert } from './model.ts';

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

/** An alert, as the repository keeps it. Times are ms since the epoch, by the clock of the repository. */
export interface PastAlert extends OpenAlert {
  /** What receivers know it by. */
  key: string;
  /** Undefined: it is open. */
  ended?: number;
  /** Routes that heard of it. */
  told: readonly string[];
}

/** When a point was there, whoever tells. Times are ms since the epoch. */
type PastPoint = Pick<MadePoint, 'time' | 'complete'>;

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

/** What is known of VMs besides their cycles, by the name that `byVm` gives them. */
export interface Besides {
  /** Points that none of the cycles made. */
  points: ReadonlyMap<string, readonly PastPoint[]>;
  /** When RPOs are breached, as it is declared today, by names in lower case. */
  deadlines: ReadonlyMap<string, Deadline>;
}

/** By the name in its points where there are any, else as it is declared. */
export const byVm = (cycles: readonly PastCycle[]): Map<string, PastCycle[]> =>
  Map.groupBy(cycles, ({ vm, made }) => made?.name ?? vm);

/** What came about in a span, summed up by VM in the order of their names. */
export function summed(
  cycles: readonly PastCycle[],
  { points, deadlines }: Besides,
  from: number,
  to: number,
): PastVm[] {
  const byName = byVm(cycles);
  for (const vm of points.keys()) if (!byName.has(vm)) byName.set(vm, []);
  return [...byName]
    .map(([vm, own]): PastVm => {
      const within = own.filter(({ ended }) => ended >= from && ended <= to);
      const resyncs: Record<string, number> = {};
      for (const { made } of within)
        if (made && made.mode !== 'incremental' && made.reason !== 'first-cycle')
          resyncs[made.reason] = (resyncs[made.reason] ?? 0) + 1;
      const stretches = stretchesIn(own, points.get(vm) ?? [], deadlines.get(vm.toLowerCase()), from, to);
      const { share } = attainmentOf(stretches);
      return {
        vm,
        cycles: within.length,
        failed: within.filter(({ failed }) => failed).length,
        resyncs,
        ...(share !== undefined && { attainment: 100 * share }),
      };
    })
    .sort((a, b) => (a.vm < b.vm ? -1 : 1));
}

/** When a VM had a point that was young enough, whoever made it. */
function stretchesIn(
  cycles: readonly PastCycle[],
  others: readonly PastPoint[],
  declared: Deadline | undefined,
  from: number,
  to: number,
): Stretch[] {
  const made = cycles.flatMap(({ made: one, ended }) => (one ? [{ ...one, complete: ended }] : []));
  const deadline = made.length > 0 ? deadlineBy(made) : declared;
  return deadline ? stretchesOf([...made, ...others], deadline, from, to) : [];
}

/** Of a point that no agent made nobody noted what was declared: that of the nearest one that is noted. */
function deadlineBy(made: readonly { time: number; until: number }[]): Deadline {
  const exact = new Map(made.map(({ time, until }) => [time, until]));
  return time => {
    const known = exact.get(time);
    if (known !== undefined) return known;
    const nearest = made.reduce((a, b) => (Math.abs(b.time - time) < Math.abs(a.time - time) ? b : a));
    return time + nearest.until - nearest.time;
  };
}
