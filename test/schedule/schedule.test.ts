import { describe, expect, test } from 'vitest';
import { longestGap, parseSchedule, scheduleWanted } from '../../src/schedule/schedule.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('a schedule', () => {
  test.each([
    ['every 15 minutes', { every: hour / 4 }],
    ['every day', { every: day }],
    ['1h30m', { every: 1.5 * hour }],
    ['every day at 02:00', { cron: '0 2 * * *' }],
    ['Every  Weekday at 7:05', { cron: '5 7 * * 1-5' }],
    ['every sunday at 23:30', { cron: '30 23 * * 0' }],
    ['cron 0 2 * * mon-fri', { cron: '0 2 * * MON-FRI' }],
    ['cron 0 0 29 2 *', { cron: '0 0 29 2 *' }],
    ['cron 0 2 L * *', { cron: '0 2 L * *' }],
  ])('%s', (text, expected) => {
    expect(parseSchedule(text)).toEqual(expected);
  });

  test.each([
    ['every 0m', '`every` and a duration above zero'],
    ['daily', '`every day at 02:00`'],
    ['every day at 24:00', '`every day at 02:00`'],
    ['every day at 2am', '`every day at 02:00`'],
    ['every other day at 02:00', '`every day at 02:00`'],
    ['cron 0 0 31 2 *', 'no date there is fits `0 0 31 2 *`: it would never run'],
    ['cron 0 0 31 4,6,9,11 *', 'it would never run'],
    ['cron 0 25 * * *', 'five fields, minute (0-59), hour (0-23)'],
    ['cron * * * * * *', 'five fields'],
    ['cron 0 0 1 1 * 2020', 'five fields'],
    ['0 2 * * 1-5', 'write `cron` before it, in quotes: "cron 0 2 * * 1-5"'],
    ['0 0 30 2 *', 'it would never run'],
    ['', '`every day at 02:00`'],
  ])('%j is none, and the way out is said', (text, hint) => {
    expect(parseSchedule(text)).toBeUndefined();
    expect(scheduleWanted(text)).toEqual({
      expected: 'a schedule such as every 15 minutes',
      hint: expect.stringContaining(hint),
    });
  });

  test('what its hints offer can be written', () => {
    const offered = [/: (cron .+)$/.exec(scheduleWanted('cron 0 25 * * *').hint)![1]!, 'cron 30 1 * * 1-5'];
    expect(scheduleWanted('').hint).toMatch(/every 15 minutes, every day at 02:00, cron 30 1 \* \* 1-5$/);
    for (const text of [...offered, 'every 15 minutes', 'every day at 02:00'])
      expect(parseSchedule(text)).toBeDefined();
  });

  test.each([
    ['every 15 minutes', hour / 4],
    ['every day at 02:00', day],
    ['every monday at 02:00', 7 * day],
    ['every weekday at 02:00', 3 * day],
    ['cron * * * * *', 60_000],
    ['cron */15 8-18 * * 1-5', 2.5 * day + 1.25 * hour],
    ['cron 0 0 29 2 *', 4 * 365 * day + day],
    ['cron 0 3 1 * *', 31 * day],
    ['cron 0 0,6,13 * * *', 11 * hour],
    ['cron 0 0,6,23 * * *', 17 * hour],
  ])('%s leaves at most that between two runs', (text, gap) => {
    expect(longestGap(parseSchedule(text)!)).toBe(gap);
  });
});
