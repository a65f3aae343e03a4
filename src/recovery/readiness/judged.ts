import type { Finding } from './facts.ts';

/** A finding before it has an address and an age. */
export interface Judged extends Pick<Finding, 'what' | 'verdict' | 'why' | 'source'> {
  wayOut?: string;
  /** When it is not ready: which way into EC2 that closes. */
  blocks?: 'all' | 'fast' | 'convert';
}
