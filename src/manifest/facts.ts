import type { Json } from '../engine/catalog.ts';

/** One read-only value about where the run happens. */
export interface Fact {
  /** One line for people. */
  doc: string;
  /** Asked at most once, and only when an expression or `converge facts` uses it. */
  read(): Json | Promise<Json>;
}

/**
 * The facts of a host by name. The compiler doesn't look at the host itself: with the lab these are the
 * lab's. A fact of an instance (instance metadata, Beanstalk) is one more entry with a `read` that waits.
 */
export type Facts = ReadonlyMap<string, Fact>;
