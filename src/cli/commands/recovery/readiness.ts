import type { CommonOptions } from '../../../app/options.ts';
import { runbook } from '../../../app/recovery/runbook.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withState } from '../../context/options.ts';

export const readiness: Define = (program, context, exit) => {
  const command = program
    .command('readiness [PATHS...]')
    .description('what a recovery would need: the lines by which a person recovers without converge')
    .option('--runbook', 'print the commands of the AWS CLI for every recovery_target');
  withData(withLab(withState(command)))
    .addHelpText('after', '\nExample:\n  converge readiness --runbook manifests > runbook.sh')
    .action(async (paths: string[], options: CommonOptions & { runbook?: true }) => {
      if (!options.runbook)
        throw new Failure(
          given('runbook-only', '`converge readiness` needs --runbook', {
            hint: 'this version prints the runbook alone: `converge readiness --runbook PATHS`',
          }),
        );
      const lines = await runbook(context, paths, options);
      if (!lines) return exit(1);
      context.print(lines);
      exit(0);
    });
};
