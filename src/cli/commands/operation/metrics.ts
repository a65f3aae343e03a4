import { type MetricsOptions, metrics as read } from '../../../app/operation/surface/metrics.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withRepository, withState } from '../../context/options.ts';

export const metrics: Define = (program, context, exit) => {
  const command = program
    .command('metrics [PATHS...]')
    .description('what `status` says as metrics in the text format of Prometheus')
    .option('--textfile <FILE>', 'write them to a file, whole or not at all: for a node exporter')
    .option('--summary', 'leave out what there is for each VM')
    .option('--size', 'add up what each repository holds, which lists all of it');
  withData(withLab(withState(withRepository(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge metrics manifests\n  converge metrics manifests --textfile /var/lib/prometheus/node-exporter/converge.prom',
    )
    .action(async (paths: string[], options: MetricsOptions) => {
      const found = await read(context, { ...options, paths });
      if (!found) return exit(1);
      if (options.textfile === undefined) context.printExact(found.text);
      context.report(found.status.diagnostics);
      exit(exitCode({ diagnostics: found.status.diagnostics }));
    });
};
