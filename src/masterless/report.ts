/** What one instance says of its last run, under its own prefix of the bucket. */
export interface InstanceReport {
  converge_report: 1;
  instance: string;
  environment: string;
  /** Of converge. */
  version: string;
  /** RFC 3339, UTC. */
  finished: string;
  /** `apply --self` from a deployment or by hand, or the agent's. */
  trigger: 'apply' | 'agent';
  /** Id of the rollout that asked for this run. */
  rollout?: string;
  content?: {
    name: string;
    sha256: string;
    /** Left out when it was taken unsigned. */
    sequence?: number;
    from: 's3' | 'last-known-good';
  };
  result: 'converged' | 'failed';
  changed: number;
  /** Why it failed: one line per resource or refusal, without secrets. At most 20. */
  failures: string[];
}

export const reportPrefix = (environment: string): string => `reports/${environment}/`;

/**
 * Where an instance writes. Its policy can name no instance id, but it can name `${aws:userid}`,
 * which for an instance profile is `ROLE-ID:INSTANCE-ID` (IAM user guide, policy variables).
 */
export const reportKey = (environment: string, userId: string): string =>
  `${reportPrefix(environment)}${userId}.json`;

/** The report that some bytes hold; undefined when they hold something else. */
export function parseReport(bytes: Buffer): InstanceReport | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Partial<InstanceReport> | null;
    const isOne =
      value?.converge_report === 1 &&
      [value.instance, value.environment, value.version, value.finished].every(t => typeof t === 'string') &&
      (value.result === 'converged' || value.result === 'failed') &&
      Array.isArray(value.failures);
    return isOne ? (value as InstanceReport) : undefined;
  } catch {
    return undefined;
  }
}
