import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Point } from '../../../src/replication/model/point.ts';
import type { SourceDisk } from '../../../src/replication/model/source.ts';
import { dueOf, earliestDeadlineFirst } from '../../../src/replication/movers/due-jobs.ts';

const minute = 60_000;
const disk = { identity: 'disk-a', capacity: 1 << 20 } as SourceDisk;
const pointOf = (time: number, bytes = disk.capacity) =>
  ({ time, disks: [{ identity: disk.identity, bytes }] }) as Point;
const at = 1_000 * minute;
const every = (ms: number) => ({ schedule: { every: ms }, timezone: 'UTC', windows: [] });
const about = { disks: [disk], timetable: every(15 * minute), rpo: undefined, now: at };

describe('when a VM is due', () => {
  test.each([
    ['without a point', undefined, { reason: 'first-point', due: at, deadline: at }],
    [
      'of a point that lies ahead by an interval',
      pointOf(at + 15 * minute),
      { reason: 'future-point', due: at, deadline: at },
    ],
    [
      'with a disk of another size',
      pointOf(at, 1 << 21),
      { reason: 'disks-changed', due: at, deadline: at + 30 * minute },
    ],
    [
      'a thirtieth of the interval before its point is as old as that',
      pointOf(at),
      { reason: 'interval', due: at + 14.5 * minute, deadline: at + 30 * minute },
    ],
  ] as const)('%s', (_, newest, expected) => {
    expect(dueOf({ ...about, newest })).toEqual(expected);
  });

  test('with another disk than its point holds', () => {
    const disks = [disk, { ...disk, identity: 'disk-b' }];
    expect(dueOf({ ...about, newest: pointOf(at), disks })).toMatchObject({
      reason: 'disks-changed',
      due: at,
    });
    expect(dueOf({ ...about, newest: pointOf(at), disks: [] }).reason).toBe('disks-changed');
    expect(dueOf({ ...about, newest: pointOf(at), disks: undefined }).reason).toBe('interval');
  });

  test('a point once late stays late, and a newer point is never due earlier', () => {
    const time = fc.integer({ min: 0, max: 100_000 * minute });
    const interval = fc.integer({ min: minute, max: 10_000 * minute });
    fc.assert(
      fc.property(time, time, time, interval, (older, newer, now, ms) => {
        const of = (when: number, to: number) =>
          dueOf({ ...about, newest: pointOf(when), timetable: every(ms), now: to }).due <= to;
        const [first, last] = [Math.min(older, newer), Math.max(older, newer)];
        if (first > now || last > now) return;
        if (of(last, now)) expect(of(first, now)).toBe(true);
        if (of(first, now)) expect(of(first, now + minute)).toBe(true);
      }),
    );
  });
});

test('what is breached first is moved first, and of two with one deadline the one that came first', () => {
  const deadlines = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 });
  fc.assert(
    fc.property(deadlines, times => {
      const jobs = times.map((deadline, came) => ({ came, job: { deadline } }));
      const moved = earliestDeadlineFirst(jobs);
      expect(new Set(moved)).toEqual(new Set(jobs));
      for (const [i, { job, came }] of moved.entries()) {
        const next = moved[i + 1];
        if (next) expect(job.deadline - next.job.deadline || came - next.came).toBeLessThan(0);
      }
    }),
  );
});
