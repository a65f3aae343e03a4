import { inGithubActions, tellGithub } from '../cli/github.ts';
import { progressFor } from '../cli/progress/choose.ts';
import type { EventSink } from '../cli/progress/events.ts';
import { summary } from '../cli/progress/summary.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { apply as applyPlan } from '../engine/apply/apply.ts';
import { guardsOf } from '../engine/guard/guards.ts';
import type { CatalogTarget } from '../engine/model/catalog.ts';
import type { RunContent, RunReport } from '../engine/model/events.ts';
import type { Plan } from '../engine/model/plan.ts';
import { type Run, startRun } from '../engine/model/run.ts';
import { requireDigest } from '../engine/plan/plan-digest.ts';
import { withoutCommands } from '../engine/render/github.ts';
import { renderText } from '../engine/render/text.ts';
import { exitCode } from '../engine/report/exit-code.ts';
import { writeReport } from '../engine/report/report.ts';
import type { Context } from './context.ts';
import type { Session } from './session.ts';

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
  events: EventSink | undefined,
  content?: RunContent,
): Promise<Applied> {
  const progress = await progressFor(context, events);
  const { interrupt } = context.io;
  const run = startRun({
    registry: context.registry,
    world: session.world,
    signal: interrupt,
    listener: progress.listener,
    redactor: context.redactor,
  });
  const plan = await source.plan(run);
  const text = renderText(plan, {
    color: context.color.stdout,
    ...(context.columns && { columns: context.columns }),
  });
  context.print(inGithubActions(context.io.host) ? withoutCommands(text) : text);
  if (digest !== undefined) requireDigest(plan, digest);
  progress.begin(plan);
  const done = await applyPlan(plan, run, { noop, allow }).finally(progress.done);
  const report: RunReport = { ...done, ...(content && { content }) };
  await writeReport(context.io.host.files, session.stateDir, report);
  // What a guard would hold back is said by a run that does nothing, too.
  const guards = noop ? guardsOf(plan, allow) : [];
  const diagnostics = [...plan.diagnostics, ...guards, ...failures(report)];
  if (inGithubActions(context.io.host)) await tellGithub(context, plan, diagnostics);
  context.report(diagnostics);
  if (worthASummary(report)) context.print(summary(report));
  const interrupted = report.interrupted && { interrupted: interrupt.reason as 'SIGINT' | 'SIGTERM' };
  const code = exitCode({ plan, report, diagnostics: guards, detailed, ...interrupted });
  return { code, report, diagnostics };
}

const failures = (report: RunReport) =>
  report.results.flatMap(({ diagnostic }) => diagnostic ?? []).concat(report.diagnostics);

const worthASummary = (report: RunReport) =>
  report.interrupted || report.results.some(({ result }) => result !== 'unchanged');
