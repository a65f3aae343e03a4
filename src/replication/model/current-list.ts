import { blocked, Failure, failedWith } from '../../diagnostics/diagnostic.ts';
import { damaged, isUnreadable } from './damage.ts';
import type { OnDamage, Repository } from './repository.ts';

/** Changes that others may make between a look and a write before this is given up. */
const mostRaces = 20;

/** What there is of them. */
export const CURRENT_LISTS = ['holds', 'pins', 'pauses', 'retention', 'covers'] as const;

/** A list in a repository that many may change: each record of it holds all that is in force since. */
export interface CurrentList<T> {
  readonly name: string;
  /**
   * For whoever removes something, or writes over it.
   *
   * @throws Failure when the newest record can't be read: what it added is known to nobody
   */
  read(repository: Repository): Promise<T[]>;
  /** For whoever shows it: as the newest record says that can be read, and `onDamage` hears of the others. */
  known(repository: Repository, onDamage: OnDamage): Promise<T[]>;
  /**
   * Of two who change it at once, one after the other. Nothing is written when nothing changes. Over a
   * damaged record it is written anew, from the newest that can be read and what the list adds in doubt.
   */
  change(repository: Repository, to: (entries: T[]) => T[]): Promise<void>;
  /** Writes it anew over a damaged record; whether it did. */
  mend(repository: Repository): Promise<boolean>;
}

interface Found<T> {
  /** Of the newest record, readable or not. */
  number: number;
  entries: T[];
  /** Why the newest record can't be read. */
  failure?: Failure;
}

/**
 * @param name of the list, its records and the member that holds it: what is changed, in messages
 * @param inDoubt what the list is to be where its newest record is damaged and `entries` was known before:
 *   what the record may have said must not be dropped without anybody's knowing
 */
export function currentList<T>(
  name: (typeof CURRENT_LISTS)[number],
  inDoubt: (repository: Repository, entries: T[]) => Promise<T[]> = async (_, entries) => entries,
): CurrentList<T> {
  const readOne = async ({ records }: Repository, number: number): Promise<T[]> => {
    const entries = ((await records.read(name, name, number)) as Record<string, T[]> | undefined)?.[name];
    if (!Array.isArray(entries)) throw damaged(`${name} ${number}`, 'it holds no list');
    return entries;
  };
  const newest = async (repository: Repository): Promise<Found<T>> => {
    const numbers = await repository.records.numbers(name, name);
    const number = numbers.at(-1) ?? 0;
    let failure: Failure | undefined;
    for (const one of numbers.reverse())
      try {
        const entries = await readOne(repository, one);
        return { number, entries, ...(failure && { failure }) };
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        failure ??= error;
      }
    return { number, entries: [], ...(failure && { failure }) };
  };
  const change: CurrentList<T>['change'] = async (repository, to) => {
    for (let race = 0; race < mostRaces; race++) {
      const { number, entries, failure } = await newest(repository);
      // One of a newer format, or in an archive, is whole.
      if (failure && !failedWith(failure, 'damaged-object')) throw failure;
      const before = failure ? await inDoubt(repository, entries) : entries;
      const next = to(before);
      const isSame = next.length === before.length && next.every((entry, n) => entry === before[n]);
      if (isSame && !failure) return;
      if (await repository.records.add(name, name, number + 1, { version: 1, [name]: next })) return;
    }
    throw new Failure(
      blocked('list-changed', `others keep changing the ${name} of ${repository.store.url}`, {
        hint: 'run again',
      }),
    );
  };
  return {
    name,
    change,
    async read(repository) {
      const { entries, failure } = await newest(repository);
      if (failure) throw failure;
      return entries;
    },
    async known(repository, onDamage) {
      const { entries, failure } = await newest(repository);
      if (failure) onDamage(failure);
      return entries;
    },
    async mend(repository) {
      const { failure } = await newest(repository);
      if (!failedWith(failure, 'damaged-object')) return false;
      await change(repository, entries => entries);
      return true;
    },
  };
}
