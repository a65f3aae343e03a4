import type { CatalogResource, CatalogTarget, Policy } from '../engine/catalog.ts';
import type { AnyResourceType } from '../engine/resource-type.ts';

/** A resource as read from one file; `valid` tells whether it has no mistake so far. */
export interface DeclaredResource {
  resource: CatalogResource;
  type: AnyResourceType;
  valid: boolean;
}

/** What the manifests of a run declare, before the parts are tied together. */
export interface Declarations {
  resources: DeclaredResource[];
  targets: CatalogTarget[];
  policy?: Policy;
  /** Addresses that a mistake elsewhere keeps from existing: referring to one is no second mistake. */
  spoiled: Set<string>;
  /** Something could not be read at all, so what seems to be missing may be there. */
  incomplete: boolean;
}
