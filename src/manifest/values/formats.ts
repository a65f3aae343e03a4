import { isTimezone } from '../../engine/model/window.ts';
import { durationPattern, parseDuration, parseSchedule, schedulePattern } from '../../io/duration.ts';

interface Format {
  fits(text: string): boolean;
  /** What an editor can know of it: takes all that fits, and hardly more. */
  pattern: string;
  expected: string;
  hint: string;
}

const timeOfDay = '^([01][0-9]|2[0-3]):[0-5][0-9]$';
const grammar = 'whole numbers with w, d, h, m or s, or these words in full, largest first';

/** What `format` of a string property may say, and how it is checked. */
const formats: Record<string, Format> = {
  duration: {
    fits: text => parseDuration(text) !== undefined,
    pattern: durationPattern,
    expected: 'a duration such as 15m or 1h30m',
    hint: `a duration is ${grammar}: 90s, 15 minutes, 1h30m`,
  },
  schedule: {
    fits: text => parseSchedule(text) !== undefined,
    pattern: schedulePattern,
    expected: 'a schedule such as every 15 minutes',
    hint: `a schedule is \`every\` and a duration above zero (${grammar}): every 15 minutes, every day`,
  },
  'time-of-day': {
    fits: text => new RegExp(timeOfDay).test(text),
    pattern: timeOfDay,
    expected: 'a time of day such as 01:30',
    hint: 'write hours and minutes with two digits each: 01:30, 23:00',
  },
  timezone: {
    fits: isTimezone,
    pattern: '^[A-Za-z+-][A-Za-z0-9_+:-]*(/[A-Za-z0-9_+-]+)*$',
    expected: 'a time zone such as Europe/Dublin',
    hint: 'a time zone is a name of the IANA list, Europe/Dublin, or UTC',
  },
};

/** The formats of manifests, as patterns that any validator understands. */
export const formatPatterns: ReadonlyMap<string, string> = new Map(
  Object.entries(formats).map(([name, { pattern }]) => [name, pattern]),
);

/** What was expected when `text` is wrong by `format`; undefined when it is right or the format is none of ours. */
export function checkFormat(format: string, text: string): Pick<Format, 'expected' | 'hint'> | undefined {
  const rule = Object.hasOwn(formats, format) ? formats[format] : undefined;
  return rule && !rule.fits(text) ? rule : undefined;
}
