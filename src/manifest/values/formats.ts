import { isTimezone } from '../../engine/model/window.ts';
import { durationPattern, durationWanted, parseDuration, type Wanted } from '../../io/duration.ts';
import { parseRate, ratePattern } from '../../schedule/rate.ts';
import { parseSchedule, schedulePattern, scheduleWanted } from '../../schedule/schedule.ts';

interface Format {
  fits(text: string): boolean;
  /** What an editor can know of it: takes all that fits, and hardly more. */
  pattern: string;
  wanted(text: string): Wanted;
}

const timeOfDay = '^([01][0-9]|2[0-3]):[0-5][0-9]$';

/** What `format` of a string property may say, and how it is checked. */
const formats: Record<string, Format> = {
  duration: {
    fits: text => parseDuration(text) !== undefined,
    pattern: durationPattern,
    wanted: () => durationWanted,
  },
  schedule: {
    fits: text => parseSchedule(text) !== undefined,
    pattern: schedulePattern,
    wanted: scheduleWanted,
  },
  rate: {
    fits: text => parseRate(text) !== undefined,
    pattern: ratePattern,
    wanted: () => ({
      expected: 'a rate such as 200 Mbit/s',
      hint: 'a rate is a whole number of Mbit/s, Gbit/s, MiB/s or GiB/s: 200 Mbit/s, 25 MiB/s',
    }),
  },
  'time-of-day': {
    fits: text => new RegExp(timeOfDay).test(text),
    pattern: timeOfDay,
    wanted: () => ({
      expected: 'a time of day such as 01:30',
      hint: 'write hours and minutes with two digits each: 01:30, 23:00',
    }),
  },
  timezone: {
    fits: isTimezone,
    pattern: '^[A-Za-z+-][A-Za-z0-9_+:-]*(/[A-Za-z0-9_+-]+)*$',
    wanted: () => ({
      expected: 'a time zone such as Europe/Dublin',
      hint: 'a time zone is a name of the IANA list, Europe/Dublin, or UTC',
    }),
  },
};

/** The formats of manifests, as patterns that any validator understands. */
export const formatPatterns: ReadonlyMap<string, string> = new Map(
  Object.entries(formats).map(([name, { pattern }]) => [name, pattern]),
);

/**
 * What was expected when `text` is wrong by `format`; undefined when it is right or the format is none of
 * ours.
 */
export function checkFormat(format: string, text: string): Wanted | undefined {
  const rule = Object.hasOwn(formats, format) ? formats[format] : undefined;
  return rule && !rule.fits(text) ? rule.wanted(text) : undefined;
}
