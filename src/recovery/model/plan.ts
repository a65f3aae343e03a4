/** A plan of recovery as it is declared, and as the repository keeps it. */
export interface PlanProperties {
  groups: { targets: string[]; wait?: string }[];
  /** The network that a test runs in. */
  test: { subnet: string; security_group: string };
  probes?: { console?: string; within?: string };
}

/** Series of the records of a plan in its repository. */
export const SERIES = { plan: 'plan', run: 'run', stepsOf: (run: number) => `run-${run}` } as const;
