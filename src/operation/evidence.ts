import type { MadePoint } from '../replication/model/point.ts';
import { type Attainment, attainmentOf, type Stretch, type Track } from './attainment.ts';
import type { Status, VmStatus } from './model.ts';

/** How one VM did in a month. Times are ms since the epoch. */
export interface EvidenceVm
  extends Pick<VmStatus, 'vm' | 'uuid' | 'repository' | 'target' | 'verified' | 'rehearsal'> {
  /** How it stands when the report is made. */
  state: VmStatus['state'];
  attainment: Attainment;
  /** Points whose snapshot is of that month. */
  points: number;
  /** Those of them that the guest knew of. */
  consistent: number;
  breaches: Pick<Stretch, 'from' | 'to'>[];
  /** Cycles that read a whole VM again, the first copy aside. */
  resyncs: Pick<MadePoint, 'time' | 'mode' | 'reason'>[];
}

/** What shows whether RPOs were kept in a month, and what a recovery was tried with. */
export interface Evidence {
  month: string;
  /** What its VMs were chosen by; undefined: all. */
  group?: string;
  from: number;
  /** The end of the month, or when the report was made. */
  to: number;
  at: number;
  /** Over all VMs, by their time. */
  attainment: Attainment;
  /** The worst first. */
  vms: EvidenceVm[];
  /** What could not be read, so that something may be missing. */
  unseen: string[];
}

/** First and last moment of a month in UTC, `2026-11`, as far as it is over; undefined: it isn't one. */
export function monthSpan(month: string, now: number): { from: number; to: number } | undefined {
  const [, year, number] = /^(20\d\d)-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined) return undefined;
  const from = Date.UTC(Number(year), Number(number) - 1);
  const to = Math.min(Date.UTC(Number(year), Number(number)), now);
  return from < to ? { from, to } : undefined;
}

/** The month that a moment is in. */
export const monthAt = (now: number): string => new Date(now).toISOString().slice(0, 7);

export function evidenceOf(
  { at, diagnostics }: Status,
  vms: readonly VmStatus[],
  tracks: readonly Track[],
  what: { month: string; group?: string | undefined; from: number; to: number },
): Evidence {
  const { month, group, from, to } = what;
  const byVm = new Map(tracks.map(track => [`${track.repository} ${track.uuid}`, track]));
  const own = vms.map(vm => evidenceOfVm(vm, byVm.get(`${vm.repository} ${vm.uuid}`), { from, to }));
  return {
    month,
    ...(group !== undefined && { group }),
    from,
    to,
    at,
    attainment: attainmentOf(tracks.flatMap(({ stretches }) => stretches)),
    vms: own.toSorted((a, b) => (a.attainment.share ?? -1) - (b.attainment.share ?? -1)),
    unseen: diagnostics.map(({ message }) => message),
  };
}

function evidenceOfVm(
  { vm, uuid, repository, target, state, verified, rehearsal }: VmStatus,
  track: Track | undefined,
  { from, to }: { from: number; to: number },
): EvidenceVm {
  const points = (track?.points ?? []).filter(({ time }) => time >= from && time < to);
  const stretches = track?.stretches ?? [];
  return {
    vm,
    ...(uuid !== undefined && { uuid }),
    repository,
    ...(target !== undefined && { target }),
    state,
    attainment: attainmentOf(stretches),
    points: points.length,
    consistent: points.filter(({ consistency }) => consistency === 'application').length,
    breaches: stretches.filter(one => one.state === 'breached').map(one => ({ from: one.from, to: one.to })),
    resyncs: points
      .filter(({ mode, reason }) => mode !== 'incremental' && reason !== 'first-cycle')
      .map(({ time, mode, reason }) => ({ time, mode, reason })),
    ...(verified && { verified }),
    ...(rehearsal && { rehearsal }),
  };
}
