import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { repair as mend, type RepairedVm } from '../../../app/repository/repair.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withFormat, withLab, withRepository, withVm } from '../../context/options.ts';

interface Options extends RepositoryOptions, CommonOptions {
  vm?: string;
  format: string;
  rebuildHead?: true;
}

export const repair: Define = (program, context, exit) => {
  const command = program
    .command('repair [VM] [PATHS...]')
    .description('put in order what of a repository needs no source, and say what a cycle must do')
    .option(
      '--rebuild-head',
      'make the head from the newest point that can be read, though it is older or held a newer one',
    );
  withLab(withFormat(withVm(withRepository(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge repair manifests\n  converge repair dc02 --repository s3://gdh-vm-replication/dr --rebuild-head',
    )
    .action(async (name: string | undefined, rest: string[], options: Options) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...rest], options.vm);
      const done = await mend(context, vm, { ...options, paths });
      if (!done) return exit(1);
      const { vms, lists, diagnostics } = done;
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, vms, lists }, null, 2)}\n`);
      else context.print([...vms.map(line), ...lists.map(name => `${name}: written anew`)]);
      context.report(diagnostics);
      exit(exitCode({ diagnostics }));
    });
};

const line = ({ name, wrote, head }: RepairedVm): string => {
  if (wrote.length === 0) return `${name}: nothing to write`;
  const from = head.did === 'head-written' ? ` from point ${head.generation}` : '';
  return `${name}: ${wrote.map(one => (one === 'head' ? `head${from}` : one)).join(', ')} written anew`;
};
