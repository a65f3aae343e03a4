import { pauseVm, resumeVm } from '../../../app/operation/pause.ts';
import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withRepository, withState } from '../../context/options.ts';

type Options = RepositoryOptions & CommonOptions;

export const pause: Define = (program, context, exit) => {
  const command = program
    .command('pause <VM> [PATHS...]')
    .description('let no agent begin a cycle of one VM for a while')
    .requiredOption('--until <TIME>', 'a duration from now, or a time such as 2026-12-01T06:00:00Z');
  withData(withLab(withState(withRepository(command))))
    .addHelpText('after', '\nExample:\n  converge pause dc02 manifests --until 4h')
    .action(async (vm: string, paths: string[], options: Options & { until: string }) => {
      const paused = await pauseVm(context, vm, options.until, { ...options, paths });
      if (!paused) return exit(1);
      const until = new Date(paused.until).toISOString();
      context.print([`${vm}: paused until ${until}; its RPO goes on counting`]);
      exit(0);
    });
};

export const resume: Define = (program, context, exit) => {
  const command = program.command('resume <VM> [PATHS...]').description('end the pause of one VM');
  withData(withLab(withState(withRepository(command))))
    .addHelpText('after', '\nExample:\n  converge resume dc02 manifests')
    .action(async (vm: string, paths: string[], options: Options) => {
      const resumed = await resumeVm(context, vm, { ...options, paths });
      if (resumed)
        context.print([
          resumed.wasPaused ? `${vm}: resumed; it is paused no more` : `${vm}: it was not paused`,
        ]);
      exit(resumed ? 0 : 1);
    });
};
