import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { scheduledTask } from '../../../src/resources/windows/tasks/scheduled_task.ts';
import { catalogOf, declare, testRun } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';

const folder = 'C:\\Windows\\System32\\Tasks';
const command = 'C:\\Windows\\System32\\cmd.exe';

async function setUp() {
  const machine = await windowsWorld();
  const { world, host, lab } = machine;
  const converge = async (title: string, properties: Record<string, Json>) => {
    await lab.forgetProcesses();
    const run = testRun([scheduledTask], world);
    const planned = await plan(catalogOf([declare(`scheduled_task:${title}`, properties)]), run, {
      engine: '1',
    });
    const report = await apply(planned, run);
    const changing = (await lab.processes()).filter(({ changed }) => changed);
    return { planned: planned.resources[0]!, result: report.results[0]!, changing };
  };
  const stored = async (title: string) =>
    (await host.files.read(`${folder}\\${title}`))?.toString('utf16le') ?? '';
  const store = (title: string, text: string) =>
    host.files.writeAtomic(`${folder}\\${title}`, Buffer.from(text, 'utf16le'));
  return { ...machine, converge, stored, store };
}

test('one process makes a task, none keeps it, one repairs it', async () => {
  const { converge, stored, store } = await setUp();
  const sync = { command, arguments: '/c sync.cmd', every: '30 minutes', offset: '17m' };
  const first = await converge('Cust\\Sync', sync);
  expect(first.result.result).toBe('changed');
  expect(first.changing).toHaveLength(1);
  const text = await stored('Cust\\Sync');
  expect(text).toContain('<Interval>PT30M</Interval>');
  expect(text).not.toContain('Duration>PT30M');
  expect(text).toContain('<UserId>S-1-5-18</UserId>');

  const second = await converge('\\cust/sync', sync);
  expect(second.planned.action).toBe('none');
  expect(second.changing).toEqual([]);

  await store(
    'Cust\\Sync',
    text.replace('<Settings>', '<Settings><Hidden>true</Hidden>').replace('PT30M', 'PT1H'),
  );
  const third = await converge('Cust\\Sync', sync);
  expect(third.planned.fields).toMatchObject([{ path: '/every', before: '1h', after: '30m' }]);
  expect(third.changing).toHaveLength(1);
  // What somebody else decided, and nobody declared, stays.
  expect(await stored('Cust\\Sync')).toContain('<Hidden>true</Hidden>');
});

test('nothing of it is left in the folder for temporary files', async () => {
  const { converge, host } = await setUp();
  await converge('a', { command, boot: true });
  await converge('b', { command, run_as: 'LAB\\nobody-of-this-name' });
  expect(await host.files.list('C:\\Windows\\Temp')).toEqual([]);
});

describe('what was done to a task behind our back', () => {
  test.each<[string, (text: string) => string, Record<string, string>]>([
    [
      'an action more',
      text => text.replace('<Exec>', '<Exec><Command>C:\\evil.exe</Command></Exec><Exec>'),
      { '/command': `C:\\evil.exe, and also: ${command}` },
    ],
    [
      'arguments',
      text => text.replace('</Command>', '</Command><Arguments>/c evil</Arguments>'),
      { '/command': `${command} /c evil` },
    ],
    [
      'a trigger more',
      text => text.replace('<Triggers>', '<Triggers><LogonTrigger />'),
      { '/every': '30m, and also: logon' },
    ],
    [
      'its trigger turned off',
      text => text.replace('<TimeTrigger>', '<TimeTrigger><Enabled>false</Enabled>'),
      {
        '/every':
          'never, and also: TimeTrigger (Enabled false, Repetition PT30M, StartBoundary 2000-01-01T00:00:00)',
      },
    ],
    ['turned off', text => text.replace(/<Enabled>true</, '<Enabled>false<'), { '/enabled': 'false' }],
    ['another account', text => text.replace('S-1-5-18', 'S-1-5-20'), { '/run_as': 'NETWORK SERVICE' }],
  ])('%s', async (_, edit, before) => {
    const { converge, stored, store } = await setUp();
    const declared = { command, every: '30m' };
    await converge('Sync', declared);
    const good = await stored('Sync');
    expect(edit(good)).not.toBe(good);
    await store('Sync', edit(good));
    const repaired = await converge('Sync', declared);
    const found = repaired.planned.fields.map(field => [field.path, String(field.before)]);
    expect(Object.fromEntries(found)).toEqual(before);
    expect(await stored('Sync')).toBe(good);
  });
});

test('triggers are left alone while none is declared', async () => {
  const { converge, stored, store } = await setUp();
  await converge('Sync', { command });
  await store('Sync', (await stored('Sync')).replace('<Triggers />', '<Triggers><BootTrigger /></Triggers>'));
  expect((await converge('Sync', { command })).planned.action).toBe('none');
  await converge('Sync', { command, description: 'new' });
  expect(await stored('Sync')).toContain('<BootTrigger />');
  await converge('Sync', { command, boot: false });
  expect(await stored('Sync')).not.toContain('<BootTrigger');
});

test('a password goes by stdin, and again with every change of the task', async () => {
  const { converge, stored, world, lab, store } = await setUp();
  world.secrets['env:TASK'] = 'tr0ub4dor&3 ümlaut';
  const declared = {
    command,
    at: '03:30',
    run_as: 'LAB\\Administrator',
    password: { $secret: 'env:TASK' },
  };
  expect((await converge('Sync', declared)).result.result).toBe('changed');
  expect(await stored('Sync')).toContain('<LogonType>Password</LogonType>');
  expect((await converge('Sync', declared)).planned.action).toBe('none');
  await store('Sync', (await stored('Sync')).replace('T03:30', 'T04:30'));
  const { changing, result } = await converge('Sync', declared);
  expect(result.result).toBe('changed');
  expect(changing).toHaveLength(1);
  expect(JSON.stringify(await lab.processes())).not.toContain('tr0ub4dor');
  world.secrets['env:TASK'] = 'another password';
  expect((await converge('Sync', declared)).planned.fields.map(({ path }) => path)).toEqual(['/password']);
});

test.each<[string, Record<string, Json>, RegExp]>([
  ['no interval', { every: '30s' }, /impossible interval/],
  ['too long', { every: '5 weeks' }, /impossible interval/],
  ['an offset of nothing', { offset: '5m' }, /no `every`/],
  ['an offset beyond', { every: '30m', offset: '30m' }, /isn't a part of its `every`/],
  ['days of no time', { days: ['mon'] }, /no time/],
  ['a password of a service', { password: { $secret: 'env:X' } }, /which has none/],
])('%s is a mistake in what was given', (_, properties, message) => {
  expect(mistakesIn(scheduledTask, 'Sync', { command, ...properties })).toMatch(message);
});

test.each(['', '\\', 'a\\', 'a\\..\\b', 'a:b', 'a|b', 'a\\\\b'])('%j can be no name', title => {
  expect(mistakesIn(scheduledTask, title, { command })).toMatch(/name of a task/);
});

test('what schtasks refuses is told with its words, and a file that is not a task fails its own resource', async () => {
  const { converge, store, lab } = await setUp();
  await lab.change({ language: 'de' });
  const refused = await converge('Sync', { command, run_as: 'LAB\\nobody' });
  expect(refused.result.diagnostic?.message).toMatch(/registering the task \\Sync failed: schtasks .*FEHLER/);
  await store('Broken', '\ufeff<Task>');
  const broken = await converge('Broken', { command });
  expect(broken.result).toMatchObject({ result: 'failed', diagnostic: { code: 'task-unreadable' } });
});
