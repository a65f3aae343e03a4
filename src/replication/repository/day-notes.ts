import pLimit from 'p-limit';
import { isUnreadable } from '../model/damage.ts';
import type { BoardStore, OnDamage } from '../model/repository.ts';

/** Notes that are read or written side by side. */
export const notesAtOnce = 16;

/** Where notes of one kind are that are kept by their day. @param kind ends with a slash */
export const dayFolder = (kind: string, time: number): string =>
  `${kind}${new Date(time).toISOString().slice(0, 10)}/`;

/** What a note says; undefined: it isn't there, or can't be read, which goes to `onDamage`. */
export async function noteIn(board: BoardStore, name: string, onDamage: OnDamage): Promise<unknown> {
  try {
    return (await board.read(name))?.value;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    onDamage(error);
    return undefined;
  }
}

/** All notes of a kind of the day of `from` and later ones, as `noteIn` reads them. */
export async function notesFrom(
  board: BoardStore,
  kind: string,
  from: number,
  onDamage: OnDamage,
): Promise<{ name: string; value: unknown }[]> {
  const listed = await board.list(kind);
  const names = listed.map(({ name }) => name).filter(name => name >= dayFolder(kind, from));
  const limit = pLimit(notesAtOnce);
  return Promise.all(
    names.map(name => limit(async () => ({ name, value: await noteIn(board, name, onDamage) }))),
  );
}
