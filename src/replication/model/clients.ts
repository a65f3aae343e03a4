import type { SecretRef } from '../../engine/model/catalog.ts';
import type { WrittenLock } from './object-lock.ts';
import type { BundleContent } from './point-writer.ts';
import type { Repository } from './repository.ts';
import type { RepositoryUrl } from './repository-url.ts';

/** A repository as a manifest names it. */
export interface RepositoryRef {
  url: RepositoryUrl;
  /** Name of the target that gives access to it, where there are several. */
  target?: string;
  /** Name of the target that may delete; only `converge prune` uses it. */
  pruner?: string;
  /** Name of the target that may lengthen locks; only `converge repository extend-locks` uses it. */
  extender?: string;
  /** How what cycles write is locked; it isn't when left out. */
  lock?: WrittenLock;
  /** Key of an encrypted repository. */
  key?: SecretRef;
}

/** What earlier runs from one state folder learnt of a repository. */
export interface KnownRepository extends RepositoryRef {
  id: string;
  /** Whether its store was seen to honour conditions. */
  proven?: true;
  /** Highest generation that was seen, by UUID of the VM. */
  generations: Record<string, number>;
}

/**
 * The repositories that a state folder knows, by URL. A repository that is gone, or whose points are, can
 * only be told from a new one by whoever has seen it. Losing this costs that knowledge, never work.
 */
export interface KnownRepositories {
  at(url: RepositoryUrl): Promise<KnownRepository | undefined>;
  all(): Promise<KnownRepository[]>;
  /** Durable when it resolves. Another id than before begins a new record. */
  note(
    ref: RepositoryRef,
    seen: { id: string; proven?: true; generations?: Record<string, number> },
  ): Promise<void>;
}

/** Opens repositories by reference. */
export interface Repositories {
  readonly known: KnownRepositories;
  /** Why `open` to read gave nothing: the bucket that it would be in isn't there either. */
  isBucketMissing(ref: RepositoryRef): boolean;
  /**
   * `read`: undefined when the repository, or the bucket it would be in, isn't there yet. `create`: made
   * when it isn't there; the bucket must be.
   */
  open(ref: RepositoryRef, mode: 'read' | 'create'): Promise<Repository | undefined>;
}

/** What the repository keeps of the manifests, by what those of this run declare. */
export interface Bundles {
  /** What is stored beside a point for the recovery of its VM. */
  of(vm: { name: string; uuid: string }): BundleContent;
  /** What is stored with a recovery plan; undefined where a run wasn't given the manifests. */
  ofPlan(title: string): object | undefined;
  /** SHA-256 in hex of what one that was stored says about the plan; undefined of what is of no use. */
  digestOf(stored: unknown, title: string): string | undefined;
}

/**
 * Content source of a run, no path on any system: what its manifests say about the recovery plan of this
 * title, without where they say it.
 */
export const planSource = (title: string): string => `${PLAN_SOURCE}${title}`;
export const PLAN_SOURCE = '\0recovery_plan ';

declare module '../../engine/model/io.ts' {
  interface Clients {
    bundles: Bundles;
    repositories: Repositories;
  }
}
