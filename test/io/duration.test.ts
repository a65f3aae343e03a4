import { describe, expect, test } from 'vitest';
import { parseDuration, parseSchedule, scheduleWanted } from '../../src/io/duration.ts';

describe('what is said about a schedule that is none', () => {
  test.each([
    ['every day at 02:00', '`schedule: every day` and `window: { from: "02:00", to: "04:00" }`'],
    ['at 23:30', '`window: { from: "23:30", to: "01:30" }`'],
    ['cron 0 2 * * *', '`window: { from: "02:00", to: "04:00" }`'],
    ['0 2 * * 1', "cron lines can't be written"],
    ['0 2 1 1 1', "cron lines can't be written"],
    ['@daily', "cron lines can't be written"],
    ['every monday', "days of the week and cron lines can't be written"],
    ['daily', '`schedule: every day`'],
    ['every month', '`schedule: every day`'],
    ['every night', '`schedule: every day`'],
    ['every day at 2am', '`schedule: every day`'],
  ])('%s: what can be written comes with what is closest', (text, closest) => {
    expect(parseSchedule(text)).toBeUndefined();
    const { hint } = scheduleWanted(text);
    expect(hint).toContain('every 15 minutes, every day; times of day,');
    expect(hint).toContain(closest);
  });

  test.each(['sometimes', 'every 0m', 'every 5 fortnights', 'evry 15 minutes', 'every 5m 1h', ''])(
    '%j: nothing of calendars',
    text => {
      expect(parseSchedule(text)).toBeUndefined();
      expect(scheduleWanted(text).hint).toMatch(/: every 15 minutes, every day$/);
    },
  );

  test('what it offers can be written', () => {
    expect(['every 15 minutes', 'every day'].map(parseSchedule)).toEqual([900_000, 86_400_000]);
    expect(['90s', '15 minutes', '1h30m'].map(parseDuration)).toEqual([90_000, 900_000, 5_400_000]);
  });
});
