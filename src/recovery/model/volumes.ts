/** What putting recovered disks into an instance needs of the cloud. All calls may reject with a Failure. */

export interface CloudVolume {
  id: string;
  /** `creating`, `available`, `in-use`, `deleting`, `error`. */
  state: string;
  zone: string;
  gib: number;
  encrypted: boolean;
  tags: Record<string, string>;
}

/** How far an exchange of a root volume is. Source: API reference, ReplaceRootVolumeTask, TaskState. */
export type RootTask = 'pending' | 'in-progress' | 'failing' | 'succeeded' | 'failed' | 'failed-detached';

export interface VolumeCloud {
  list(tags: Record<string, string>, signal?: AbortSignal): Promise<CloudVolume[]>;
  /** Those that are attached to an instance, whatever their tags. */
  attached(instance: string, signal?: AbortSignal): Promise<CloudVolume[]>;
  /** The same token gives the same volume again. */
  create(
    wanted: {
      snapshot: string;
      zone: string;
      encrypted: boolean;
      token: string;
      tags: Record<string, string>;
    },
    signal?: AbortSignal,
  ): Promise<string>;
  attach(volume: string, instance: string, device: string, signal?: AbortSignal): Promise<void>;
  detach(volume: string, instance: string, signal?: AbortSignal): Promise<void>;
  /** One that is gone already is success. */
  remove(volume: string, signal?: AbortSignal): Promise<void>;
  /** Has the volumes at these devices end with the instance, or outlive it. */
  endWith(instance: string, devices: readonly string[], ends: boolean, signal?: AbortSignal): Promise<void>;
  /** Puts a volume in the place of the root of a running instance, whose old root is deleted. */
  replaceRoot(
    wanted: { instance: string; volume: string; token: string; tags: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<void>;
  /** How far the newest exchange of its root is; undefined when there was none. */
  rootTask(instance: string, signal?: AbortSignal): Promise<RootTask | undefined>;
}
