import { expect, test } from 'vitest';
import { alertTurn, keeperOf } from '../../src/app/alerts/alert-turn.ts';
import { alertsSince, keepAlerts, openAlertsIn } from '../../src/app/alerts/noted-alerts.ts';
import type { Alert } from '../../src/operation/alerts/model.ts';
import { forgetNotes } from '../../src/replication/repository/forget-notes.ts';
import { memoryStore } from '../support/memory-store.ts';
import { openTest } from '../support/repository.ts';

test('over a damaged note an alert is told once more, and no more by the runs after that', async () => {
  const now = 1_700_000_000_000;
  const store = memoryStore('memory://alerts', () => now);
  const { board } = await openTest(store);
  const told: string[] = [];
  const failures: string[] = [];
  // Each is a process of its own: nothing but the repository is left of the one before.
  const run = () =>
    alertTurn({
      keeper: keeperOf(
        () => board,
        ({ message }) => void failures.push(message),
      ),
      conditions: [
        { rule: 'breached', severity: 'critical', cause: 'dc02', subject: 'dc02', text: 'dc02 is late' },
      ],
      policies: [{ route: 'ops', severity: 'warning', isQuiet: () => false }],
      ...{ now, by: 'mover' },
      tell: async ({ route }) => {
        told.push(route);
        return [];
      },
      digest: async () => [],
    });
  await run();
  const key = 'recovery/board/alerts';
  await store.put(key, Buffer.from('x'), { when: { ifMatch: (await store.head(key))!.etag } });
  for (let again = 0; again < 3; again++) await run();
  expect({ told, failures }).toEqual({ told: ['ops', 'ops'], failures: [] });
  expect(await openAlertsIn(board)).toMatchObject([{ text: 'dc02 is late' }]);
});

test('alerts that are over are there once whoever writes them down, but for damaged ones, for 90 days', async () => {
  const day = 86_400_000;
  const now = 1_700_000_000_000;
  const store = memoryStore('memory://alerts', () => now);
  const { board } = await openTest(store);
  const ended = (subject: string): Alert => ({
    ...{ key: `converge-breached-${subject}`, rule: 'breached', severity: 'critical', subjects: [subject] },
    ...{ text: `${subject} is late`, since: now - 60_000, ended: now, claims: {} },
    // The first heard of it, the second could not be told.
    told: { ops: { at: now, subjects: [] }, chat: { at: now, subjects: [], failures: 3 } },
  });
  for (const _mover of ['a', 'b']) await keepAlerts(board, [ended('dc02'), ended('sql01')]);
  const damage: string[] = [];
  const seen = (from: number) => alertsSince(board, from, ({ message }) => void damage.push(message));
  expect(await seen(now - day)).toMatchObject([
    { subjects: ['dc02'], since: now - 60_000, ended: now, told: ['ops'] },
    { subjects: ['sql01'] },
  ]);
  expect(await seen(now + 1)).toEqual([]);
  const key = `recovery/board/past-alerts/2023-11-14/converge-breached-dc02-${now - 60_000}`;
  await store.put(key, Buffer.from('x'), { when: { ifMatch: (await store.head(key))!.etag } });
  expect((await seen(0)).map(({ subjects }) => subjects)).toEqual([['sql01']]);
  expect(damage).toEqual([expect.stringContaining(key)]);
  await forgetNotes(board, now + 90 * day);
  expect(await board.list('past-alerts/')).toHaveLength(2);
  await forgetNotes(board, now + 90 * day + 1);
  expect(await board.list('past-alerts/')).toEqual([]);
});
