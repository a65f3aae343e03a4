/**
 * Who ends a test when nobody does: entries of a scheduler that ends instances by their tag, so that one can
 * be made before there is any instance. `src/aws/recovery` implements it over EventBridge Scheduler and SSM
 * Automation. All calls may reject with a Failure.
 */

export interface TeardownEntry {
  name: string;
  /** When it fires, milliseconds since the epoch; undefined for one that fires otherwise. */
  at?: number;
  /** Instances with this tag are ended; undefined for an entry that does something else. */
  tag?: { key: string; value: string };
}

export interface NewTeardown {
  name: string;
  at: number;
  /** ARN of the role that the entry acts with. */
  role: string;
  tag: { key: string; value: string };
  /** The same token with the same values is the same entry. */
  token: string;
}

export interface TeardownCloud {
  /** Entries whose names begin so. One that fired is gone. */
  list(prefix: string, signal?: AbortSignal): Promise<TeardownEntry[]>;
  /** False when there is another one of that name. */
  create(wanted: NewTeardown, signal?: AbortSignal): Promise<boolean>;
  /** One that is gone already is success. */
  remove(name: string, signal?: AbortSignal): Promise<void>;
}
