import type { Define } from '../define.ts';
import { type CommonOptions, type RepositoryOptions, withFormat, withLab, withRepository } from '../options.ts';
import { withRepositoryOpen } from '../repositories.ts';

export const verify: Define = (program, context, exit) => {
  const command = program.command('verify [VM]').description('read everything that the recovery points need and check every byte');
  withLab(withFormat(withRepository(command)))
    .addHelpText('after', '\nExample:\n  converge verify --repository s3://gdh-vm-replication/dr')
    .action(async (name: string | undefined, options: RepositoryOptions & CommonOptions & { format: string }) => {
      const { verify: check } = await import('../../replication/verify.ts');
      const report = await withRepositoryOpen(context, options, repository =>
        check(repository, { ...(name !== undefined && { vm: name }), signal: context.io.interrupt }),
      );
      context.print(`${JSON.stringify(report)}\n`);
      exit(0);
    });
};
