import type { CloudImage } from './machines.ts';

/**
 * Images that a recovered disk takes its licence from, and one of a Linux. All calls may reject with a
 * Failure.
 */
export interface ShellCloud {
  /** Amazon's own available images of Windows, whose name fits one of the patterns. */
  stock(patterns: readonly string[], signal?: AbortSignal): Promise<CloudImage[]>;
  /** Id of Amazon's newest Linux of x86-64, as the region says it; undefined where it says none. */
  newestLinux(signal?: AbortSignal): Promise<string | undefined>;
  /** One image; undefined when it is gone. */
  image(id: string, signal?: AbortSignal): Promise<CloudImage | undefined>;
  /** An image with the snapshots that it alone has. One that is gone already is success. */
  remove(image: string, signal?: AbortSignal): Promise<void>;
  /** Gives something tags. */
  tag(id: string, tags: Record<string, string>, signal?: AbortSignal): Promise<void>;
}
