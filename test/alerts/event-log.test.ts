import { expect, test } from 'vitest';
import { EVENT_IDS, eventOf } from '../../src/alerts/event-log.ts';
import type { Said } from '../../src/alerts/webhook-shapes.ts';
import type { Command, CommandResult } from '../../src/io/ports.ts';
import type { Alert, Kind } from '../../src/operation/alerts/model.ts';
import { messageOf } from '../../src/operation/alerts/words.ts';
import { writeEvent } from '../../src/windows/tools/event-log.ts';

const now = Date.UTC(2026, 10, 28, 12);

const said = (kind: Kind, severity: Alert['severity'], text: string): Said => {
  const alert: Alert = {
    ...{ key: 'k', rule: 'breached', severity, subjects: ['dc02'], text },
    ...{ since: now - 600_000, told: {}, claims: {} },
    ...(kind === 'recovered' && { ended: now }),
  };
  return { delivery: { route: 'ops', kind, alert }, message: messageOf({ kind, alert }, now), now };
};

test('each rule has an id of its own that eventcreate takes, and an alert a type by how bad it is', () => {
  const ids = Object.values(EVENT_IDS);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id >= 1 && id <= 1000).toBe(true);
  expect(eventOf(said('opened', 'critical', 'x'))).toMatchObject({ type: 'ERROR', id: 110 });
  expect(eventOf(said('reminder', 'warning', 'x')).type).toBe('WARNING');
  expect(eventOf(said('recovered', 'critical', 'x')).type).toBe('INFORMATION');
  const digest: Said = { about: 'digest', message: { title: 't', lines: ['1 kept'] }, now };
  expect(eventOf(digest)).toEqual({ type: 'INFORMATION', id: 101, text: 't\r\n1 kept' });
});

test('it is written by the program of the system, as one argument, whatever it quotes', async () => {
  const asked: Command[] = [];
  const answers =
    (exitCode: number, stderr = ''): ((command: Command) => Promise<CommandResult>) =>
    async command => {
      asked.push(command);
      return { exitCode, stdout: '', stderr, timedOut: false };
    };
  const event = eventOf(said('opened', 'critical', 'dc02 "%%1" & calc\r\n/S evil'));
  const windows = { platform: 'win32', env: { SYSTEMROOT: 'D:\\Windows' }, run: answers(0) } as const;
  await writeEvent(windows, 'converge', event);
  expect(asked[0]!.file).toBe('D:\\Windows\\System32\\eventcreate.exe');
  expect(asked[0]!.args.slice(0, 9)).toEqual([
    '/L',
    'APPLICATION',
    '/SO',
    'converge',
    '/T',
    'ERROR',
    '/ID',
    '110',
    '/D',
  ]);
  expect(asked[0]!.args[9]).toMatch(/^converge: critical: dc02 "% %1" & calc \/S evil\r\nsince 2026/);
  expect(asked[0]!.args).toHaveLength(10);
  await writeEvent(windows, 'converge', { ...event, text: 'x'.repeat(40_000) });
  expect(asked[1]!.args[9]).toHaveLength(8_000);
  const denied = writeEvent({ ...windows, run: answers(1, 'ERROR: Access is denied.\r\n') }, 'c', event);
  await expect(denied).rejects.toThrow('could not be written into the event log: ERROR: Access is denied.');
  const elsewhere = writeEvent({ ...windows, platform: 'linux' }, 'c', event);
  await expect(elsewhere).rejects.toThrow('into the event log: this machine has none');
});
