import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { verify as check } from '../../../app/repository/verify.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { bytes, plural } from '../../../io/units.ts';
import type { VerifyReport } from '../../../replication/verify/verify.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withFormat, withLab, withRepository, withVm } from '../../context/options.ts';

interface VerifyOptions extends RepositoryOptions, CommonOptions {
  vm?: string;
  format: string;
}

export const verify: Define = (program, context, exit) => {
  const command = program
    .command('verify [VM] [PATHS...]')
    .description('read everything that the recovery points need and check every byte');
  withLab(withFormat(withVm(withRepository(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge verify manifests\n  converge verify --repository s3://gdh-vm-replication/dr',
    )
    .action(async (name: string | undefined, rest: string[], options: VerifyOptions) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...rest], options.vm);
      const verified = await check(context, vm, { ...options, paths });
      if (!verified) return exit(1);
      const { report, diagnostics } = verified;
      if (options.format === 'json') context.printJson(json(report));
      else context.print(lines(report));
      context.report(diagnostics);
      exit(exitCode({ diagnostics }));
    });
};

function lines({ points, problems, notes, checked }: VerifyReport): string[] {
  const broken = points.filter(({ whole }) => !whole);
  return [
    ...broken.map(({ id, vm, time }) => `BROKEN  ${id}  ${vm.name}  ${new Date(time).toISOString()}`),
    ...notes.map(note => `note: ${note}`),
    `${points.length - broken.length} of ${plural(points.length, 'recovery point')} whole; ` +
      `${plural(checked.objects, 'object')}, ${bytes(checked.bytes)} read, ${plural(problems.length, 'problem')}`,
  ];
}

function json({ points, ...report }: VerifyReport): string {
  const dated = points.map(point => ({ ...point, time: new Date(point.time).toISOString() }));
  return `${JSON.stringify({ version: 1, points: dated, ...report }, null, 2)}\n`;
}
