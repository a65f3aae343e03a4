import { expect, test } from 'vitest';
import { alertTurn, keeperOf, openAlertsIn } from '../../src/app/alerts/alert-turn.ts';
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
