import type { ExportKeyOptions } from '../../../app/repository/export-key.ts';
import {
  createRepositoryKey,
  type RotateOptions,
  rotateRepositoryKey,
} from '../../../app/repository/rotate-key.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Define } from '../../context/define.ts';
import { withLab, withRepository } from '../../context/options.ts';

export const key: Define = (program, context, exit) => {
  const group = program
    .command('key')
    .description('keys of encrypted repositories')
    .addHelpText('after', '\nExample:\n  converge key create --to dr.key');
  group
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

  const kit = group
    .command('export [PATHS...]')
    .description('a recovery kit to print: the key, a QR code of it, and how to restore with it')
    .option('--to <FILE>', 'write it to a new file (mode 0600): HTML where its name ends in .html, else text')
    .option('--show', 'show it on the terminal');
  withLab(withRepository(kit))
    .addHelpText(
      'after',
      '\nWhere a repository or manifests are named, the kit names the repository, and the key is tried on it.\n' +
        '\nExample:\n  converge key export --key file:/etc/converge/dr.key --repository s3://gdh-vm-replication/dr --to kit.html',
    )
    .action(async (paths: string[], options: Partial<ExportKeyOptions> & { show?: boolean }) => {
      const { exportKey } = await import('../../../app/repository/export-key.ts');
      const { to, show = false } = options;
      if (to === undefined && !show)
        throw needed('--to or --show', 'give --to FILE, or --show for the terminal');
      const made = await exportKey(context, {
        ...(options as ExportKeyOptions),
        paths,
        key: keyOf(options.key),
      });
      if (!made) return exit(1);
      const { id, text } = made;
      context.print(text === undefined ? [`recovery kit of key ${id} written to ${to}`] : text.split('\n'));
      exit(0);
    });

  const rotate = group
    .command('rotate [PATHS...]')
    .description('have a new key open a repository, and the old one no more; no block is written anew')
    .requiredOption('--new-key <SOURCE>', 'the new key: env:NAME, file:PATH or credential:NAME')
    .option('--keep-old', 'let the old key open it as well, until this is run again without');
  withLab(withRepository(rotate))
    .addHelpText(
      'after',
      '\nBetween its two steps both keys open the repository; run again after an interruption, it goes on.\n' +
        '\nExample:\n  converge key rotate --repository s3://gdh-vm-replication/dr --key file:old.key --new-key file:new.key',
    )
    .action(async (paths: string[], options: RotateOptions) => {
      const rotated = await rotateRepositoryKey(context, { ...options, paths, key: keyOf(options.key) });
      if (!rotated) return exit(1);
      const { url, old, fresh, keys } = rotated;
      const next = `where manifests name ${old}, name ${fresh}; print a kit of ${fresh} with \`converge key export\``;
      context.print(
        keys.includes(old)
          ? [`${url} is opened by key ${fresh}, and still by ${old}`, next]
          : [
              `${url} is opened by key ${fresh}, and no more by ${old}`,
              `${next}: those of ${old} open nothing`,
            ],
      );
      exit(0);
    });
};

/** What a manifest says is a secret that is kept out of all that is said; so it has to be named here. */
function keyOf(key: string | undefined): string {
  if (key !== undefined) return key;
  throw needed('--key', 'give it, also where manifests name it: env:NAME, file:PATH or credential:NAME');
}

const needed = (what: string, hint: string): Failure =>
  new Failure(given('missing-argument', `${what} is not given`, { hint }));
