import type { Line, WakeUp } from './wake-up.ts';

/** A wake-up that a mover has taken, which is its own until it is answered or not kept for half a minute. */
export interface Taken {
  /** Whatever lay in the queue. */
  data: unknown;
  /** Keeps others from it for another half minute. */
  keep(): Promise<void>;
  /** It leaves the queue. */
  answer(data: object): Promise<void>;
}

/** What was answered, and what with. */
export interface Answered {
  id: string;
  data: unknown;
}

/** What is known of the server behind a queue; undefined: it doesn't say. */
export interface QueueServer {
  /** `noeviction`, or what it does to keys when its memory is full. */
  eviction: string | undefined;
  /** Whether it writes anything down. */
  persists: boolean | undefined;
  /** It answers, and takes nothing more. */
  isFull: boolean;
}

/**
 * Where wake-ups wait for whoever has a free slot. Everything in it may be lost, come twice or be another's:
 * nothing rests on it. All calls reject with a Failure `queue-away` when it doesn't answer within seconds, or
 * can't take more.
 */
export interface WakeQueue {
  /** Asks the server what it is like. @throws Failure `queue-refused` besides: it lets nobody in like that */
  server(): Promise<QueueServer>;
  /**
   * Adds a wake-up, unless one with this key waits or is taken. Gives the id of the one that is there then.
   * @param priority see `priorityOf`
   */
  add(line: Line, wake: WakeUp, key: string, priority: number): Promise<string>;
  /** Those that were answered last, at most some hundred. */
  answered(line: Line): Promise<Answered[]>;
  /** Whether it is there, answered or not. */
  has(line: Line, id: string): Promise<boolean>;
  /** How many of a line may be taken at once over all movers; undefined: any number. */
  limit(line: Line): Promise<number | undefined>;
  setLimit(line: Line, most: number | undefined): Promise<void>;
  /** Takes the first that may be taken; undefined: there is none. */
  take(line: Line): Promise<Taken | undefined>;
  /** Doesn't wait for the server. */
  close(): Promise<void>;
}
