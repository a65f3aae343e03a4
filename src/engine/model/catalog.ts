import type { Diagnostic, SourceRange } from '../../diagnostics/diagnostic.ts';

/** JSON values as they stand in a manifest after scalar resolution. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A secret by name: stays a reference everywhere but in the hands of the call that needs it. */
export interface SecretRef {
  /** `env:NAME`, `file:PATH`, `ssm:NAME`, `secretsmanager:NAME` or `secretsmanager:NAME#KEY`. */
  $secret: string;
}
export const isSecretRef = (value: unknown): value is SecretRef =>
  typeof value === 'object' && value !== null && typeof (value as SecretRef).$secret === 'string';

/** `type:title`; split at the first colon. */
export type Address = string;

/** Engine-owned keys that work today; the reserved ones are in `manifest/metaparameters.ts`. */
export interface Metaparameters {
  ensure: 'present' | 'absent';
  require: Reference[];
  before: Reference[];
  notify: Reference[];
  subscribe: Reference[];
  noop: boolean;
  labels: string[];
  /** Name of the target the resource lives on; absent for host types. */
  target?: string;
  /** Not deleted or weakened without `--allow`. */
  protect?: boolean;
  /** When it may be changed; any time when left out. */
  window?: Window;
  /** Milliseconds that one observation, change or refresh may take. */
  timeout?: number;
  /** How often a change or refresh is tried again whose type says that it may be; `wait` in ms before the first time. */
  retry?: { attempts: number; wait?: number };
}

/** A maintenance window: on these days, from one time of day to the other, which may be on the next day. */
export interface Window {
  /** `mon` .. `sun`: the days on which it begins; every day when left out. */
  days?: string[];
  /** `HH:MM`. */
  from: string;
  to: string;
  /** IANA name; UTC when left out. */
  timezone?: string;
}

/** How much one plan may do; a plan that does more is refused as a whole. */
export interface Policy {
  max_changes?: number;
  max_deletes?: number;
}

export interface Reference {
  address: Address;
  at: SourceRange;
}

/** One declared thing, validated, with the place of every value. */
export interface CatalogResource {
  address: Address;
  type: string;
  title: string;
  /** As written, scalars by schema, secrets as SecretRef, defaults of the schema NOT filled in. */
  properties: { [key: string]: Json };
  meta: Metaparameters;
  /** Where the title stands. */
  at: SourceRange;
  /** Of one that stands for many objects, until a plan puts a resource for each in its place. */
  select?: Json;
  /** The selection that this one came from. */
  selectedBy?: Address;
  /** Why it can't be known which objects it stands for. */
  fault?: Diagnostic;
  /** JSON pointer below the properties (`/lifecycle/0/days`) to where its value stands. */
  places: Map<string, SourceRange>;
}

export interface CatalogTarget {
  name: string;
  /** Target kind: `vsphere`, `aws`. */
  type: string;
  properties: { [key: string]: Json };
  at: SourceRange;
}

/** The compiled, flat, validated list of resources. Order is file order, then line order. */
export interface Catalog {
  resources: CatalogResource[];
  targets: CatalogTarget[];
  policy?: Policy;
  /** Of the host that the manifests require; left out when none says. */
  platform?: NodeJS.Platform;
  /** File name to text, for showing the line of an error. */
  sources: Map<string, string>;
}
