import { replicate as makePoint, type ReplicateOptions } from '../../../app/repository/replicate.ts';
import { describeCycle } from '../../../resources/vsphere/describe-cycle.ts';
import type { Define } from '../../context/define.ts';
import { withAllow, withData, withFormat, withLab, withState } from '../../context/options.ts';

export const replicate: Define = (program, context, exit) => {
  const command = program
    .command('replicate <VM> [PATHS...]')
    .description('make a recovery point of one protected VM now, due or not')
    .option('--rescan', 'compare every block with the newest point, whatever change tracking says');
  withData(withLab(withState(withFormat(withAllow(command)))))
    .addHelpText('after', '\nExample:\n  converge replicate dc02 manifests')
    .action(async (vm: string, paths: string[], options: ReplicateOptions & { format: 'text' | 'json' }) => {
      const made = await makePoint(context, vm, paths, options);
      if (!made) return exit(1);
      const { point, disks, numbers, warnings } = made.cycle;
      if (options.format === 'json') {
        const { id, generation } = point;
        context.printJson(
          `${JSON.stringify({ version: 1, point: id, generation, disks, numbers }, null, 2)}\n`,
        );
      } else context.print([`${made.vm}: ${describeCycle(made.cycle)} (${point.id})`]);
      context.report(warnings);
      exit(0);
    });
};
