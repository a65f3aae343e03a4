import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { exitCode } from '../../engine/exit-code.ts';
import type { Plan } from '../../engine/plan.ts';
import { plan as makePlan } from '../../engine/planner.ts';
import { withoutCommands } from '../../engine/render/github.ts';
import { renderJson } from '../../engine/render/json.ts';
import { renderMarkdown } from '../../engine/render/markdown.ts';
import { renderText } from '../../engine/render/text.ts';
import { startRun } from '../../engine/run.ts';
import { registry } from '../../resources/registry.ts';
import { loadCatalog } from '../catalog.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { inGithubActions, tellGithub } from '../github.ts';
import {
  type CommonOptions,
  type SelectOptions,
  withExitCodes,
  withLab,
  withSelection,
  withState,
} from '../options.ts';
import { openSession } from '../session.ts';
import { version } from '../version.ts';

const formats = ['text', 'json', 'markdown', 'github'] as const;
type Format = (typeof formats)[number];

interface PlanCommandOptions extends CommonOptions, SelectOptions {
  format?: Format;
  output?: string;
  detailedExitcodes?: boolean;
}

export const plan: Define = (program, context, exit) => {
  const command = program
    .command('plan [PATHS...]')
    .description('show what apply would change; changes nothing')
    .option('-o, --output <FILE>', 'also write the plan as JSON, for `converge apply FILE`')
    .addOption(
      new Option(
        '--format <FORMAT>',
        `one of: ${formats.join(', ')} (default: text; github where GITHUB_ACTIONS is set)`,
      ).choices(formats),
    );
  withLab(withState(withSelection(withExitCodes(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge plan manifests\n  converge plan manifests -o plan.json && converge apply plan.json',
    )
    .action(async (paths: string[], options: PlanCommandOptions) => {
      const catalog = await loadCatalog(context, paths, options.lab);
      if (!catalog) return exit(1);
      const session = await openSession(context, options, { targets: catalog.targets });
      try {
        const run = startRun({
          registry,
          world: session.world,
          signal: context.io.interrupt,
          redactor: context.redactor,
        });
        const made = await makePlan(catalog, run, { engine: version, ...options });
        if (options.output !== undefined) {
          const file = resolve(context.io.host.cwd, options.output);
          await context.io.host.files.writeAtomic(file, Buffer.from(renderJson(made)));
          context.say(`plan written to ${options.output}\n`);
        }
        await show(context, made, made.diagnostics, options.format);
        context.report(made.diagnostics);
        exit(exitCode({ plan: made, detailed: options.detailedExitcodes ?? false }));
      } finally {
        await session.close();
      }
    });
};

async function show(
  context: Context,
  plan: Plan,
  diagnostics: readonly Diagnostic[],
  format: Format = inGithubActions(context) ? 'github' : 'text',
): Promise<void> {
  if (format === 'json') return context.print(renderJson(plan));
  if (format === 'markdown') return context.print(renderMarkdown(plan, { diagnostics }));
  const text = renderText(plan, { color: context.color.stdout, columns: context.io.stdout.columns });
  if (format === 'text') return context.print(text);
  context.print(withoutCommands(text));
  await tellGithub(context, plan, diagnostics);
}
