import { makeReplica } from '../../../app/recovery/replica.ts';
import { replicate as makePoint, type ReplicateOptions } from '../../../app/repository/replicate.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { plural } from '../../../io/units.ts';
import { describeCycle } from '../../../resources/vsphere/describe-cycle.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { withAllow, withData, withFormat, withLab, withState } from '../../context/options.ts';

type Options = ReplicateOptions & { format: 'text' | 'json'; replica?: true };

export const replicate: Define = (program, context, exit) => {
  const command = program
    .command('replicate <VM> [PATHS...]')
    .description('make a recovery point of one protected VM now, due or not')
    .option(
      '--replica',
      'bring its EBS snapshots to the newest point in the repository instead; its home is not asked',
    )
    .option('--rescan', 'compare every block with the newest point, whatever change tracking says');
  withData(withLab(withState(withFormat(withAllow(command)))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge replicate dc02 manifests\n  converge replicate dc02 --replica manifests',
    )
    .action(async (vm: string, paths: string[], options: Options) => {
      if (options.replica) return exit(await replica(context, vm, paths, options));
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

async function replica(
  context: CliContext,
  vm: string,
  paths: string[],
  options: ReplicateOptions & { format: string },
): Promise<number> {
  if (options.rescan)
    throw new Failure(
      given('replica-alone', '--rescan makes a point, and --replica writes one that is there', {
        hint: 'leave one of them out',
      }),
    );
  const made = await makeReplica(context, vm, paths, options);
  if (!made) return 1;
  const { point, disks, retired, shell } = made;
  if (options.format === 'json') {
    const said = { version: 1, point: point.id, disks, retired, ...(shell && { shell }) };
    context.printJson(`${JSON.stringify(said, null, 2)}\n`);
    return 0;
  }
  const lines = disks.map(({ index, snapshot, built, reason, blocks }) =>
    built === 'warm'
      ? `disk ${index}: ${snapshot} was there`
      : `disk ${index}: ${snapshot}, ${built}${reason === undefined ? '' : ` (${reason})`}, ${plural(blocks, 'block')} of 512 KiB`,
  );
  context.print([
    `${point.vm.name}: replica of point ${point.generation} (${point.id})`,
    ...lines,
    ...retired.map(id => `removed ${id}`),
    ...(shell ? [`shell: ${shell.image}${shell.made ? ', imported' : ' was there'}`] : []),
  ]);
  return 0;
}
