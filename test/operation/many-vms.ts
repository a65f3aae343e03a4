import { agesOf, stretchesOf, type Track } from '../../src/operation/attainment.ts';
import type { Status, VmStatus } from '../../src/operation/model.ts';
import type { MadePoint } from '../../src/replication/model/point.ts';
import { aStatus, aVm, hour, minute, now, url } from './a-status.ts';

const target = 30 * minute;

/** Every 15 minutes or so, but for gaps: [hours ago, hours ago]. */
export function pointsOf(seed: number, gaps: readonly (readonly [number, number])[] = []): MadePoint[] {
  const points: MadePoint[] = [];
  let time = now - 25 * hour - (seed % 15) * minute;
  for (let n = 0; time < now - 4 * minute; n++) {
    const ago = (now - time) / hour;
    if (!gaps.some(([from, to]) => ago < from && ago > to))
      points.push({
        id: `p-${seed}-${n}`,
        generation: n + 1,
        time,
        complete: time + (40 + ((seed * 7 + n * 13) % 50)) * 1000,
        consistency: n % 9 === 0 ? 'crash' : 'application',
        mode: n % 40 === 39 ? 'rescan' : 'incremental',
        reason: n % 40 === 39 ? 'tracking-off' : 'changed-areas',
        stored: 200_000 + ((seed * n * 7919) % 9_000_000),
      });
    time += 15 * minute - ((seed * 31 + n * 17) % 20) * 1000;
  }
  return points;
}

export const trackOf = (uuid: string, points: MadePoint[], over = 24 * hour): Track => {
  const deadline = (time: number) => time + target;
  const [from, to] = [now - over, now];
  return {
    uuid,
    repository: url,
    from,
    to,
    points,
    stretches: stretchesOf(points, deadline, from, to),
    ages: agesOf(points, deadline, from, to),
  };
};

/** VMs of all states, as a site with some trouble has them, and how they did. */
export function manyVms(count: number): { status: Status; tracks: Track[] } {
  const tracks: Track[] = [];
  const vms = Array.from({ length: count }, (_, n): VmStatus => {
    const name = `${['sql', 'web', 'dc', 'app', 'file', 'mail'][n % 6]}${String(n).padStart(3, '0')}.corp.example.com`;
    const uuid = `4211a5b0-77c3-4e0a-9b1d-${String(n).padStart(12, '0')}`;
    if (n % 50 === 7) {
      const { newest: _, age: __, deadline: ___, next: ____, uuid: _____, ...bare } = aVm();
      return { ...bare, vm: name, state: 'never', reason: 'no-point', kept: false };
    }
    const gaps =
      n % 23 === 1
        ? ([[3, 0]] as const)
        : n % 11 === 3
          ? ([
              [14, 12.5],
              [20, 19],
            ] as const)
          : [];
    const points = pointsOf(n, gaps);
    const track = trackOf(uuid, points);
    tracks.push(track);
    const { time, consistency, mode, reason, stored, id, generation } = points.at(-1)!;
    const age = now - time;
    return aVm({
      vm: name,
      uuid,
      age,
      deadline: time + target,
      newest: { id, generation, time, consistency, mode, reason, stored: stored! },
      next: time + 15 * minute,
      ...(age > target
        ? { state: 'breached', reason: n % 2 ? 'cycle-running' : 'overdue', kept: false }
        : n % 37 === 5
          ? { state: 'paused', reason: 'paused', pausedUntil: now + 2 * hour }
          : age > 15 * minute
            ? { state: 'late', reason: 'overdue' }
            : {}),
      verified: { chain: now - 3 * hour, sample: now - 40 * hour },
      ...(n % 6 < 3 && {
        rehearsal: {
          plan: ['payroll', 'shop', 'directory'][n % 6]!,
          number: 4 + (n % 6),
          began: now - 50 * hour,
          finished: { at: now - 49 * hour, ok: n % 6 !== 1, took: (11 + (n % 6) * 4) * minute },
        },
        replica: { state: 'kept', age: 22 * minute, behind: 1, target: 2 * hour },
      }),
    });
  });
  return { status: aStatus(vms, { repositories: [{ url, bytes: 812_000_000_000 }] }), tracks };
}
