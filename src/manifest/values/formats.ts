import { isTimezone } from '../../engine/model/window.ts';
import { parseDuration, parseSchedule } from '../../io/duration.ts';

interface Format {
  fits(text: string): boolean;
  expected: string;
  hint: string;
}

const grammar = 'whole numbers with w, d, h, m or s, or these words in full, largest first';

/** What `format` of a string property may say, and how it is checked. */
const formats: Record<string, Format> = {
  duration: {
    fits: text => parseDuration(text) !== undefined,
    expected: 'a duration such as 15m or 1h30m',
    hint: `a duration is ${grammar}: 90s, 15 minutes, 1h30m`,
  },
  schedule: {
    fits: text => parseSchedule(text) !== undefined,
    expected: 'a schedule such as every 15 minutes',
    hint: `a schedule is \`every\` and a duration above zero (${grammar}): every 15 minutes, every day`,
  },
  'time-of-day': {
    fits: text => /^([01]\d|2[0-3]):[0-5]\d$/.test(text),
    expected: 'a time of day such as 01:30',
    hint: 'write hours and minutes with two digits each: 01:30, 23:00',
  },
  timezone: {
    fits: isTimezone,
    expected: 'a time zone such as Europe/Dublin',
    hint: 'a time zone is a name of the IANA list, Europe/Dublin, or UTC',
  },
};

/** What was expected when `text` is wrong by `format`; undefined when it is right or the format is none of ours. */
export function checkFormat(format: string, text: string): Omit<Format, 'fits'> | undefined {
  const rule = Object.hasOwn(formats, format) ? formats[format] : undefined;
  return rule && !rule.fits(text) ? rule : undefined;
}
