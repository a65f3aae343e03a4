import { readiness as lookAtAll, type ReadinessOptions } from '../../../app/recovery/readiness.ts';
import { runbook } from '../../../app/recovery/runbook.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withOnly, withState } from '../../context/options.ts';
import { fromRepository } from './from-repository.ts';
import { readinessLines } from './readiness-lines.ts';

type Options = ReadinessOptions & { runbook?: true; format: string };

export const readiness: Define = (program, context, exit) => {
  const command = program
    .command('readiness [PATHS...]')
    .description('whether each recovery_target would run in EC2, from its newest recovery point')
    .option(
      '--runbook',
      'print the commands of the AWS CLI by which a person recovers every recovery_target without converge',
    );
  command.option('--plan <PLAN>', 'only the targets of this recovery_plan; needed with --repository');
  fromRepository(withData(withLab(withState(withFormat(withOnly(command))))))
    .addHelpText(
      'after',
      '\nEnds with 0 when all are ready, with 4 when one is not or that is unknown.\n' +
        '\nExamples:\n  converge readiness manifests\n  converge readiness manifests --only recovery_target:web01' +
        '\n  converge readiness --plan web --repository s3://gdh-vm-replication/dr --key file:repository.key' +
        '\n  converge readiness --runbook manifests > runbook.sh',
    )
    .action(async (paths: string[], options: Options) => {
      if (options.runbook) {
        const { only, plan, repository, format } = options;
        if ([only, plan, repository].some(one => one !== undefined) || format !== 'text')
          throw new Failure(
            given('runbook-alone', '--runbook prints lines of a shell for all targets', {
              hint: 'leave out --only, --plan, --repository and --format',
            }),
          );
        const lines = await runbook(context, paths, options);
        if (!lines) return exit(1);
        context.print(lines);
        return exit(0);
      }
      const targets = await lookAtAll(context, paths, options);
      if (!targets) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, targets }, null, 2)}\n`);
      else context.print(readinessLines(targets, context.columns));
      exit(targets.every(({ verdict }) => verdict === 'ready') ? 0 : 4);
    });
};
