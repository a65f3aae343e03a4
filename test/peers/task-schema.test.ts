import { describe, expect, test } from 'vitest';
import { parseXml } from '../../src/io/xml.ts';
import { defined } from '../../src/resources/windows/tasks/task-definition.ts';
import { printTask } from '../../src/windows/tasks/task-xml.ts';
import { windowsMachine } from '../lab/windows/fixture.ts';
import { judged, missing } from './task-schema.ts';

// The published schema and a foreign validator judge what the lab takes and what it writes back.
const absent = missing();
if (absent !== undefined)
  console.warn(`SKIPPED: task XML against the published schema: no ${absent} here (see test/peers/PEERS.md)`);

const namespace = 'http://schemas.microsoft.com/windows/2004/02/mit/task';
const task = (triggers: string, more = '', action = '<Exec><Command>C:\\a.exe</Command></Exec>') =>
  `<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" xmlns="${namespace}">\r\n  <Triggers>${triggers}</Triggers>${more}\r\n  <Actions>${action}</Actions>\r\n</Task>`;
const start = '<StartBoundary>2000-01-01T00:17:00</StartBoundary>';
const calendar = (schedule: string) => task(`<CalendarTrigger>${start}${schedule}</CalendarTrigger>`);
const settings = (text: string) => task('<BootTrigger />', `<Settings>${text}</Settings>`);
const principal = (text: string) =>
  task('<BootTrigger />', `<Principals><Principal id="Author">${text}</Principal></Principals>`);

const good: Record<string, string> = {
  'every 30 minutes': task(
    `<TimeTrigger><Repetition><Interval>PT30M</Interval></Repetition>${start}<Enabled>true</Enabled><RandomDelay>PT1M</RandomDelay></TimeTrigger>`,
  ),
  'for a day': task(
    `<TimeTrigger><Repetition><Interval>PT1H</Interval><Duration>P1D</Duration><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>${start}</TimeTrigger>`,
  ),
  'at boot': task('<BootTrigger><Delay>PT5M</Delay></BootTrigger>'),
  'at logon': task('<LogonTrigger><UserId>SYSTEM</UserId></LogonTrigger>'),
  daily: calendar('<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>'),
  weekly: calendar(
    '<ScheduleByWeek><WeeksInterval>2</WeeksInterval><DaysOfWeek><Monday /></DaysOfWeek></ScheduleByWeek>',
  ),
  monthly: calendar(
    '<ScheduleByMonth><DaysOfMonth><Day>1</Day><Day>Last</Day></DaysOfMonth><Months><May /></Months></ScheduleByMonth>',
  ),
  'last Friday': calendar(
    '<ScheduleByMonthDayOfWeek><Weeks><Week>Last</Week></Weeks><DaysOfWeek><Friday /></DaysOfWeek><Months><May /></Months></ScheduleByMonthDayOfWeek>',
  ),
  settings: settings(
    '<MultipleInstancesPolicy>Queue</MultipleInstancesPolicy><RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure><ExecutionTimeLimit>PT0S</ExecutionTimeLimit><Priority>4</Priority><Hidden>true</Hidden>',
  ),
  'as administrators': principal('<GroupId>S-1-5-32-544</GroupId><RunLevel>HighestAvailable</RunLevel>'),
  'several actions': task(
    '<BootTrigger />',
    '',
    '<Exec><Command>a.exe</Command><Arguments>&quot;a b&quot; &amp;</Arguments><WorkingDirectory>C:\\</WorkingDirectory></Exec><Exec><Command>b.exe</Command></Exec>',
  ),
};

const bad: Record<string, string> = {
  'an unknown trigger': task('<EveryTrigger />'),
  'an unknown element of a trigger': task('<BootTrigger><Every>PT1M</Every></BootTrigger>'),
  'a repetition without interval': task(
    `<TimeTrigger><Repetition><Duration>P1D</Duration></Repetition>${start}</TimeTrigger>`,
  ),
  'an interval too short': good['every 30 minutes']!.replace('PT30M', 'PT30S'),
  'an interval too long': good['every 30 minutes']!.replace('PT30M', 'P32D'),
  'an interval in words': good['every 30 minutes']!.replace('PT30M', '30 minutes'),
  'an hour that is none': good.daily!.replace('T00:17', 'T24:17'),
  'a day that is none': good.daily!.replace('2000-01-01', '2000-02-32'),
  'a time without seconds': good.daily!.replace('00:17:00', '00:17'),
  'a day of the week that is none': good.weekly!.replace('Monday', 'Mon'),
  'two schedules': calendar('<ScheduleByDay /><ScheduleByWeek />'),
  'a trigger without schedule': calendar(''),
  'no days between': good.daily!.replace('>1<', '>0<'),
  'too many days between': good.daily!.replace('>1<', '>366<'),
  'too many weeks between': good.weekly!.replace('>2<', '>53<'),
  'day 32': good.monthly!.replace('>1<', '>32<'),
  'week 5': good['last Friday']!.replace('>Last<', '>5<'),
  'no day of the week': good['last Friday']!.replace('<DaysOfWeek><Friday /></DaysOfWeek>', ''),
  'a policy that is none': settings('<MultipleInstancesPolicy>Ignore</MultipleInstancesPolicy>'),
  'priority 11': settings('<Priority>11</Priority>'),
  'a flag in words': settings('<Hidden>yes</Hidden>'),
  'a restart without count': settings('<RestartOnFailure><Interval>PT1M</Interval></RestartOnFailure>'),
  'no restarts': settings('<RestartOnFailure><Interval>PT1M</Interval><Count>0</Count></RestartOnFailure>'),
  'an element twice': settings('<Hidden>true</Hidden><Hidden>true</Hidden>'),
  'an unknown run level': principal('<UserId>SYSTEM</UserId><RunLevel>Highest</RunLevel>'),
  'an unknown logon': principal('<UserId>SYSTEM</UserId><LogonType>Service</LogonType>'),
  'no command': task('<BootTrigger />', '', '<Exec><Arguments>x</Arguments></Exec>'),
  'an empty command': task('<BootTrigger />', '', '<Exec><Command></Command></Exec>'),
  'an action for a principal that is none': good['as administrators']!.replace(
    '<Actions>',
    '<Actions Context="Other">',
  ),
  'no actions': task('<BootTrigger />').replace(/<Actions>.*<\/Actions>/, ''),
  'sections twice': task('<BootTrigger />', '<Triggers><BootTrigger /></Triggers>'),
  'another namespace': task('<BootTrigger />').replace('2004/02', '2004/03'),
};

const command = 'C:\\a b\\t.exe';
/** What manifests declare. */
const declared: Record<string, Parameters<typeof defined>[0]> = {
  'by hand': { command },
  'every 30 minutes': { command, every: '30m', offset: '17m' },
  'every 31 days': { command, every: '31d' },
  daily: { command, at: '03:30' },
  weekly: { command, at: '23:59', days: ['mon', 'sun'] },
  'at boot and logon': { command, boot: true, logon: true },
  all: {
    command,
    arguments: '"a" & <b>',
    working_directory: 'C:\\x',
    description: 'one\ntwo \u00fc',
    every: '1h',
    at: '03:30',
    run_as: 'NT AUTHORITY\\LOCAL SERVICE',
    run_level: 'highest',
    enabled: false,
    execution_time_limit: '90m',
    multiple_instances: 'queue',
  },
  'a user': { command, at: '03:30', run_as: 'CUST\\svc-tool' },
};

describe.skipIf(absent !== undefined)('tasks and the published schema', () => {
  test('the schema takes what is meant to be good, and nothing of what is meant to be bad', () => {
    for (const [name, said] of Object.entries(judged(good))) expect(said, name).toBe('');
    for (const [name, said] of Object.entries(judged(bad))) expect(said, name).toContain('fails to validate');
  });

  test('the schema takes what scheduled_task registers, new and over what others made', () => {
    const made = Object.entries(declared).map(([name, properties]) => [name, printTask(defined(properties))]);
    const over = Object.entries(declared).flatMap(([name, properties]) =>
      Object.entries(good).map(([there, xml]) => [
        `${name} over ${there}`,
        printTask(defined(properties, parseXml(xml))),
      ]),
    );
    for (const [name, said] of Object.entries(judged(Object.fromEntries([...made, ...over]))))
      expect(said, name).toBe('');
  });

  test('the lab takes and refuses what the schema does, and what it writes back the schema takes', async () => {
    const { run, write, host } = await windowsMachine();
    const create = async (name: string, xml: string) => {
      await write('C:\\t.xml', Buffer.from(`\ufeff${xml}`, 'utf16le'));
      return (await run('schtasks', ['/create', '/tn', name, '/xml', 'C:\\t.xml'])).exitCode;
    };
    const written: Record<string, string> = {};
    for (const [name, xml] of Object.entries(good)) {
      expect(await create(name, xml), name).toBe(0);
      const bytes = await host.files.read(`C:\\Windows\\System32\\Tasks\\${name}`);
      written[name] = bytes!.toString('utf16le');
    }
    for (const [name, said] of Object.entries(judged(written))) expect(said, name).toBe('');
    const taken: string[] = [];
    for (const [name, xml] of Object.entries(bad)) if ((await create(name, xml)) === 0) taken.push(name);
    expect(taken).toEqual([]);
  });
});
