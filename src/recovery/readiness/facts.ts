import type { Point } from '../../replication/model/point.ts';
import type { License } from '../target/billing.ts';
import type { DiskFacts } from './disk-facts.ts';

/** All that is known of one target before anybody judges it. Plain data. */
export interface Facts {
  /** `recovery_target:web01`. */
  address: string;
  /** Milliseconds since the epoch: what ages are counted to. */
  now: number;
  license?: License;
  /** An import is to put in what `fast` needs; left out: `fast`. */
  method?: 'fast' | 'auto' | 'convert' | 'raw';
  /** The newest point that can be read. */
  point?: Point;
  /** Why this may not be its newest. */
  doubt?: string;
  /** Why there is no point to be looked at. */
  noPoint?: { why: string; wayOut: string };
  /** What the disks of the point say, by their index. */
  disks: Readonly<Record<number, DiskFacts | { unread: string }>>;
  /** What EC2 answered. */
  cloud: CloudFact[];
}

/** One question to EC2 and what came of it. */
export interface CloudFact {
  what: string;
  /** Undefined: it could not be asked. */
  holds?: boolean;
  why: string;
  wayOut?: string;
}

export type Verdict = 'ready' | 'not ready' | 'unknown';

/**
 * Where a fact is from: bytes of the newest point, its record of the machine, what the guest wrote, or
 * what EC2 answered just now.
 */
export type Source = 'disk' | 'machine' | 'guest' | 'EC2';

export interface Finding {
  address: string;
  what: string;
  verdict: Verdict;
  why: string;
  source: Source;
  /** Milliseconds since the fact was so; undefined for what was asked just now. */
  age?: number;
  way_out?: string;
}

export interface Readiness {
  address: string;
  verdict: Verdict;
  /** Which way into EC2 the facts leave, and why. */
  method: { name: 'fast' | 'convert' | 'none' | 'unknown'; why: string };
  findings: Finding[];
}
