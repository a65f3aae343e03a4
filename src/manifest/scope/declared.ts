import type { SourceRange } from '../../diagnostics/diagnostic.ts';
import type {
  Address,
  CatalogResource,
  CatalogTarget,
  Json,
  Metaparameters,
  Policy,
} from '../../engine/model/catalog.ts';
import type { AnyResourceType } from '../../engine/model/resource-type.ts';
import type { Trace } from './scope.ts';

/** A resource as read from one file; `valid` tells whether it has no mistake so far. */
export interface DeclaredResource {
  resource: CatalogResource;
  type: AnyResourceType;
  valid: boolean;
  /** For one that can't be read whole: where not, and what it may be meant to say, see `amends`. */
  broken?: { at: ReadonlySet<string>; meant: { [key: string]: Json }[] };
  /** The module use that it is inside of, '' outside: its references are looked for there first. */
  module: Address;
  /** Metaparameters of the module uses around it, and where their references are looked for. */
  inherited: { meta: Metaparameters; module: Address }[];
  /** How computed values came about, by JSON pointer below the properties. */
  traces: Map<string, Trace>;
}

/** What the manifests of a run declare, before the parts are tied together. */
export interface Declarations {
  resources: DeclaredResource[];
  targets: CatalogTarget[];
  policy?: Policy;
  /** Addresses that a mistake elsewhere keeps from existing: referring to one is not a second mistake. */
  spoiled: Set<string>;
  /** Uses of modules, and the addresses of all resources inside. */
  uses: Map<Address, { at: SourceRange; members: Address[] }>;
  /** What `when` leaves out, resources and uses of modules. */
  leftOut: Map<Address, SourceRange>;
  /** Mistakes inside modules that were told for another use. */
  told: Set<string>;
  /** Something could not be read at all, so what seems to be missing may be there. */
  incomplete: boolean;
}
