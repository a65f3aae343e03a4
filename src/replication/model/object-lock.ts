import { parseDuration } from '../../io/duration.ts';

/** What keeps a stored object from being removed or replaced for good before a moment. */
export interface ObjectLock {
  /** `governance`: whoever has a right of its own lifts it. `compliance`: nobody does. */
  mode: LockMode;
  /** Milliseconds since the epoch, by the store's clock. */
  until: number;
}

export type LockMode = 'governance' | 'compliance';

/** How objects of a repository are locked. */
export interface LockPolicy {
  mode: LockMode;
  /** Milliseconds. */
  for: number;
}

const SECOND = 1000;

/** The lock of what is written at a moment; stores keep whole seconds. */
export const lockFrom = ({ mode, for: span }: LockPolicy, now: number): ObjectLock => ({
  mode,
  until: Math.ceil((now + span) / SECOND) * SECOND,
});

/** As a manifest has it. */
export interface WrittenLock {
  mode: LockMode;
  for: string;
}

/** @throws RangeError for what is not a duration */
export function lockPolicyOf({ mode, for: written }: WrittenLock): LockPolicy {
  const span = parseDuration(written);
  if (span === undefined) throw new RangeError(written);
  return { mode, for: span };
}

/**
 * What whoever lengthens locks knows of them, of one VM. Nobody else writes it, but for a repair that clears
 * one that is damaged, and no reader needs it.
 */
export interface LocksRecord {
  locks: 1;
  /** When all that points need was last looked at, by the store's clock, ms since the epoch. */
  swept: number;
  /** Keys below the VM's folder, or from the top with a leading slash, by until when they are locked. */
  held: { until: number; objects: string[] }[];
}

/** Until when each object is locked, as far as the record tells. */
export const untilOf = (record: LocksRecord | undefined): Map<string, number> =>
  new Map(record?.held.flatMap(({ until, objects }) => objects.map(object => [object, until] as const)));

/** The record of what was looked at now; of what isn't needed any more nothing is kept. */
export function recordOf(swept: number, until: ReadonlyMap<string, number>): LocksRecord {
  const groups = Map.groupBy([...until.keys()], object => until.get(object)!);
  return {
    locks: 1,
    swept,
    held: [...groups]
      .sort(([a], [b]) => a - b)
      .map(([at, objects]) => ({ until: at, objects: objects.sort() })),
  };
}

/** The last moment that a date can show: until somebody ends it. */
export const FOREVER = 8_640_000_000_000_000;

/** Until when something is held, in words. */
export const untilWords = (until: number): string =>
  until >= FOREVER ? 'until somebody releases it' : `until ${new Date(until).toISOString()}`;
