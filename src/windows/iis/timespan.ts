import { plainDuration } from '../tools/iso-duration.ts';

/**
 * IIS's time span, `d.hh:mm:ss`: what is written as `29:00:00` is read back as `1.05:00:00`, so both
 * are brought to the second form. Undefined for text that isn't one.
 */
export function timespan(text: string): string | undefined {
  const match = /^(?:(\d+)\.)?(\d+):(\d{1,2}):(\d{1,2})$/.exec(text.trim());
  if (!match) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return spanOf((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}

/** Seconds of a time span as people write it; undefined for text that isn't one. */
export function spanSeconds(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d+):(\d{1,2}):(\d{1,2})$/.exec(timespan(text) ?? '');
  if (!match) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(part => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** A time span as a duration of manifests: `00:20:00` is `20m`. Text that isn't one stays as it is. */
export function durationOfSpan(text: string): string {
  const match = /^(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)$/.exec(timespan(text) ?? '');
  if (!match) return text;
  const [days, hours, minutes, seconds] = match.slice(1).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return plainDuration((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}

/** Milliseconds as a time span; whole seconds. */
export function spanOf(ms: number): string {
  const total = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const days = Math.floor(total / 86_400);
  const clock = [Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60].map(two).join(':');
  return days === 0 ? clock : `${days}.${clock}`;
}
