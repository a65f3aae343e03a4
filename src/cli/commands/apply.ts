import { resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { apply as applyPlan } from '../../engine/apply.ts';
import type { CatalogTarget } from '../../engine/catalog.ts';
import type { RunReport } from '../../engine/events.ts';
import { exitCode } from '../../engine/exit-code.ts';
import type { Plan } from '../../engine/plan.ts';
import { parsePlan } from '../../engine/plan-file.ts';
import { plan as makePlan } from '../../engine/planner.ts';
import { recheck } from '../../engine/recheck.ts';
import { renderText } from '../../engine/render/text.ts';
import { writeReport } from '../../engine/report.ts';
import { type Run, startRun } from '../../engine/run.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { registry } from '../../resources/registry.ts';
import { loadCatalog } from '../catalog.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import {
  type CommonOptions,
  type SelectOptions,
  withData,
  withExitCodes,
  withLab,
  withSelection,
  withState,
} from '../options.ts';
import { progressFor } from '../progress/choose.ts';
import { summary } from '../progress/summary.ts';
import { openSession } from '../session.ts';
import { version } from '../version.ts';

interface ApplyCommandOptions extends CommonOptions, SelectOptions {
  noop?: boolean;
  detailedExitcodes?: boolean;
}

/** What to apply: manifests to plan now, or a plan that was made before. */
type Source = { targets: CatalogTarget[]; plan(run: Run): Promise<Plan> };

export const apply: Define = (program, context, exit) => {
  const command = program
    .command('apply [PATHS...]')
    .description('make the changes that plan shows; PATHS are manifests, or one plan made by `plan -o`')
    .option('--noop', 'say what would be done and do nothing');
  withData(withLab(withState(withSelection(withExitCodes(command)))))
    .addHelpText('after', '\nExamples:\n  converge apply manifests/lab --lab\n  converge apply plan.json')
    .action(async (paths: string[], options: ApplyCommandOptions) => {
      const source = (await planFile(context, paths, options)) ?? (await manifests(context, paths, options));
      if (!source) return exit(1);
      const session = await openSession(context, options, { targets: source.targets, exclusive: true });
      try {
        const progress = await progressFor(context);
        const run = startRun({
          registry,
          world: session.world,
          signal: context.io.interrupt,
          listener: progress.listener,
          redactor: context.redactor,
        });
        const plan = await source.plan(run);
        context.print(renderText(plan, { color: context.color.stdout, columns: context.io.stdout.columns }));
        progress.begin(plan);
        const report = await applyPlan(plan, run, { noop: options.noop ?? false }).finally(progress.done);
        await writeReport(context.io.host.files, session.stateDir, report);
        context.report([...plan.diagnostics, ...failures(report)]);
        if (worthASummary(report)) context.print(summary(report));
        exit(
          exitCode({
            plan,
            report,
            detailed: options.detailedExitcodes ?? false,
            ...(report.interrupted && { interrupted: context.io.interrupt.reason as 'SIGINT' | 'SIGTERM' }),
          }),
        );
      } finally {
        await session.close();
      }
    });
};

async function manifests(
  context: Context,
  paths: string[],
  options: CommonOptions & SelectOptions,
): Promise<Source | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  return (
    catalog && {
      targets: catalog.targets,
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
  const { files, cwd } = context.io.host;
  const plans: string[] = [];
  for (const path of paths) if (await isPlan(files, resolve(cwd, path))) plans.push(path);
  const [path] = plans;
  if (path === undefined) return undefined;
  if (paths.length > 1)
    throw new Failure(given('one-plan', `${path} is a plan, and a plan is applied by itself`));
  if (options.only ?? options.except) {
    throw new Failure(
      given('plan-is-whole', `${path} was reviewed as a whole: --only and --except don't go with it`, {
        hint: 'select when planning: `converge plan MANIFESTS --only … -o plan.json`',
      }),
    );
  }
  const plan = parsePlan((await files.read(resolve(cwd, path)))!.toString('utf8'), path);
  return {
    targets: plan.targets,
    async plan(run) {
      await recheck(plan, run);
      return plan;
    },
  };
}

/** Looks at the beginning only: a manifest may be any file, of any size. */
async function isPlan(files: ReadFiles, path: string): Promise<boolean> {
  if ((await files.stat(path))?.kind !== 'file') return false;
  const file = await files.open(path, 'r');
  const start = Buffer.alloc(200);
  try {
    return /^\s*\{\s*"converge_plan"\s*:/.test(start.toString('latin1', 0, await file?.read(start, 0)));
  } finally {
    await file?.close();
  }
}

const failures = (report: RunReport) =>
  report.results.flatMap(({ diagnostic }) => diagnostic ?? []).concat(report.diagnostics);

const worthASummary = (report: RunReport) =>
  report.interrupted || report.results.some(({ result }) => result !== 'unchanged');
