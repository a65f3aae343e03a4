import type { CommonOptions } from '../options.ts';

/** Options of whatever makes this instance what the bucket says. */
export interface SelfOptions extends CommonOptions {
  self?: string;
  trust?: string[];
  insecureUnsigned?: boolean;
  onUnreachable?: 'last-known-good' | 'fail';
  log?: string;
}
