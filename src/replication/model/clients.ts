import type { SecretRef } from '../../engine/model/catalog.ts';
import type { Repository } from './repository.ts';

/** A repository as a manifest names it. */
export interface RepositoryRef {
  /** `s3://bucket/prefix` or `file:///folder`. */
  url: string;
  /** Name of the target that gives access to it, where there are several. */
  target?: string;
  /** Key of an encrypted repository. */
  key?: SecretRef;
}

/** Opens repositories by reference. */
export interface Repositories {
  /**
   * `read`: undefined when the repository, or the bucket it would be in, isn't there yet. `create`: made
   * when it isn't there; the bucket must be.
   */
  open(ref: RepositoryRef, mode: 'read' | 'create'): Promise<Repository | undefined>;
}

declare module '../../engine/model/io.ts' {
  interface Clients {
    repositories: Repositories;
  }
}
