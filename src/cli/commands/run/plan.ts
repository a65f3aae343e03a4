import { resolve } from 'node:path';
import { Option } from 'commander';
import { loadCatalog } from '../../../app/catalog.ts';
import { openSession } from '../../../app/open-session.ts';
import type { CommonOptions, SelectOptions } from '../../../app/options.ts';
import { version } from '../../../app/version.ts';
import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { guardsOf, requireKnown } from '../../../engine/guard/guards.ts';
import type { Plan } from '../../../engine/model/plan.ts';
import { startRun } from '../../../engine/model/run.ts';
import { plan as makePlan } from '../../../engine/plan/planner.ts';
import { recordedWorld } from '../../../engine/record/recorded-world.ts';
import { type Recording, recordedMembers, replay } from '../../../engine/record/recording.ts';
import { parseRecording } from '../../../engine/record/recording-file.ts';
import { withoutCommands } from '../../../engine/render/github.ts';
import { renderJson } from '../../../engine/render/json.ts';
import { renderMarkdown } from '../../../engine/render/markdown.ts';
import { renderText } from '../../../engine/render/text.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import { inGithubActions, tellGithub } from '../../github.ts';
import { withAllow, withData, withExitCodes, withLab, withSelection, withState } from '../../options.ts';

const formats = ['text', 'json', 'markdown', 'github'] as const;
type Format = (typeof formats)[number];

interface PlanCommandOptions extends CommonOptions, SelectOptions {
  format?: Format;
  output?: string;
  observed?: string;
  allow?: string[];
  detailedExitcodes?: boolean;
}

export const plan: Define = (program, context, exit) => {
  const command = program
    .command('plan [PATHS...]')
    .description('show what apply would change; changes nothing')
    .option('-o, --output <FILE>', 'also write the plan as JSON, for `converge apply FILE`')
    .option('--observed <FILE>', 'plan from what `observe -o FILE` recorded; no target or secret is touched')
    .addOption(
      new Option(
        '--format <FORMAT>',
        'how it is printed; text when left out, github where GITHUB_ACTIONS is set',
      ).choices(formats),
    );
  withData(withLab(withState(withSelection(withExitCodes(withAllow(command))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge plan manifests\n  converge plan manifests -o plan.json && converge apply plan.json\n  converge plan manifests --observed observed.json --format markdown',
    )
    .action(async (paths: string[], options: PlanCommandOptions) => {
      const made = await (options.observed === undefined
        ? planOnline(context, paths, options)
        : planOffline(context, paths, options, options.observed));
      if (!made) return exit(1);
      if (options.output !== undefined) {
        const file = resolve(context.io.host.cwd, options.output);
        await context.io.host.files.writeAtomic(file, Buffer.from(renderJson(made)));
        context.say(`plan written to ${options.output}\n`);
      }
      const allow = options.allow ?? [];
      requireKnown(made, allow);
      const guards = guardsOf(made, allow);
      const diagnostics = [...made.diagnostics, ...guards];
      await show(context, made, diagnostics, options.format);
      context.report(diagnostics);
      exit(exitCode({ plan: made, diagnostics: guards, detailed: options.detailedExitcodes ?? false }));
    });
};

async function planOnline(
  context: CliContext,
  paths: string[],
  options: PlanCommandOptions,
): Promise<Plan | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const session = await openSession(context, options, {
    targets: catalog.targets,
    platform: catalog.platform,
  });
  try {
    const run = startRun({
      registry: context.registry,
      world: session.world,
      signal: context.io.interrupt,
      redactor: context.redactor,
    });
    return await makePlan(catalog, run, { engine: version, ...options });
  } finally {
    await session.close();
  }
}

/** The manifests are read for the host that was observed, which may be of another platform than this one. */
async function planOffline(
  context: CliContext,
  paths: string[],
  options: PlanCommandOptions,
  observed: string,
): Promise<Plan | undefined> {
  const { host } = context.io;
  const recording = await readRecording(context, observed);
  const { platform } = recording.where;
  const there: CliContext = { ...context, io: { ...context.io, host: { ...host, platform } } };
  const catalog = await loadCatalog(there, paths, options);
  if (!catalog) return undefined;
  const world = recordedWorld(recording, host, path => host.files.read(resolve(host.cwd, path)));
  const run = startRun({ registry: there.registry, world, signal: context.io.interrupt });
  return makePlan(catalog, run, {
    engine: version,
    ...(options.only && { only: options.only }),
    ...(options.except && { except: options.except }),
    observe: replay(recording, observed, catalog.targets),
    members: recordedMembers(recording, observed),
  });
}

async function readRecording({ io }: CliContext, observed: string): Promise<Recording> {
  const text = await io.host.files.read(resolve(io.host.cwd, observed));
  if (text) return parseRecording(text.toString('utf8'), observed);
  throw new Failure(
    given('bad-observations', `${observed} isn't there`, {
      hint: 'make it with `converge observe PATHS -o FILE`',
    }),
  );
}

async function show(
  context: CliContext,
  plan: Plan,
  diagnostics: readonly Diagnostic[],
  format: Format = inGithubActions(context.io.host) ? 'github' : 'text',
): Promise<void> {
  if (format === 'json') return context.print(renderJson(plan));
  if (format === 'markdown') return context.print(renderMarkdown(plan, { diagnostics }));
  const text = renderText(plan, {
    color: context.color.stdout,
    ...(context.columns && { columns: context.columns }),
  });
  if (format === 'text') return context.print(text);
  context.print(withoutCommands(text));
  await tellGithub(context, plan, diagnostics);
}
