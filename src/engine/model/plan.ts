import type { Diagnostic, SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Address, CatalogTarget, Json, Metaparameters, Policy } from './catalog.ts';
import type { FieldChange, Id } from './resource-type.ts';

/** What will be done to one resource. The set is closed; renderings switch over it. */
export type Action =
  /** In sync. */
  | 'none'
  | 'create'
  | 'update'
  | 'delete'
  /** Only a notification reaches it. */
  | 'refresh'
  /** Can't be seen before something pending brings it; assumed absent, observed when reached. */
  | 'unknown'
  /** Could not be observed; nothing is done to it or to what depends on it. */
  | 'failed';

/** What a change does to the protection of data: recovery points, their retention, who can read them. */
export type Grade = 'strengthens' | 'neutral' | 'weakens';

export interface PlannedField extends FieldChange {
  /** Where the desired value came from. */
  at?: SourceRange;
  /** Why it differs, when that isn't visible from before and after. */
  reason?: string;
  /** Left out when neutral. */
  grade?: Grade;
  /** Its property would weaken protection: unless that is allowed it stays as it is, and the rest is done. */
  apart?: true;
  /** Hunks of a unified diff, cut to a length, of a text that before and after stand for. */
  diff?: string;
}

export interface PlannedResource {
  address: Address;
  type: string;
  title: string;
  id: Id;
  action: Action;
  /** Per-resource `noop: true`: shown, never done. */
  noop: boolean;
  /** One line: why unknown or failed, or what it follows. */
  reason?: string;
  /** Of a create, update, delete or unknown: the worst of its fields. What weakens needs `--allow`. */
  grade?: Grade;
  /** Its maintenance window is closed, or that of `by`, which it depends on. RFC 3339. */
  held?: { until: string; by?: Address };
  /**
   * In sync, or only refreshed, but it depends on something pending: once that has changed, it is observed
   * again, and what it then needs is done in the same run.
   */
  lookAgain?: true;
  fields: PlannedField[];
  /** Read-only values of the object as it is now; no part of the digest and of the fingerprint. */
  shows?: Record<string, Json>;
  /** All edges, declared and implied, also through what isn't in this plan, as addresses; sorted. */
  dependsOn: Address[];
  /** Addresses refreshed when this changes, those not in this plan by a later run; sorted. */
  notifies: Address[];
  /** Written properties, secrets as references: enough to apply from the plan alone. */
  properties: { [key: string]: Json };
  meta: Metaparameters;
  /** The selection that it came from. */
  selectedBy?: Address;
  /** What it selects, when the target couldn't be asked what that is. */
  select?: Json;
  /** What tells the real object from another of its name, where it has something like that. */
  object?: string;
  /** SHA-256 over the observed state that the decision rests on; `apply plan.json` compares it. */
  fingerprint: string;
  at: SourceRange;
}

/** One object that a selection found. */
export interface SelectedMember {
  title: string;
  /** Tells the object apart whatever it is called. */
  id: string;
  /** What manages it: a resource of the selection, or one that declares it by itself. */
  resource: Address;
}

/** What a selection stood for when the plan was made; with all that it takes to ask again. */
export interface SelectionMade {
  address: Address;
  type: string;
  title: string;
  properties: { [key: string]: Json };
  meta: Metaparameters;
  select: Json;
  /** By title. */
  members: SelectedMember[];
  /** Titles of those that weren't selected at the last apply, and of those that were and no longer are. */
  joined: string[];
  left: string[];
  at: SourceRange;
}

/** A plan is pure data, canonical and without secrets. Renderings live in `engine/render/`. */
export interface Plan {
  converge_plan: 1;
  /** Version of converge that made it. */
  engine: string;
  /** RFC 3339: when what it rests on was observed. No part of the digest. */
  now?: string;
  /** Made in a lab, and for labs only. */
  lab?: true;
  /** Which lab. No part of the digest: a plan from a file is for that lab alone. */
  lab_id?: string;
  /** Of the host that it is for, when that is Windows. */
  platform?: 'win32';
  /** Type name to type version, of the types used. */
  types: Record<string, number>;
  /** SHA-256 (hex) of the file of each type used that isn't built in: what was reviewed is what runs. */
  type_files?: Record<string, string>;
  targets: (CatalogTarget & { identity: string })[];
  /** How much it may do. */
  policy?: Policy;
  /** In dependency order, ties by address. */
  resources: PlannedResource[];
  /** What was asked of the selections; none in a plan without. */
  selections?: SelectionMade[];
  /** SHA-256 of each content source by resource address. */
  sources: Record<Address, string>;
  /** Things that were seen while planning; errors of targets that could not be observed. */
  diagnostics: Diagnostic[];
  /** SHA-256 over the canonical form without times, absolute paths and this field. */
  digest: string;
}

/** What a plan says about one resource. */
export type Verdict = { action: Action; fields: PlannedField[]; reason?: string };

/** Whether the resource is changed when the plan is applied. */
export const isPending = ({ action, noop }: PlannedResource): boolean =>
  !noop && action !== 'none' && action !== 'failed';
