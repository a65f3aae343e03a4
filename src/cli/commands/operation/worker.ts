import type { QueueOptions } from '../../../app/operation/queue/open-queue.ts';
import type { CommonOptions } from '../../../app/options.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withState } from '../../context/options.ts';
import { type LogOptions, withLogFormat } from './agent-log.ts';
import { workerOfPaths } from './agent-paths.ts';
import { usualSlots, withQueue } from './queue-options.ts';

type Options = CommonOptions & QueueOptions & LogOptions & { slots: string };

export const worker: Define = (program, context, exit) => {
  const command = program
    .command('worker <PATHS...>')
    .description('move VMs that agents with the same --queue find due; any number of workers share the work')
    .option('--slots <N>', 'cycles at once; first copies and rescans get a quarter', usualSlots);
  withLogFormat(withQueue(withData(withLab(withState(command))), true))
    .addHelpText(
      'after',
      '\nExamples:\n  converge worker manifests --queue redis://queue.example.com\n  converge worker manifests --queue rediss://converge@queue.example.com --queue-password credential:queue --slots 8\n  converge agent drain --state /var/lib/converge/worker-2',
    )
    .action(async (paths: string[], options: Options) => exit(await workerOfPaths(context, paths, options)));
};
