import type { Diagnostic, SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Metaparameters } from './metaparameters.ts';

/** JSON values as they are in a manifest after scalar resolution. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A secret by name: stays a reference everywhere but in the hands of the call that needs it. */
export interface SecretRef {
  /**
   * `env:NAME`, `file:PATH`, `credential:NAME`, `ssm:NAME`, `secretsmanager:NAME` or
   * `secretsmanager:NAME#KEY`.
   */
  $secret: string;
}
export const isSecretRef = (value: unknown): value is SecretRef =>
  typeof value === 'object' && value !== null && typeof (value as SecretRef).$secret === 'string';

/** `type:title`; split at the first colon. */
export type Address = string;

export type { Metaparameters } from './metaparameters.ts';
/** A maintenance window: on these days, from one time of day to the other, which may be on the next day. */
export interface Window {
  /** Names of the days on which it begins, "monday"; every day when left out. */
  days?: string[];
  /** Times of day, "22:30". */
  from: string;
  to: string;
  /** Name of a time zone, "Europe/Berlin". */
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

/**
 * Manifests of another machine that a resource names, as they are now: carried along, and applied by that
 * machine alone.
 */
export interface NestedManifests {
  /** Of the resource, and the JSON pointer below its properties to where they are named. */
  address: Address;
  pointer: string;
  /** SHA-256 of all files, in hex. */
  digest: string;
  /** By clean path, `/` between parts. */
  files: ReadonlyMap<string, Uint8Array>;
  /** That they name, and which resource of theirs does. */
  secrets: { ref: SecretRef; by: Address; at: SourceRange }[];
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
  /** Left out when no resource names any. */
  nested?: NestedManifests[];
}
