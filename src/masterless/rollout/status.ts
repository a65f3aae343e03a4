import type { Told } from '../reports/read-reports.ts';
import type { InstanceReport } from '../reports/report.ts';
import type { Rollout } from './rollout.ts';

/** One line of `rollout status`: what is known of one instance. */
export interface InstanceStatus {
  instance: string;
  /** `gone`: it reported, and is no longer among the environment's instances. */
  state: 'converged' | 'failed' | 'silent' | 'waiting' | 'gone';
  report?: InstanceReport;
  /** Why the last rollout counted it as failed, whatever it reported: it may have got well since. */
  failedRollout?: string;
  /** Milliseconds since the report. */
  age?: number;
}

/**
 * Joins what EC2 says there is with what the instances said about themselves. `silent` is an instance
 * that never reported, not since the last rollout that told it to apply, or not for longer than
 * `silentAfter` ms; `waiting` one whose turn in a running rollout has come or will come.
 */
export function fleetStatus(
  running: readonly string[],
  told: ReadonlyMap<string, Told>,
  rollout: Rollout | undefined,
  { now, silentAfter = Number.POSITIVE_INFINITY }: { now: number; silentAfter?: number | undefined },
): InstanceStatus[] {
  const stateOf = (instance: string, { report, written }: Told, age: number): InstanceStatus['state'] => {
    if (!running.includes(instance)) return 'gone';
    if (age > silentAfter) return 'silent';
    const wasFailed = rollout?.failed?.some(one => one.instance === instance) ?? false;
    // What it reported of the rollout didn't count: EC2 or the load balancer had another opinion.
    if (rollout && report.rollout === rollout.id && wasFailed) return 'failed';
    if (!rollout || report.rollout === rollout.id) return report.result;
    if (rollout.state === 'running') return 'waiting';
    // It may have taken newer content since, of its own accord.
    const wasTold = rollout.instances.includes(instance) && written < Date.parse(rollout.started);
    return wasTold ? 'silent' : report.result;
  };
  return [...new Set([...running, ...told.keys()])].sort().map(instance => {
    const last = told.get(instance);
    const why = rollout?.failed?.find(one => one.instance === instance)?.why;
    const failedRollout = why === undefined ? {} : { failedRollout: why };
    if (!last) return { instance, state: 'silent', ...failedRollout };
    const age = Math.max(0, now - last.written);
    return { instance, state: stateOf(instance, last, age), report: last.report, age, ...failedRollout };
  });
}
