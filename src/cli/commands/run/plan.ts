import { Option } from 'commander';
import { type PlanOptions, planManifests } from '../../../app/run/plan-manifests.ts';
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import type { Plan } from '../../../engine/model/plan.ts';
import { planJson } from '../../../engine/plan/plan-json.ts';
import { renderMarkdown } from '../../../engine/render/markdown.ts';
import { renderText } from '../../../engine/render/render-plan.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { tellGithub } from '../../context/github.ts';
import {
  withAllow,
  withData,
  withExitCodes,
  withLab,
  withSelection,
  withState,
} from '../../context/options.ts';
import { isForGithub } from '../../text/output-kinds.ts';

const formats = ['text', 'json', 'markdown', 'github'] as const;
type Format = (typeof formats)[number];

interface PlanCommandOptions extends PlanOptions {
  format?: Format;
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
      const planned = await planManifests(context, paths, options);
      if (!planned) return exit(1);
      const { plan, guards } = planned;
      const diagnostics = [...plan.diagnostics, ...guards];
      await show(context, plan, diagnostics, options.format);
      context.report(diagnostics);
      exit(exitCode({ plan, diagnostics: guards, detailed: options.detailedExitcodes ?? false }));
    });
};

async function show(
  context: CliContext,
  plan: Plan,
  diagnostics: readonly Diagnostic[],
  format: Format = isForGithub(context.io.host) ? 'github' : 'text',
): Promise<void> {
  if (format === 'json') return context.printJson(planJson(plan));
  if (format === 'markdown') return context.printExact(renderMarkdown(plan, { diagnostics }));
  context.print(renderText(plan, { ...(context.columns && { columns: context.columns }) }));
  if (format === 'github') await tellGithub(context, plan, diagnostics);
}
