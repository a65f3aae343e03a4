import type { Command } from 'commander';
import type { StatusOptions } from '../../../app/operation/status.ts';
import type { ServeOptions } from '../../../app/operation/surface/open.ts';
import type { Define } from '../../context/define.ts';
import { collect, withData, withLab, withRepository, withState } from '../../context/options.ts';

/**
 * How the page is reached.
 *
 * @param unasked what comes of it when nobody says where
 */
export const withServe = (command: Command, unasked = 'no page is served when left out'): Command =>
  command
    .option('--listen <HOST:PORT>', `where the page is served (${unasked})`)
    .option(
      '--token <SOURCE>',
      'env:NAME, file:PATH or credential:NAME of a token that stays; a new one when left out',
    )
    .option(
      '--name <NAME[:PORT]>',
      'a name that it is reached by, with the port of the proxy where there is one; may be repeated',
      collect,
    )
    .option('--tls-cert <FILE>', 'certificate as PEM; elsewhere than on loopback it is needed')
    .option('--tls-key <SOURCE>', 'its key: env:NAME, file:PATH or credential:NAME');

/** Where the page is; a token that stays isn't shown. */
export function pageLines(link: string, { token }: ServeOptions): string[] {
  const shown = token === undefined ? link : link.replace(/token=.*/, 'token=...');
  return [`the page is at ${shown}`, 'Whoever has this link sees it. Ctrl-C ends it.'];
}

export const open: Define = (program, context, exit) => {
  const command = program
    .command('open [PATHS...]')
    .description('serve the page that `status` is in, with timelines, evidence and /metrics, until Ctrl-C')
    .option('--size', 'add up what each repository holds, which lists all of it');
  withServe(
    withData(withLab(withState(withRepository(command)))),
    'default 127.0.0.1 and a port that is free',
  )
    .addHelpText(
      'after',
      '\nExamples:\n  converge open manifests\n  converge open manifests/lab --lab\n  converge open manifests --listen 127.0.0.1:9470 --token file:/etc/converge/page-token',
    )
    .action(async (paths: string[], options: StatusOptions & ServeOptions) => {
      const { openPages } = await import('../../../app/operation/surface/open.ts');
      await openPages(context, { ...options, paths }, link => {
        context.print(pageLines(link, options));
      });
      exit(0);
    });
};
