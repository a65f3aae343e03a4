import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { apply as applyPlan } from '../engine/apply/apply.ts';
import { guardsOf } from '../engine/guard/guards.ts';
import type { CatalogTarget } from '../engine/model/catalog.ts';
import type { RunContent, RunReport } from '../engine/model/events.ts';
import type { Plan } from '../engine/model/plan.ts';
import { type Run, startRun } from '../engine/model/run.ts';
import { requireDigest } from '../engine/plan/plan-digest.ts';
import { exitCode } from '../engine/report/exit-code.ts';
import { writeReport } from '../engine/report/report.ts';
import type { Context } from './app-context.ts';
import type { Session } from './open-session.ts';
import type { RunReporter } from './reporter.ts';

/** What to apply: manifests to plan now, or a plan that was made before. */
export type Source = {
  targets: CatalogTarget[];
  platform?: NodeJS.Platform | undefined;
  plan(run: Run): Promise<Plan>;
};

export interface RunOptions {
  noop?: boolean;
  digest?: string;
  allow?: string[];
  detailedExitcodes?: boolean;
}

/** How a run ended. */
export interface Applied {
  /** Exit code. */
  code: number;
  report: RunReport;
  diagnostics: Diagnostic[];
}

/**
 * Plans, shows, applies and reports.
 * @param content what the run report says of content that didn't come from this machine
 */
export async function runApply(
  session: Session,
  context: Context,
  source: Source,
  { noop = false, allow = [], digest, detailedExitcodes: detailed = false }: RunOptions,
  reporter: RunReporter,
  content?: RunContent,
): Promise<Applied> {
  const { interrupt } = context.io;
  const run = startRun({
    registry: context.registry,
    world: session.world,
    signal: interrupt,
    listener: reporter.event,
    redactor: context.redactor,
  });
  const plan = await source.plan(run);
  reporter.plan(plan);
  if (digest !== undefined) requireDigest(plan, digest);
  reporter.begin(plan);
  const done = await applyPlan(plan, run, { noop, allow }).finally(reporter.settled);
  const report: RunReport = { ...done, ...(content && { content }) };
  await writeReport(context.io.host.files, session.stateDir, report);
  // What a guard would hold back is said by a run that does nothing, too.
  const guards = noop ? guardsOf(plan, allow) : [];
  const diagnostics = [...plan.diagnostics, ...guards, ...failures(report)];
  context.reporter.diagnostics(diagnostics);
  await reporter.result({ plan, report, diagnostics });
  const interrupted = report.interrupted && { interrupted: interrupt.reason as 'SIGINT' | 'SIGTERM' };
  const code = exitCode({ plan, report, diagnostics: guards, detailed, ...interrupted });
  return { code, report, diagnostics };
}

const failures = (report: RunReport) =>
  report.results.flatMap(({ diagnostic }) => diagnostic ?? []).concat(report.diagnostics);
