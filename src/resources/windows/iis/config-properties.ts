import type { SecretRef } from '../../../engine/model/catalog.ts';
import type { Rows, WrittenRow } from '../../../windows/iis/config-rows.ts';

/** As written. */
export interface ConfigProperties {
  path?: string;
  section?: string;
  commit?: 'apphost' | 'site' | 'app';
  attributes?: Record<string, string | number | boolean | SecretRef>;
  items?: WrittenRow[];
  collections?: Record<string, WrittenRow[]>;
  key?: string[];
  mode?: 'exact' | 'at_least';
  unlock?: boolean;
}

/** Rows by what tells them apart; the section's own ones are `items`. */
export interface ConfigState {
  attributes?: Record<string, string | SecretRef>;
  items?: Rows;
  collections?: Record<string, Rows>;
  unlocked?: boolean;
}
