import type { Clock, Random } from '../../io/ports.ts';
import type { VaultFile } from './vault.ts';

/** What an operation works on. */
export interface Account {
  vault: VaultFile;
  region: string;
  /** Twelve digits. */
  account: string;
  clock: Clock;
  random: Random;
}

/** Operations of a JSON service by name: input to output. They throw ApiError. */
export type Operations = Record<
  string,
  (input: Readonly<Record<string, unknown>>, account: Account) => Promise<object>
>;
