import type { Mover } from '../../operation/model.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';

/** Where movers write about themselves, a note each. */
export const moversFolder = 'movers/';

/** A mover of which nothing was heard for so long is nobody's concern any more, ms. */
const forgotten = 7 * 86_400_000;

/** The movers that wrote about themselves in a repository, the newest note first. */
export async function moversIn({ board }: OpenRepository, now: number): Promise<Mover[]> {
  const movers: Mover[] = [];
  for (const { name } of await board.list(moversFolder)) {
    const note = await board.read(name);
    if (note && now - (note.value as Mover).at <= forgotten) movers.push(note.value as Mover);
  }
  return movers.sort((a, b) => b.at - a.at);
}
