import { resolve } from 'node:path';
import { exitCode } from '../../engine/exit-code.ts';
import { plan as makePlan } from '../../engine/planner.ts';
import { renderJson } from '../../engine/render/json.ts';
import { renderText } from '../../engine/render/text.ts';
import { startRun } from '../../engine/run.ts';
import { registry } from '../../resources/registry.ts';
import { loadCatalog } from '../catalog.ts';
import type { Define } from '../define.ts';
import {
  type CommonOptions,
  type SelectOptions,
  withData,
  withExitCodes,
  withFormat,
  withLab,
  withSelection,
  withState,
} from '../options.ts';
import { openSession } from '../session.ts';
import { version } from '../version.ts';

interface PlanCommandOptions extends CommonOptions, SelectOptions {
  format: 'text' | 'json';
  output?: string;
  detailedExitcodes?: boolean;
}

export const plan: Define = (program, context, exit) => {
  const command = program
    .command('plan [PATHS...]')
    .description('show what apply would change; changes nothing')
    .option('-o, --output <FILE>', 'also write the plan as JSON, for `converge apply FILE`');
  withData(withLab(withState(withSelection(withExitCodes(withFormat(command))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge plan manifests\n  converge plan manifests -o plan.json && converge apply plan.json',
    )
    .action(async (paths: string[], options: PlanCommandOptions) => {
      const catalog = await loadCatalog(context, paths, options);
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
        const { columns } = context.io.stdout;
        context.print(
          options.format === 'json'
            ? renderJson(made)
            : renderText(made, { color: context.color.stdout, columns }),
        );
        context.report(made.diagnostics);
        exit(exitCode({ plan: made, detailed: options.detailedExitcodes ?? false }));
      } finally {
        await session.close();
      }
    });
};
