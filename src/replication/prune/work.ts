import type { Clock } from '../../io/ports.ts';
import type { Holders } from '../cycle/holders.ts';
import { type DamageRecord, doubtsOf, type PointId } from '../model/damage-record.ts';
import type { LeaseValue } from '../model/lease-value.ts';
import type { PruningRecord } from '../model/pruning-record.ts';
import type { Repository, VmRepository } from '../model/repository.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import type { Decision } from '../retention/decide.ts';
import type { Retention } from '../retention/policy.ts';
import type { PrunedPoint, Seen } from './points.ts';

const DAY = 24 * 3_600_000;

/**
 * Milliseconds from when something is marked until it is removed, and age of what no writer can be about to
 * name: longer than any cycle and any restore takes. A cycle ends after seven days.
 */
export const GRACE = 8 * DAY;

/** Objects that one request removes, and for which pins and lease are read once. */
export const BATCH = 1000;

/** What compaction works with. */
export interface Compacting {
  /** The repository, as far as a lease of it needs one. */
  repository: Pick<Repository, 'store' | 'conditions'>;
  clock: Clock;
  holders?: Holders | undefined;
  /** Bytes of blocks that one run moves at most; 0: none. */
  bytes: number;
}

export interface PruneVmOptions {
  /** Undefined: all points stay. */
  policy: Retention | undefined;
  /** What was applied last, where that is another policy: what it keeps stays as well. */
  inForce?: Retention | undefined;
  /** Nothing says what the policy is: points, and the marks of others, are left as they are. */
  unruled?: boolean;
  /**
   * Until when nothing of it is removed, ms since the epoch by the store's clock; asked again before anything
   * goes.
   */
  held?(): Promise<number | undefined>;
  grace: number;
  /** Tell what would be done, and do nothing. */
  dry: boolean;
  /** By the store's clock, as far as it is known: what a dry run goes by. */
  now: number;
  /** Holders of pins by id of the point; asked again before points go. */
  pins(): Promise<ReadonlyMap<string, string[]>>;
  /** Undefined: packs are left as they are. */
  compacting?: Compacting | undefined;
  /**
   * Awaited before each durable step: `record mark unmark points objects forget damage`, and of compaction
   * `pack take-lease index head release-lease`.
   */
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}

/** What the parts of a run share. */
export interface Work {
  context: VmContext;
  vm: VmRepository;
  options: PruneVmOptions;
  /** By the store's clock. */
  now: number;
  seen: Seen;
  damage: DamageRecord | undefined;
  /** As it is in the repository, or would be. */
  record: PruningRecord;
  save(record: PruningRecord): Promise<void>;
  lease(): Promise<LeaseValue | undefined>;
  /** As it was when the run began. */
  leased: LeaseValue | undefined;
}

/** What of the points' objects isn't believed, whoever attended to it. */
export const doubtsIn = ({ damage }: Pick<Work, 'damage'>) => doubtsOf(damage?.objects ?? []);

export const idsOf = (decisions: readonly Decision<PrunedPoint>[]): PointId[] =>
  decisions.map(({ point: { generation, id } }) => ({ generation, id }));

/** Whether nothing of the VM may be removed. */
export const isHeld = async ({ options, now }: Pick<Work, 'options' | 'now'>): Promise<boolean> =>
  ((await options.held?.()) ?? 0) > now;
