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

/** A plan of recovery as it is declared, and as the repository keeps it. */
export interface PlanProperties {
  groups: { targets: string[]; wait?: string }[];
  /** The network that a test runs in. */
  test: {
    subnet: string;
    /** Subnets of the same VPC that are tried after it. */
    fallback?: { subnets: string[] };
    security_group: string;
    /** How long a test may stand. */
    hours?: number;
    /** ARN of the role that ends it then, or `none`. */
    teardown: string;
  };
  probes?: ProbeProperties[];
  /** Manifests that a recovered machine converges itself by; a path from the file that declares the plan. */
  post_launch?: string;
}

/** Series of the records of a plan in its repository. */
export const SERIES = {
  plan: 'plan',
  run: 'run',
  stepsOf: (run: number) => `run-${run}`,
  picturesOf: (run: number) => `pictures-${run}`,
} as const;
