import type { InstanceReport } from './report.ts';
import type { Rollout } from './rollout.ts';

/** One line of `rollout status`: what is known of one instance. */
export interface InstanceStatus {
  instance: string;
  /** `gone`: it reported, and is no longer among the environment's instances. */
  state: 'converged' | 'failed' | 'silent' | 'waiting' | 'gone';
  report?: InstanceReport;
  /** Milliseconds since the report. */
  age?: number;
}

/**
 * Joins what EC2 says there is with what the instances said of themselves. `silent` is an instance
 * that never reported, or not for longer than `silentAfter` ms; `waiting` one whose turn in a running
 * rollout has come or will come.
 */
export function fleetStatus(
  running: readonly string[],
  reports: readonly InstanceReport[],
  rollout: Rollout | undefined,
  { now, silentAfter }: { now: number; silentAfter: number },
): InstanceStatus[] {
  const newest = new Map<string, InstanceReport>();
  for (const report of reports) {
    const known = newest.get(report.instance);
    if (!known || Date.parse(known.finished) < Date.parse(report.finished))
      newest.set(report.instance, report);
  }
  const gone = [...newest.keys()].filter(instance => !running.includes(instance));
  return [...running, ...gone].sort().map(instance => {
    const report = newest.get(instance);
    if (!report) return { instance, state: 'silent' };
    const age = now - Date.parse(report.finished);
    const state = gone.includes(instance)
      ? 'gone'
      : rollout?.state === 'running' && report.rollout !== rollout.id
        ? 'waiting'
        : age > silentAfter
          ? 'silent'
          : report.result;
    return { instance, state, report, age };
  });
}
