import { createRepositoryKey } from '../../../app/repository/create-key.ts';
import type { Define } from '../../context/define.ts';

export const key: Define = (program, context, exit) => {
  program
    .command('key')
    .description('keys of encrypted repositories')
    .addHelpText('after', '\nExample:\n  converge key create --to dr.key')
    .command('create')
    .description('make a new key and print it')
    .option('--to <FILE>', 'write it to a new file (mode 0600) and print only its id')
    .addHelpText(
      'after',
      '\nExample:\n  converge key create --to /etc/converge/dr.key\n\nKeep a copy away from home base: without it, nothing in the repository can be read.',
    )
    .action(async (options: { to?: string }) => {
      const { id, text } = await createRepositoryKey(context, options.to);
      context.print([options.to ? `key ${id} written to ${options.to}` : text]);
      exit(0);
    });
};
