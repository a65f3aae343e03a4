import { Failure } from '../../diagnostics/diagnostic.ts';
import type { Mover } from '../../operation/model.ts';
import { isUnreadable } from '../../replication/model/damage.ts';
import type { OnDamage } from '../../replication/model/repository.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';

/** Where movers write about themselves, a note each. */
const moversFolder = 'movers/';

/** A mover of which nothing was heard for so long is nobody's concern any more, ms. */
const forgotten = 7 * 86_400_000;

/** What of a repository movers are noted in. */
type Noted = Pick<OpenRepository, 'board'> & { store: Pick<OpenRepository['store'], 'clockAhead'> };

/**
 * The movers that wrote about themselves in a repository, the newest note first.
 *
 * @param now by the clock of whoever asks, which the times that are given back are of
 */
export async function moversIn(
  { board, store }: Noted,
  now: number,
  onDamage: OnDamage = failure => {
    throw failure;
  },
): Promise<Mover[]> {
  const movers: Mover[] = [];
  for (const { name } of await board.list(moversFolder)) {
    const note = await board.read(name).catch(error => {
      if (!isUnreadable(error)) throw error;
      onDamage(error);
    });
    // After an answer of the store, which tells its clock.
    const mover = note && byClock(note.value as Mover, -(store.clockAhead?.() ?? 0));
    if (mover && now - mover.at <= forgotten) movers.push(mover);
  }
  return movers.sort((a, b) => b.at - a.at);
}

/**
 * The movers of all repositories that are there, and what kept it from reading of some. `isAll`: none is
 * missing.
 */
export async function allMovers(
  repositories: readonly (Noted | undefined)[],
  now: number,
): Promise<{ movers: Mover[]; failures: Failure[]; isAll: boolean }> {
  const failures: Failure[] = [];
  const movers: Mover[] = [];
  for (const repository of repositories)
    try {
      if (repository) movers.push(...(await moversIn(repository, now)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    }
  return { movers, failures, isAll: failures.length === 0 && !repositories.includes(undefined) };
}

/**
 * Writes what a mover says about itself, by the clock of the store: those of movers differ, and one that is
 * behind would look silent.
 *
 * @param etag of the note that it wrote last
 * @returns that of this one; undefined: the note is another one by now
 */
export async function noteMover(
  { board, store }: Noted,
  mover: Mover,
  etag: string | undefined,
): Promise<string | undefined> {
  const name = `${moversFolder}${mover.id}`;
  const note = byClock(mover, store.clockAhead?.() ?? 0);
  // Nobody else writes it: what doesn't fit is an answer that was lost.
  return (await board.write(name, note, etag)) ?? board.write(name, note, (await board.read(name))?.etag);
}

/** Notes that a mover has ended that could not say so itself: another one has taken its place. */
export async function endMover({ board }: Pick<Noted, 'board'>, id: string): Promise<void> {
  const name = `${moversFolder}${id}`;
  const found = await board.read(name);
  if (found && !(found.value as Mover).ended)
    await board.write(name, { ...(found.value as Mover), ended: true }, found.etag);
}

const byClock = (mover: Mover, ahead: number): Mover => ({
  ...mover,
  since: mover.since + ahead,
  at: mover.at + ahead,
  running: mover.running.map(one => ({ ...one, since: one.since + ahead })),
});
