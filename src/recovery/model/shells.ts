import type { CloudImage } from './machines.ts';

/** Images that a recovered disk takes its licence from. All calls may reject with a Failure. */
export interface ShellCloud {
  /** Amazon's own available images of Windows, whose name fits one of the patterns. */
  stock(patterns: readonly string[], signal?: AbortSignal): Promise<CloudImage[]>;
  /** Amazon's newest available image of x86-64 whose name fits; undefined when there is none. */
  newest(pattern: string, signal?: AbortSignal): Promise<CloudImage | undefined>;
  /** One image; undefined when it is gone. */
  image(id: string, signal?: AbortSignal): Promise<CloudImage | undefined>;
  /** An image with the snapshots that it alone has. One that is gone already is success. */
  remove(image: string, signal?: AbortSignal): Promise<void>;
  /** Gives something tags. */
  tag(id: string, tags: Record<string, string>, signal?: AbortSignal): Promise<void>;
}
