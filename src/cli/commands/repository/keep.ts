import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { holdVm, pinPoint } from '../../../app/repository/keep.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Define } from '../../context/define.ts';
import { withLab, withRepository } from '../../context/options.ts';

interface KeepOptions extends RepositoryOptions, CommonOptions {
  release?: true;
}

export const pin: Define = (program, context, exit) => {
  const command = program
    .command('pin <VM> <POINT> [PATHS...]')
    .description('keep one recovery point, whatever the retention says')
    .option('--release', 'let it go again when the retention says so');
  withLab(withRepository(command))
    .addHelpText(
      'after',
      '\nPOINT is the id of a point or the beginning of one, a time, or `latest`.\n\nExample:\n  converge pin dc02 latest manifests',
    )
    .action(async (vm: string, point: string, paths: string[], options: KeepOptions) => {
      const id = await pinPoint(context, vm, point, { ...options, paths });
      if (id === undefined) return exit(1);
      context.print([`${vm}: ${id} ${options.release ? 'is not pinned by hand any more' : 'is pinned'}`]);
      exit(0);
    });
};

export const hold: Define = (program, context, exit) => {
  const command = program
    .command('hold <VM> [PATHS...]')
    .description('keep all recovery points of one VM for a while')
    .option('--until <TIME>', 'a date, a duration from now, or a time such as 2026-12-01T06:00:00Z')
    .option('--release', 'end it');
  withLab(withRepository(command))
    .addHelpText('after', '\nExample:\n  converge hold dc02 manifests --until 2027-01-31')
    .action(async (vm: string, paths: string[], options: KeepOptions & { until?: string }) => {
      if ((options.until === undefined) !== (options.release === true))
        throw new Failure(given('bad-time', 'say --until TIME, or --release'));
      const until = await holdVm(context, vm, options.until, { ...options, paths });
      if (until === undefined) return exit(1);
      context.print([
        until === 'released'
          ? `${vm}: not held`
          : `${vm}: nothing of it is removed until ${new Date(until).toISOString()}`,
      ]);
      exit(0);
    });
};
