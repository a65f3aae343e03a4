import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Point } from '../../../src/replication/model/repository.ts';
import type { SourceDisk } from '../../../src/replication/model/source.ts';
import { type DueJob, dueOf, longestDueFirst } from '../../../src/replication/movers/due-jobs.ts';

const minute = 60_000;
const disk = { identity: 'disk-a', capacity: 1 << 20 } as SourceDisk;
const pointOf = (time: number, bytes = disk.capacity) =>
  ({ time, disks: [{ identity: disk.identity, bytes }] }) as Point;
const at = 1_000 * minute;
const about = { disks: [disk], interval: 15 * minute, now: at };

describe('when a VM is due', () => {
  test.each([
    ['without a point', undefined, { reason: 'first-point', due: at }],
    [
      'of a point that lies ahead by an interval',
      pointOf(at + 15 * minute),
      { reason: 'future-point', due: at },
    ],
    ['with a disk of another size', pointOf(at, 1 << 21), { reason: 'disks-changed', due: at }],
    [
      'a thirtieth of the interval before its point is as old as that',
      pointOf(at),
      { reason: 'interval', due: at + 14.5 * minute },
    ],
  ] as const)('%s', (_, newest, expected) => {
    expect(dueOf({ ...about, newest })).toEqual(expected);
  });

  test('with another disk than its point holds', () => {
    const disks = [disk, { ...disk, identity: 'disk-b' }];
    expect(dueOf({ ...about, newest: pointOf(at), disks })).toEqual({ reason: 'disks-changed', due: at });
    expect(dueOf({ ...about, newest: pointOf(at), disks: [] }).reason).toBe('disks-changed');
  });

  test('a point once late stays late, and a newer point is never due earlier', () => {
    const time = fc.integer({ min: 0, max: 100_000 * minute });
    const interval = fc.integer({ min: minute, max: 10_000 * minute });
    fc.assert(
      fc.property(time, time, time, interval, (older, newer, now, every) => {
        const of = (when: number, to: number) =>
          dueOf({ newest: pointOf(when), disks: [disk], interval: every, now: to }).due <= to;
        const [first, last] = [Math.min(older, newer), Math.max(older, newer)];
        if (first > now || last > now) return;
        if (of(last, now)) expect(of(first, now)).toBe(true);
        if (of(first, now)) expect(of(first, now + minute)).toBe(true);
      }),
    );
  });
});

test('what has been due for longest is moved first, and of two that are equally due the one that came first', () => {
  const dues = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 });
  fc.assert(
    fc.property(dues, times => {
      const jobs = times.map((due, came) => ({ came, job: { due } as DueJob }));
      const moved = longestDueFirst(jobs);
      expect(new Set(moved)).toEqual(new Set(jobs));
      for (const [i, { job, came }] of moved.entries()) {
        const next = moved[i + 1];
        if (next) expect(job.due - next.job.due || came - next.came).toBeLessThan(0);
      }
    }),
  );
});
