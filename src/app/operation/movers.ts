import type { Mover } from '../../operation/model.ts';
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
export async function moversIn({ board, store }: Noted, now: number): Promise<Mover[]> {
  const movers: Mover[] = [];
  for (const { name } of await board.list(moversFolder)) {
    const note = await board.read(name);
    // After an answer of the store, which tells its clock.
    const mover = note && byClock(note.value as Mover, -(store.clockAhead?.() ?? 0));
    if (mover && now - mover.at <= forgotten) movers.push(mover);
  }
  return movers.sort((a, b) => b.at - a.at);
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

const byClock = (mover: Mover, ahead: number): Mover => ({
  ...mover,
  since: mover.since + ahead,
  at: mover.at + ahead,
  running: mover.running.map(one => ({ ...one, since: one.since + ahead })),
});
