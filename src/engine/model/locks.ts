import type { Id } from './resource-type.ts';

/** What one run at a time may change: this host, or one object that lives elsewhere. */
export type Guarded = 'host' | { /** Identity of its target. */ target: string; type: string; id: Id };

export interface TakenLock {
  /** Another run had it first, and may have changed what it guards. */
  waited: boolean;
  release(): Promise<void>;
}

/**
 * The locks of this machine. Between machines, a VM's lease and the revisions of other objects do the same.
 */
export interface Locks {
  /**
   * Waits as long as the user allows. Rejects with a Failure (blocked) that names the holder, or with the
   * signal's reason. Whoever holds a lock must not wait for another.
   */
  take(guarded: Guarded, signal: AbortSignal): Promise<TakenLock>;
}
