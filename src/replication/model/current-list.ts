import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { Repository } from './repository.ts';

/** Changes that others may make between a look and a write before this is given up. */
const mostRaces = 20;

/** A list in a repository that many may change: each record of it holds all that is in force since. */
export interface CurrentList<T> {
  read(repository: Repository): Promise<T[]>;
  /** Of two who change it at once, one after the other. Nothing is written when nothing changes. */
  change(repository: Repository, to: (entries: T[]) => T[]): Promise<void>;
}

/** @param name of the list, its records and the member that holds it: what is changed, in messages */
export function currentList<T>(name: string): CurrentList<T> {
  const newest = async ({ records }: Repository): Promise<{ number: number; entries: T[] }> => {
    const number = (await records.numbers(name, name)).at(-1) ?? 0;
    if (number === 0) return { number, entries: [] };
    return { number, entries: ((await records.read(name, name, number)) as Record<string, T[]>)[name]! };
  };
  return {
    read: async repository => (await newest(repository)).entries,
    async change(repository, to) {
      for (let race = 0; race < mostRaces; race++) {
        const { number, entries } = await newest(repository);
        const next = to(entries);
        if (next.length === entries.length && next.every((entry, n) => entry === entries[n])) return;
        if (await repository.records.add(name, name, number + 1, { version: 1, [name]: next })) return;
      }
      throw new Failure(
        blocked('list-changed', `others keep changing the ${name} of ${repository.store.url}`, {
          hint: 'run again',
        }),
      );
    },
  };
}
