import type { DnsProperties } from './dns.ts';

/** What tells that a machine is well: `status` is EC2's own two checks. */
export const PROBES = ['status', 'console', 'picture', 'tcp', 'http'] as const;

/** A probe as a plan declares it; which of the properties goes with which kind `probes.ts` says. */
export interface ProbeProperties {
  probe: (typeof PROBES)[number];
  /** Titles of targets; all of the plan when left out. */
  targets?: string[];
  within?: string;
  text?: string;
  port?: number;
  path?: string;
  status?: number;
  contains?: string;
}

/** Manifests that recovered machines converge themselves by. */
export interface PostLaunchProperties {
  /** A path from the file that declares the plan. */
  manifests: string;
  /** Titles of targets; all of the plan when left out. */
  targets?: string[];
  within?: string;
  /** The machine says what it would change, and changes nothing. */
  noop?: boolean;
}

/** A plan of recovery as it is declared, and as the repository keeps it. */
export interface PlanProperties {
  groups: { targets: string[]; wait?: string }[];
  /** The network that a test runs in. */
  test: {
    /** Title of an `isolated_network`, in the place of the ids that follow. */
    network?: string;
    subnet?: string;
    /** Subnets of the same VPC that are tried after it. */
    fallback?: { subnets: string[] };
    security_group?: string;
    /** Most instances that it may have at a time. */
    instances?: number;
    /** A machine of the test's network that probes the others. */
    prober?: { image?: string; type?: string };
    /** How long a test may stand. */
    hours?: number;
    /** ARN of the role that ends it then, or `none`. */
    teardown: string;
    /** When an agent rehearses it: an interval, or the calendar. */
    schedule?: string;
    /** That of the times in `schedule`, an IANA name. */
    timezone?: string;
  };
  probes?: ProbeProperties[];
  post_launch?: PostLaunchProperties[];
  /** Records that a failover switches. */
  dns?: DnsProperties[];
}

/**
 * One version of a plan in its repository. `at`: when it was applied, milliseconds since the epoch; `bundle`:
 * what a recovery by it needs of the manifests. Those of older versions have neither.
 */
export type PlanVersion = { at?: number } & ((PlanProperties & { bundle?: object }) | { removed: true });

/** Series of the records of a plan in its repository. */
export const SERIES = {
  plan: 'plan',
  run: 'run',
  stepsOf: (run: number) => `run-${run}`,
  picturesOf: (run: number) => `pictures-${run}`,
} as const;
