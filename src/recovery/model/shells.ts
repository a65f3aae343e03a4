import type { CloudImage } from './machines.ts';

/** An import of an image that is under way, or was. */
export interface ImportTask {
  id: string;
  /** `active`, `completed`, `deleting` and `deleted` of one that failed. */
  state: string;
  /** What EC2 says about it: the phase, or why it failed. */
  message: string;
  image?: string;
}

/** Images that a recovered disk takes its licence from. All calls may reject with a Failure. */
export interface ShellCloud {
  /** Amazon's own available images of Windows, whose name fits one of the patterns. */
  stock(patterns: readonly string[], signal?: AbortSignal): Promise<CloudImage[]>;
  /** Amazon's newest available image of x86-64 whose name fits; undefined when there is none. */
  newest(pattern: string, signal?: AbortSignal): Promise<CloudImage | undefined>;
  /** One image; undefined when it is gone. */
  image(id: string, signal?: AbortSignal): Promise<CloudImage | undefined>;
  /** Begins to make an image of the snapshot of a root disk; the same token gives the same import again. */
  startImport(
    wanted: {
      snapshot: string;
      bootMode: 'legacy-bios' | 'uefi';
      license: 'AWS' | 'BYOL';
      description: string;
      token: string;
      tags: Record<string, string>;
    },
    signal?: AbortSignal,
  ): Promise<string>;
  importTask(id: string, signal?: AbortSignal): Promise<ImportTask | undefined>;
  /** An image with the snapshots that it alone has. One that is gone already is success. */
  remove(image: string, signal?: AbortSignal): Promise<void>;
  /** Gives something tags. */
  tag(id: string, tags: Record<string, string>, signal?: AbortSignal): Promise<void>;
}
