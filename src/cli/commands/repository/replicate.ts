import { makeDueReplicas } from '../../../app/recovery/due-replicas.ts';
import { type MadeReplica, makeReplica } from '../../../app/recovery/replica.ts';
import { replicate as makePoint, type ReplicateOptions } from '../../../app/repository/replicate.ts';
import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { plural } from '../../../io/units.ts';
import { describeCycle } from '../../../resources/vsphere/describe-cycle.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withAllow, withData, withFormat, withLab, withState } from '../../context/options.ts';

type Options = ReplicateOptions & { format: 'text' | 'json'; replica?: true };

export const replicate: Define = (program, context, exit) => {
  const command = program
    .command('replicate [VM] [PATHS...]')
    .description('make a recovery point of one protected VM now, due or not')
    .option(
      '--replica',
      'bring its EBS snapshots to the newest point in the repository instead; its home is not asked. Without VM: of all targets that are due',
    )
    .option('--rescan', 'compare every block with the newest point, whatever change tracking says')
    .option(
      '--full',
      'read and store every block anew, whatever the repository holds; this heals older points too',
    );
  withData(withLab(withState(withFormat(withAllow(command)))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge replicate dc02 manifests\n  converge replicate dc02 --replica manifests\n  converge replicate --replica manifests',
    )
    .action(async (name: string | undefined, rest: string[], options: Options) => {
      if (options.replica) return exit(await replica(context, [name, ...rest], options));
      if (name === undefined)
        throw new Failure(
          given('vm-missing', 'a recovery point is made of one VM', {
            hint: 'name it: `converge replicate VM PATHS`; without a VM only --replica is for all',
          }),
        );
      const [vm, paths] = [name, rest];
      const made = await makePoint(context, vm, paths, options);
      if (!made) return exit(1);
      if ('suspended' in made) {
        const [{ message, hint }] = made.suspended as [Diagnostic];
        if (options.format === 'json')
          context.printJson(
            `${JSON.stringify({ version: 1, suspended: 'failed-over', message }, null, 2)}\n`,
          );
        else context.print([`${made.vm}: skipped: ${message}`, `  ${hint}`]);
        return exit(0);
      }
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
  words: (string | undefined)[],
  options: ReplicateOptions & { format: string },
): Promise<number> {
  if (options.rescan || options.full)
    throw new Failure(
      given(
        'replica-alone',
        `${options.full ? '--full' : '--rescan'} makes a point, and --replica writes one that is there`,
        {
          hint: 'leave one of them out',
        },
      ),
    );
  const { vm, paths } = await vmAndPaths(context, words, undefined);
  if (vm === undefined) return dueReplicas(context, paths, options);
  const made = await makeReplica(context, vm, paths, options);
  if (!made) return 1;
  if (options.format === 'json')
    context.printJson(`${JSON.stringify({ version: 1, ...inJson(made) }, null, 2)}\n`);
  else context.print(replicaLines(made));
  return 0;
}

async function dueReplicas(
  context: CliContext,
  paths: string[],
  options: ReplicateOptions & { format: string },
): Promise<number> {
  const all = await makeDueReplicas(context, paths, options);
  if (!all) return 1;
  if (options.format === 'json') {
    const replicas = all.map(one => ('made' in one ? { vm: one.vm, made: inJson(one.made) } : one));
    context.printJson(`${JSON.stringify({ version: 1, replicas }, null, 2)}\n`);
  } else
    context.print(
      all.flatMap(one => {
        if ('made' in one) return replicaLines(one.made);
        if ('covered' in one)
          return [
            `${one.vm}: ${one.covered.snapshots.join(', ')} of what lives in AWS`,
            ...one.covered.removed.map(id => `removed ${id}`),
          ];
        return [`${one.vm}: ${'skipped' in one ? `nothing to do: ${one.skipped}` : 'no replica was made'}`];
      }),
    );
  const failed = all.flatMap(one => ('diagnostics' in one ? one.diagnostics : []));
  context.report(failed);
  return failed.length > 0 ? 4 : 0;
}

const inJson = ({ point, disks, retired, shell }: MadeReplica) => ({
  point: point.id,
  disks,
  retired,
  ...(shell && { shell }),
});

function replicaLines({ point, disks, retired, shell }: MadeReplica): string[] {
  const lines = disks.map(({ index, snapshot, built, reason, blocks }) =>
    built === 'warm'
      ? `  disk ${index}: ${snapshot} was there`
      : `  disk ${index}: ${snapshot}, ${built}${reason === undefined ? '' : ` (${reason})`}, ${plural(blocks, 'block')} of 512 KiB`,
  );
  return [
    `${point.vm.name}: replica of point ${point.generation} (${point.id})`,
    ...lines,
    ...retired.map(id => `removed ${id}`),
    ...(shell ? [`shell: ${shell.image}${shell.made ? ', imported' : ' was there'}`] : []),
  ];
}
