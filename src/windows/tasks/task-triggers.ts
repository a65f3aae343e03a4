import { child, childrenNamed, textAt, type XmlElement } from '../../io/xml.ts';
import { isoDuration, parseIsoDuration, plainDuration } from '../tools/iso-duration.ts';
import { element } from './task-xml.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];
const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** When a task starts by itself, in the forms that manifests know. Times are those of the machine's clock. */
export type Trigger =
  /** Milliseconds; `offset` from midnight, and without an end. */
  | { kind: 'every'; every: number; offset: number }
  /** `HH:MM`, each day or on these. */
  | { kind: 'at'; at: string; days?: Weekday[] }
  | { kind: 'boot' }
  | { kind: 'logon' }
  /** Anything else, in words. */
  | { kind: 'other'; text: string };

/**
 * Repetitions count from here. A start "today" would be another one each day, and one with a zone would
 * not follow the clock of the machine.
 */
const anchor = '2000-01-01';

export function triggerElement(trigger: Exclude<Trigger, { kind: 'other' }>): XmlElement {
  switch (trigger.kind) {
    case 'every': {
      const start = new Date(Date.parse(`${anchor}T00:00:00Z`) + trigger.offset).toISOString().slice(0, 19);
      // Without a Duration it goes on for ever.
      return element('TimeTrigger', [
        element('Repetition', [element('Interval', isoDuration(trigger.every))]),
        element('StartBoundary', start),
        element('Enabled', 'true'),
      ]);
    }
    case 'at':
      return element('CalendarTrigger', [
        element('StartBoundary', `${anchor}T${trigger.at}:00`),
        element('Enabled', 'true'),
        trigger.days ? weekly(trigger.days) : element('ScheduleByDay', [element('DaysInterval', '1')]),
      ]);
    case 'boot':
      return element('BootTrigger', [element('Enabled', 'true')]);
    case 'logon':
      return element('LogonTrigger', [element('Enabled', 'true')]);
  }
}

const weekly = (days: readonly Weekday[]) =>
  element('ScheduleByWeek', [
    element('WeeksInterval', '1'),
    element(
      'DaysOfWeek',
      weekdays.flatMap((day, index) => (days.includes(day) ? [element(dayNames[index]!)] : [])),
    ),
  ]);

/**
 * The triggers of a task. One that is turned off, ends, is delayed, or hasn't begun at `now` is an other one.
 * @param now local time as `2026-03-01T12:00:00`
 */
export function readTriggers(task: XmlElement, now: string): Trigger[] {
  return (child(task, 'Triggers')?.children ?? []).map(
    one => understood(one, now) ?? { kind: 'other', text: inWords(one) },
  );
}

const known: Readonly<Record<string, readonly string[]>> = {
  TimeTrigger: ['Repetition'],
  CalendarTrigger: ['ScheduleByDay', 'ScheduleByWeek'],
  BootTrigger: [],
  LogonTrigger: [],
};

function understood(one: XmlElement, now: string): Trigger | undefined {
  const parts = known[one.name];
  const usual = ['Enabled', 'StartBoundary', ...(parts ?? [])];
  if (!parts || one.children.some(({ name }) => !usual.includes(name))) return undefined;
  if (/^(false|0)$/i.test(textAt(one, 'Enabled')?.trim() ?? '')) return undefined;
  const start = textAt(one, 'StartBoundary')?.trim();
  if (start !== undefined && (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.0+)?$/.test(start) || start > now))
    return undefined;
  if (one.name === 'BootTrigger') return { kind: 'boot' };
  if (one.name === 'LogonTrigger') return { kind: 'logon' };
  if (start === undefined) return undefined;
  return one.name === 'TimeTrigger' ? repetition(one, start) : calendar(one, start);
}

function repetition(one: XmlElement, start: string): Trigger | undefined {
  const every = parseIsoDuration(textAt(one, 'Repetition', 'Interval') ?? '');
  if (every === undefined || every === 0 || textAt(one, 'Repetition', 'Duration') !== undefined)
    return undefined;
  const since = Date.parse(`${start.slice(0, 19)}Z`) - Date.parse(`${anchor}T00:00:00Z`);
  return { kind: 'every', every, offset: ((since % every) + every) % every };
}

function calendar(one: XmlElement, start: string): Trigger | undefined {
  const at = start.slice(11, 16);
  if (start.slice(17, 19) !== '00') return undefined;
  const byDay = child(one, 'ScheduleByDay');
  if (byDay) return (textAt(byDay, 'DaysInterval')?.trim() ?? '1') === '1' ? { kind: 'at', at } : undefined;
  const byWeek = child(one, 'ScheduleByWeek');
  if (!byWeek || (textAt(byWeek, 'WeeksInterval')?.trim() ?? '1') !== '1') return undefined;
  const named = new Set((child(byWeek, 'DaysOfWeek')?.children ?? []).map(({ name }) => name));
  const days = weekdays.filter((_, index) => named.has(dayNames[index]!));
  return { kind: 'at', at, days };
}

/** `TimeTrigger (Repetition PT30M PT1H, StartBoundary 2000-01-01T00:00:00)`. */
function inWords({ name, children }: XmlElement): string {
  const texts = (one: XmlElement): string[] =>
    one.children.length === 0 ? [one.text.trim() || one.name] : one.children.flatMap(texts);
  return children.length === 0
    ? name
    : `${name} (${children.map(one => `${one.name} ${texts(one).join(' ')}`).join(', ')})`;
}

/** In the words of a manifest. */
export function spelled(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'every':
      return `every ${plainDuration(trigger.every)}${trigger.offset === 0 ? '' : `, offset ${plainDuration(trigger.offset)}`}`;
    case 'at':
      return `at ${trigger.at}${trigger.days ? ` on ${trigger.days.join(' ')}` : ''}`;
    case 'other':
      return trigger.text;
    default:
      return trigger.kind;
  }
}

/** The programs that a task starts, one after the other; undefined for an action that isn't one. */
export const readActions = (task: XmlElement): (XmlElement | undefined)[] =>
  (child(task, 'Actions')?.children ?? []).map(one => (one.name === 'Exec' ? one : undefined));

export const principalOf = (task: XmlElement | undefined): XmlElement | undefined =>
  childrenNamed(child(task, 'Principals'), 'Principal')[0];
