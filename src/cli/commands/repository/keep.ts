import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { type Held, holdVm, pinPoint } from '../../../app/repository/keep.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { untilWords } from '../../../replication/model/object-lock.ts';
import type { Hold } from '../../../replication/retention/holds.ts';
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
    .option('--release', 'end it: what a signal said first, then what was said by hand');
  withLab(withRepository(command))
    .addHelpText('after', '\nExample:\n  converge hold dc02 manifests --until 2027-01-31')
    .action(async (vm: string, paths: string[], options: KeepOptions & { until?: string }) => {
      if ((options.until === undefined) !== (options.release === true))
        throw new Failure(given('bad-time', 'say --until TIME, or --release'));
      const held = await holdVm(context, vm, options.until, { ...options, paths });
      if (!held) return exit(1);
      context.print([said(vm, held)]);
      exit(0);
    });
};

const whose = ({ why }: Hold): string =>
  why === undefined ? 'by hand' : `since its changes jumped (${why})`;

function said(vm: string, { released, holds: [longest] }: Held): string {
  if (!longest) return `${vm}: not held`;
  const stays = `nothing of it is removed ${untilWords(longest.until)}`;
  if (!released) return `${vm}: ${stays}`;
  return `${vm}: the hold ${whose(released)} is over; it is held ${whose(longest)} as well, and ${stays}: the same command ends that`;
}
