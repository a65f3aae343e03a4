import type { PointId } from './damage-record.ts';

/** Objects that a pruner found to be needed by nothing, together. */
export interface Marked {
  /**
   * By the store's clock, ms since the epoch; undefined until the next run, which sees when this was written.
   */
  since?: number;
  /** Keys below the VM's folder. */
  objects: string[];
}

/** A point as it was when a pruner first read it; points don't change. */
export interface KnownPoint extends PointId {
  /** Creation of its snapshot, ms since the epoch. */
  time: number;
  /** The point before it. */
  previous?: PointId;
}

/** What a pruner is about to remove of one VM, and what it remembers. Nobody else writes it. */
export interface PruningRecord {
  pruning: 1;
  /** Ids of the points that are being removed: they are listed no more. */
  removing: string[];
  marked: Marked[];
  /** When all objects were last looked at, by the store's clock; 0: never. */
  swept: number;
  /** Points that were removed, or were marked to be, since then. */
  changed: number;
  points: KnownPoint[];
}

export const NOTHING_PRUNED: PruningRecord = {
  pruning: 1,
  removing: [],
  marked: [],
  swept: 0,
  changed: 0,
  points: [],
};

/** Whether a pruner has said that it will remove an object. */
export const isMarked = (record: PruningRecord | undefined): ((object: string) => boolean) => {
  const all = new Set(record?.marked.flatMap(({ objects }) => objects));
  return object => all.has(object);
};
