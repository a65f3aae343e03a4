import { Option } from 'commander';
import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { verifyReplica } from '../../../app/recovery/replica.ts';
import { verify as check } from '../../../app/repository/verify.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { bytes, plural } from '../../../io/units.ts';
import type { VerifyReport } from '../../../replication/verify/verify.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withFormat, withLab, withRepository, withVm } from '../../context/options.ts';

interface VerifyOptions extends RepositoryOptions, CommonOptions {
  vm?: string;
  format: string;
  replica?: true;
  sample: number;
}

export const verify: Define = (program, context, exit) => {
  const command = program
    .command('verify [VM] [PATHS...]')
    .description('read everything that the recovery points need and check every byte')
    .option(
      '--replica',
      "read blocks of the VM's newest EBS snapshots back; PATHS declare its recovery_target",
    )
    .addOption(
      new Option('--sample <N>', 'with --replica: blocks of each disk, chosen at random')
        .argParser(sampleSize)
        .default(100),
    );
  withLab(withFormat(withVm(withRepository(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge verify manifests\n  converge verify --repository s3://gdh-vm-replication/dr\n  converge verify manifests --vm dc02 --replica',
    )
    .action(async (name: string | undefined, rest: string[], options: VerifyOptions) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...rest], options.vm);
      if (options.replica) return exit(await replica(context, vm, paths, options));
      const verified = await check(context, vm, { ...options, paths });
      if (!verified) return exit(1);
      const { report, diagnostics } = verified;
      if (options.format === 'json') context.printJson(json(report));
      else context.print(lines(report));
      context.report(diagnostics);
      exit(exitCode({ diagnostics }));
    });
};

async function replica(
  context: CliContext,
  vm: string | undefined,
  paths: string[],
  options: VerifyOptions,
): Promise<number> {
  if (vm === undefined || paths.length === 0)
    throw new Failure(
      given('vm-missing', 'whose replica? name the VM, and the paths that declare its recovery_target', {
        hint: 'converge verify PATHS --vm VM --replica',
      }),
    );
  const found = await verifyReplica(context, vm, paths, options);
  if (!found) return 1;
  const { disks, diagnostics } = found;
  if (options.format === 'json')
    context.printJson(`${JSON.stringify({ version: 1, vm: found.vm, disks }, null, 2)}\n`);
  else
    context.print(
      disks.map(
        ({ index, snapshot, point, check: { listed, read, problems } }) =>
          `disk ${index}: ${snapshot} of point ${point.slice(0, 8)}, ${read} of ${plural(listed, 'block')} read back, ${plural(problems.length, 'problem')}`,
      ),
    );
  context.report(diagnostics);
  return exitCode({ diagnostics });
}

function sampleSize(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new Failure(given('bad-sample', `--sample ${word}: expected a whole number from 1 on`));
}

function lines({ points, problems, notes, checked }: VerifyReport): string[] {
  const broken = points.filter(({ whole }) => !whole);
  return [
    ...broken.map(({ id, vm, time }) => `BROKEN  ${id}  ${vm.name}  ${new Date(time).toISOString()}`),
    ...notes.map(note => `note: ${note}`),
    `${points.length - broken.length} of ${plural(points.length, 'recovery point')} whole; ` +
      `${plural(checked.objects, 'object')}, ${bytes(checked.bytes)} read, ${plural(problems.length, 'problem')}`,
  ];
}

function json({ points, unnoted: _, ...report }: VerifyReport): string {
  const dated = points.map(point => ({ ...point, time: new Date(point.time).toISOString() }));
  return `${JSON.stringify({ version: 1, points: dated, ...report }, null, 2)}\n`;
}
