import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseXml } from '../../src/io/xml.ts';
import { readTriggers, spelled, triggerElement, weekdays } from '../../src/windows/tasks/task-triggers.ts';
import { element, printTask } from '../../src/windows/tasks/task-xml.ts';
import { isoDuration, parseIsoDuration, plainDuration } from '../../src/windows/tools/iso-duration.ts';

const now = '2026-03-01T12:00:00';
const namespace = 'http://schemas.microsoft.com/windows/2004/02/mit/task';

const seconds = fc.integer({ min: 60, max: 31 * 86_400 });
const every = fc.tuple(seconds, fc.nat()).map(([length, shift]) => ({
  kind: 'every' as const,
  every: length * 1000,
  offset: (shift % length) * 1000,
}));
const at = fc
  .record({
    hour: fc.integer({ min: 0, max: 23 }),
    days: fc.option(fc.subarray([...weekdays], { minLength: 1 }), { nil: undefined }),
  })
  .map(({ hour, days }) => ({
    kind: 'at' as const,
    at: `${String(hour).padStart(2, '0')}:30`,
    ...(days && { days }),
  }));
const plain = fc.constantFrom({ kind: 'boot' as const }, { kind: 'logon' as const });

test('what is written as triggers is read as the same', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(every, at, plain), { maxLength: 4 }), triggers => {
      const task = element('Task', [element('Triggers', triggers.map(triggerElement))], { version: '1.2' });
      expect(readTriggers(parseXml(printTask(task)), now)).toEqual(triggers);
    }),
  );
});

test('durations of task files', () => {
  fc.assert(
    fc.property(fc.nat({ max: 40 * 86_400 }), count => {
      expect(parseIsoDuration(isoDuration(count * 1000))).toBe(count * 1000);
    }),
  );
  expect([isoDuration(0), isoDuration(90_000), isoDuration(86_400_000)]).toEqual(['PT0S', 'PT1M30S', 'P1D']);
  expect([plainDuration(0), plainDuration(5_400_000)]).toEqual(['0s', '1h30m']);
  expect(['P1M', 'P', 'PT', '30m', ''].map(parseIsoDuration)).toEqual(Array(5).fill(undefined));
});

describe('triggers that others wrote', () => {
  const read = (xml: string) =>
    readTriggers(parseXml(`<Task xmlns="${namespace}"><Triggers>${xml}</Triggers></Task>`), now).map(spelled);
  const repeated = (inside: string, start = '2000-01-01T00:17:00') =>
    `<TimeTrigger><Repetition>${inside}</Repetition><StartBoundary>${start}</StartBoundary></TimeTrigger>`;

  test.each([
    ['seconds for minutes', repeated('<Interval>PT1800S</Interval>'), 'every 30m, offset 17m'],
    [
      'what the console adds to an endless repetition',
      repeated('<Interval>PT30M</Interval><StopAtDurationEnd>false</StopAtDurationEnd>'),
      'every 30m, offset 17m',
    ],
    [
      'another start of the same phase',
      repeated('<Interval>PT30M</Interval>', '2024-02-29T23:47:00'),
      'every 30m, offset 17m',
    ],
    [
      'every day by the week',
      `<CalendarTrigger><StartBoundary>2025-01-01T04:00:00</StartBoundary><ScheduleByWeek><DaysOfWeek><Monday/></DaysOfWeek></ScheduleByWeek></CalendarTrigger>`,
      'at 04:00 on mon',
    ],
  ])('%s', (_, xml, text) => {
    expect(read(xml)).toEqual([text]);
  });

  test.each([
    ['one that ends', repeated('<Interval>PT30M</Interval><Duration>P1D</Duration>')],
    ['one that begins later', repeated('<Interval>PT30M</Interval>', '2026-03-01T12:00:01')],
    ['one of another clock', repeated('<Interval>PT30M</Interval>', '2000-01-01T00:17:00Z')],
    ['once', '<TimeTrigger><StartBoundary>2000-01-01T00:17:00</StartBoundary></TimeTrigger>'],
    ['one that is turned off', '<BootTrigger><Enabled>false</Enabled></BootTrigger>'],
    ['a delayed one', '<LogonTrigger><Delay>PT1M</Delay></LogonTrigger>'],
    ['that of one user', '<LogonTrigger><UserId>LAB\\Eve</UserId></LogonTrigger>'],
    [
      'every second day',
      '<CalendarTrigger><StartBoundary>2025-01-01T04:00:00</StartBoundary><ScheduleByDay><DaysInterval>2</DaysInterval></ScheduleByDay></CalendarTrigger>',
    ],
    ['an event', '<EventTrigger><Subscription>x</Subscription></EventTrigger>'],
  ])('%s is none of ours, and is told in words', (_, xml) => {
    const [text] = read(xml);
    expect(text).toMatch(/^(Time|Boot|Logon|Calendar|Event)Trigger \(/);
  });
});
