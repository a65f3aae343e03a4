import { apart, type Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { RunReport } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';

export interface Outcomes {
  /** What a command rejected with, or collected outside of plan and report. */
  diagnostics?: readonly Diagnostic[];
  plan?: Plan;
  report?: RunReport;
  /** `--detailed-exitcodes` */
  detailed?: boolean;
  interrupted?: 'SIGINT' | 'SIGTERM';
  /** A recovery point objective isn't kept. */
  breached?: boolean;
}

/**
 * 0 success; 1 the mistake is in what was given, and nothing was touched; 130/143 interrupted; these
 * stand alone. Else the sum of 2 (changes made or pending, only when `detailed`), 4 (the world, and what
 * only turned out to be wrong while the rest of the run went on), 8 (blocked), 16 (an RPO is breached).
 */
export function exitCode({
  diagnostics = [],
  plan,
  report,
  detailed = false,
  interrupted,
  breached = false,
}: Outcomes): number {
  if (interrupted) return interrupted === 'SIGINT' ? 130 : 143;
  const isGiven = ({ severity, category }: Diagnostic) => severity === 'error' && category === 'given';
  if (diagnostics.some(isGiven)) return 1;
  const fromResults = report?.results.flatMap(({ diagnostic }) => diagnostic ?? []) ?? [];
  const all = apart([
    ...diagnostics,
    ...(plan?.diagnostics ?? []),
    ...(report?.diagnostics ?? []),
    ...fromResults,
  ]);
  const errors = all.filter(({ severity }) => severity === 'error');
  const has = (category: Diagnostic['category']) => errors.some(error => error.category === category);
  const failed = report?.results.some(({ result }) => result === 'failed') ?? false;
  const world = has('world') || has('given') || (failed && !has('blocked'));
  const bits = [detailed && hasChanges(plan, report), world, has('blocked'), breached];
  return bits.reduce((sum, bit, n) => sum + (bit ? 2 ** (n + 1) : 0), 0);
}

function hasChanges(plan: Plan | undefined, report: RunReport | undefined): boolean {
  if (report)
    return report.results.some(
      ({ result }) =>
        result === 'changed' || result === 'refreshed' || result === 'noop' || result === 'held',
    );
  return plan?.resources.some(({ action }) => action !== 'none' && action !== 'failed') ?? false;
}
