/**
 * What `converge bump` announces to the agents of an environment. It can only make them apply what
 * is signed, so it needs no signature of its own.
 */
export interface Rollout {
  converge_rollout: 1;
  id: string;
  environment: string;
  /** RFC 3339, UTC. */
  started: string;
  state: 'running' | 'halted' | 'done';
  /** Every instance whose turn has come, in order. */
  instances: string[];
  /** Those that failed it, with why, in one line without secrets; left out when none did. */
  failed?: { instance: string; why: string }[];
}

/** How many of them are kept, and characters of one reason: the object is small, and read by every agent. */
const mostFailed = 100;
const longestWhy = 300;

/** The same rollout with the instances that failed it. */
export const withFailed = (
  rollout: Rollout,
  failed: readonly { instance: string; why: string }[],
): Rollout =>
  failed.length === 0
    ? rollout
    : {
        ...rollout,
        failed: failed
          .slice(0, mostFailed)
          .map(({ instance, why }) => ({ instance, why: why.slice(0, longestWhy) })),
      };

export const rolloutKey = (environment: string): string => `${environment}.rollout`;

/** The rollout that some bytes hold; undefined when they hold something else. */
export function parseRollout(bytes: Buffer): Rollout | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Partial<Rollout> | null;
    const isOne =
      value?.converge_rollout === 1 &&
      typeof value.id === 'string' &&
      typeof value.environment === 'string' &&
      typeof value.started === 'string' &&
      (value.state === 'running' || value.state === 'halted' || value.state === 'done') &&
      Array.isArray(value.instances) &&
      value.instances.every(one => typeof one === 'string') &&
      (value.failed === undefined || (Array.isArray(value.failed) && value.failed.every(isFailed)));
    return isOne ? (value as Rollout) : undefined;
  } catch {
    return undefined;
  }
}

const isFailed = (one: unknown): boolean =>
  typeof (one as { instance?: unknown } | null)?.instance === 'string' &&
  typeof (one as { why?: unknown } | null)?.why === 'string';

/** Whether an instance has yet to do what a rollout asks of it. */
export const isMyTurn = (rollout: Rollout, instance: string, lastDone: string | undefined): boolean =>
  rollout.state === 'running' && rollout.id !== lastDone && rollout.instances.includes(instance);

/**
 * Instances in waves of `batch` (a number, or a share such as `25%`, rounded up); the first wave is
 * one instance, so that a bad change meets one machine first. Undefined for a batch that is neither.
 */
export function wavesOf(instances: readonly string[], batch: string): string[][] | undefined {
  const match = /^([1-9]\d*)(%?)$/.exec(batch.trim());
  if (!match || (match[2] && Number(match[1]) > 100)) return undefined;
  const size = match[2] ? Math.ceil((instances.length * Number(match[1])) / 100) : Number(match[1]);
  const waves: string[][] = [];
  for (let at = 0; at < instances.length; ) {
    const take = at === 0 ? 1 : size;
    waves.push(instances.slice(at, at + take));
    at += take;
  }
  return waves;
}
