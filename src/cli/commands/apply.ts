import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { apply as applyPlan } from '../../engine/apply.ts';
import type { CatalogTarget } from '../../engine/catalog.ts';
import type { RunReport } from '../../engine/events.ts';
import { exitCode } from '../../engine/exit-code.ts';
import { guardsOf } from '../../engine/guards.ts';
import type { Plan } from '../../engine/plan.ts';
import { requireDigest } from '../../engine/plan-digest.ts';
import { plan as makePlan } from '../../engine/planner.ts';
import { recheck } from '../../engine/recheck.ts';
import { withoutCommands } from '../../engine/render/github.ts';
import { renderText } from '../../engine/render/text.ts';
import { writeReport } from '../../engine/report.ts';
import { type Run, startRun } from '../../engine/run.ts';
import { loadCatalog } from '../catalog.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { inGithubActions, tellGithub } from '../github.ts';
import {
  type CommonOptions,
  type SelectOptions,
  withAllow,
  withData,
  withDigest,
  withEvents,
  withExitCodes,
  withLab,
  withSelection,
  withState,
} from '../options.ts';
import { isPlan, readPlan } from '../plan-file.ts';
import { progressFor } from '../progress/choose.ts';
import { type EventOptions, type EventSink, openEvents } from '../progress/events.ts';
import { summary } from '../progress/summary.ts';
import { openSession, type Session } from '../session.ts';
import { requireUserTypes } from '../user-types.ts';
import { version } from '../version.ts';

interface ApplyCommandOptions extends CommonOptions, SelectOptions, EventOptions {
  noop?: boolean;
  digest?: string;
  allow?: string[];
  detailedExitcodes?: boolean;
}

/** What to apply: manifests to plan now, or a plan that was made before. */
type Source = {
  targets: CatalogTarget[];
  platform?: NodeJS.Platform | undefined;
  plan(run: Run): Promise<Plan>;
};

export const apply: Define = (program, context, exit) => {
  const command = program
    .command('apply [PATHS...]')
    .description('make the changes that plan shows; PATHS are manifests, or one plan made by `plan -o`')
    .option('--noop', 'say what would be done and do nothing');
  withData(withLab(withState(withSelection(withExitCodes(withDigest(withAllow(withEvents(command))))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge apply manifests/lab --lab\n  converge apply plan.json\n  converge apply manifests --digest 7f3a9c21',
    )
    .action(async (paths: string[], options: ApplyCommandOptions) => {
      const source = (await planFile(context, paths, options)) ?? (await manifests(context, paths, options));
      if (!source) return exit(1);
      const session = await openSession(context, options, {
        targets: source.targets,
        platform: source.platform,
        exclusive: true,
      });
      try {
        const events = await openEvents(context, options, () => session.world.host.clock.now());
        try {
          exit(await applyIn(session, context, source, options, events));
        } finally {
          await events?.close();
        }
      } finally {
        await session.close();
      }
    });
};

/** Plans, shows, applies and reports; gives the exit code. */
async function applyIn(
  session: Session,
  context: Context,
  source: Source,
  { noop = false, allow = [], digest, detailedExitcodes: detailed = false }: ApplyCommandOptions,
  events: EventSink | undefined,
): Promise<number> {
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
  const report = await applyPlan(plan, run, { noop, allow }).finally(progress.done);
  await writeReport(context.io.host.files, session.stateDir, report);
  // What a guard would hold back is said by a run that does nothing, too.
  const guards = noop ? guardsOf(plan, allow) : [];
  const diagnostics = [...plan.diagnostics, ...guards, ...failures(report)];
  if (inGithubActions(context.io.host)) await tellGithub(context, plan, diagnostics);
  context.report(diagnostics);
  if (worthASummary(report)) context.print(summary(report));
  const interrupted = report.interrupted && { interrupted: interrupt.reason as 'SIGINT' | 'SIGTERM' };
  return exitCode({ plan, report, diagnostics: guards, detailed, ...interrupted });
}

async function manifests(
  context: Context,
  paths: string[],
  options: CommonOptions & SelectOptions,
): Promise<Source | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  return (
    catalog && {
      targets: catalog.targets,
      platform: catalog.platform,
      plan: run => makePlan(catalog, run, { engine: version, ...options }),
    }
  );
}

/** A file whose top key is `converge_plan` is a plan, whatever its name. */
async function planFile(
  context: Context,
  paths: string[],
  options: SelectOptions,
): Promise<Source | undefined> {
  const plans: string[] = [];
  for (const path of paths) if (await isPlan(context, path)) plans.push(path);
  const [path] = plans;
  if (path === undefined) return undefined;
  if (paths.length > 1)
    throw new Failure(given('one-plan', `${path} is a plan, and a plan is applied by itself`));
  if (options.only ?? options.except) {
    throw new Failure(
      given('plan-is-whole', `${path} was reviewed as a whole: --only and --except don't go with it`, {
        hint: 'select when planning: `converge plan MANIFESTS --only ... -o plan.json`',
      }),
    );
  }
  const plan = await readPlan(context, path);
  // Beside the manifests that the plan was made from; the plan says which files were reviewed.
  if (plan.type_files) await requireUserTypes(context, [...new Set(plan.resources.map(({ at }) => at.file))]);
  return {
    targets: plan.targets,
    platform: plan.platform,
    async plan(run) {
      await recheck(plan, run);
      return plan;
    },
  };
}

const failures = (report: RunReport) =>
  report.results.flatMap(({ diagnostic }) => diagnostic ?? []).concat(report.diagnostics);

const worthASummary = (report: RunReport) =>
  report.interrupted || report.results.some(({ result }) => result !== 'unchanged');
