import { comparePlanFiles } from '../../../app/run/compare-plans.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import { isSame } from '../../../engine/plan/plan-diff.ts';
import { renderPlanDiff } from '../../../engine/render/plan-diff.ts';
import type { Define } from '../../context/define.ts';
import { withExitCodes, withFormat } from '../../context/options.ts';

interface DiffOptions {
  format: 'text' | 'json';
  detailedExitcodes?: boolean;
}

export const diff: Define = (program, context, exit) => {
  const command = program
    .command('diff <BEFORE> <AFTER>')
    .description('show what differs between two plans made by `plan -o`; touches nothing');
  withExitCodes(withFormat(command), 'also say by exit code 2 that they differ')
    .addHelpText('after', '\nExample:\n  converge diff approved.json now.json --detailed-exitcodes')
    .action(async (before: string, after: string, { format, detailedExitcodes }: DiffOptions) => {
      const difference = await comparePlanFiles(context, before, after);
      if (format === 'json') context.printJson(`${canonicalJson(difference, 2)}\n`);
      else context.print(renderPlanDiff(difference));
      exit(detailedExitcodes && !isSame(difference) ? 2 : 0);
    });
};
