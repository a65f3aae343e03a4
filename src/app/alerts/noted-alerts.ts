import pLimit from 'p-limit';
import { currentOf } from '../../operation/alerts/lifecycle.ts';
import type { Alert, AlertState } from '../../operation/alerts/model.ts';
import type { PastAlert } from '../../operation/history.ts';
import type { OpenAlert } from '../../operation/model.ts';
import type { BoardStore, OnDamage } from '../../replication/model/repository.ts';
import { dayFolder, noteIn, notesAtOnce, notesFrom } from '../../replication/repository/day-notes.ts';

/** The note of alerts that are open, or whose end somebody is still to be told. */
export const ALERTS = 'alerts';

/** Where alerts that are over are written down, by the day of their end. */
const pastFolder = 'past-alerts/';

/** What the note in a repository knows that isn't over, the oldest first. */
export async function openAlertsIn(board: BoardStore): Promise<OpenAlert[]> {
  const found = (await board.read(ALERTS))?.value as AlertState | undefined;
  return (found?.alerts ?? [])
    .filter(({ ended }) => ended === undefined)
    .map(one => {
      const { rule, severity, text, since } = one;
      return { rule, severity, subjects: currentOf(one), text, since };
    })
    .sort((a, b) => a.since - b.since);
}

/** Writes down alerts that are over, each once: whoever does so again, and all movers, mean the same note. */
export async function keepAlerts(board: BoardStore, alerts: readonly Alert[]): Promise<void> {
  const limit = pLimit(notesAtOnce);
  const keep = (alert: Alert) => {
    const past = pastAlert(alert);
    return board.write(
      `${dayFolder(pastFolder, past.ended!)}${past.key}-${past.since}`,
      { version: 1, alert: past },
      undefined,
    );
  };
  await Promise.all(alerts.map(one => limit(() => keep(one))));
}

/** All that were open at some moment from `from` on, or still are, the oldest first. */
export async function alertsSince(board: BoardStore, from: number, onDamage: OnDamage): Promise<PastAlert[]> {
  // Before the others: what leaves it meanwhile is in both.
  const state = (await noteIn(board, ALERTS, onDamage)) as AlertState | undefined;
  const notes = await notesFrom(board, pastFolder, from, onDamage);
  const past = notes.flatMap(({ value }) => (value as { alert: PastAlert } | undefined)?.alert ?? []);
  const all = [...past, ...(state?.alerts ?? []).map(pastAlert)];
  return [...new Map(all.map(one => [`${one.key}-${one.since}`, one])).values()]
    .filter(({ ended }) => ended === undefined || ended >= from)
    .sort((a, b) => a.since - b.since);
}

const pastAlert = ({ key, rule, severity, subjects, text, since, ended, told }: Alert): PastAlert => ({
  ...{ key, rule, severity, subjects, text, since },
  ...(ended !== undefined && { ended }),
  told: Object.keys(told)
    .filter(route => told[route]!.subjects.length > 0 || !told[route]!.failures)
    .sort(),
});
