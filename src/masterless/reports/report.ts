import { printable } from '../../diagnostics/text-width.ts';

/** What one instance says about its last run, under its own prefix of the bucket. */
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

/** The instance that alone can write this key, by its policy; undefined for a key that is not a report's. */
export const reporterOf = (environment: string, key: string): string | undefined =>
  key.startsWith(reportPrefix(environment))
    ? /^[^/]+:(i-[0-9a-f]+)\.json$/.exec(key.slice(reportPrefix(environment).length))?.[1]
    : undefined;

/** Characters of one text, and how many failures: whoever wrote a report may mean ill. */
const longest = 500;
const mostFailures = 20;

const text = (value: string): string => printable(value.slice(0, longest));

/**
 * The report that some bytes hold; undefined when they hold something else. Only what is known of a
 * report is taken, cut to size and without control characters.
 */
export function parseReport(bytes: Buffer): InstanceReport | undefined {
  let value: Partial<InstanceReport> | null;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const isOne =
    value?.converge_report === 1 &&
    [value.instance, value.environment, value.version, value.finished].every(t => typeof t === 'string') &&
    (value.result === 'converged' || value.result === 'failed') &&
    Array.isArray(value.failures) &&
    value.failures.every(one => typeof one === 'string');
  if (!isOne) return undefined;
  const { instance, environment, version, finished, rollout, changed, failures } = value as InstanceReport;
  const content = contentOf(value?.content);
  return {
    converge_report: 1,
    instance: text(instance),
    environment: text(environment),
    version: text(version),
    finished: text(finished),
    trigger: value?.trigger === 'agent' ? 'agent' : 'apply',
    ...(typeof rollout === 'string' && { rollout: text(rollout) }),
    ...(content && { content }),
    result: (value as InstanceReport).result,
    changed: Number.isSafeInteger(changed) && changed > 0 ? changed : 0,
    failures: failures.slice(0, mostFailures).map(text),
  };
}

function contentOf(value: unknown): InstanceReport['content'] {
  const { name, sha256, sequence, from } = (value ?? {}) as Partial<NonNullable<InstanceReport['content']>>;
  if (typeof name !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    return undefined;
  return {
    name: text(name),
    sha256,
    ...(typeof sequence === 'number' && Number.isSafeInteger(sequence) && { sequence }),
    from: from === 'last-known-good' ? from : 's3',
  };
}
