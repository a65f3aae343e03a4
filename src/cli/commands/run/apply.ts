import { type ApplyOptions, apply as applyManifests } from '../../../app/run/apply.ts';
import type { SelfOptions } from '../../../app/self/self-options.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Define } from '../../context/define.ts';
import {
  withAllow,
  withData,
  withDigest,
  withEvents,
  withExitCodes,
  withLab,
  withSelection,
  withState,
} from '../../context/options.ts';
import { withSelfOptions } from '../../context/self-options.ts';
import type { EventOptions } from '../../progress/events.ts';
import { approvalOf } from './approval.ts';

type ApplyCommandOptions = ApplyOptions & EventOptions & SelfOptions & { yes?: true };

export const apply: Define = (program, terminal, exit) => {
  const command = program
    .command('apply [PATHS...]')
    .description('make the changes that plan shows; PATHS are manifests, or one plan made by `plan -o`')
    .option('--noop', 'say what would be done and do nothing')
    .option('-y, --yes', 'make the changes without asking, which is only done on a terminal')
    .option(
      '--self <URL>',
      'in the place of PATHS: what s3://BUCKET/PREFIX says that this Beanstalk instance is to be',
    );
  withData(
    withLab(
      withState(withSelection(withExitCodes(withDigest(withAllow(withEvents(withSelfOptions(command))))))),
    ),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  converge apply manifests/lab --lab\n  converge apply plan.json\n  converge apply manifests --digest 7f3a9c21\n  converge apply --self s3://cust-deployment-data/ --lock-timeout 10m',
    )
    .action(async (paths: string[], options: ApplyCommandOptions) => {
      const context = terminal.withEventsOf(options);
      refuseMixture(paths, options);
      if (options.self !== undefined) {
        const { applySelf } = await import('../../../app/self/apply-self.ts');
        return exit(await applySelf(context, options.self, options));
      }
      const applied = await applyManifests(context, paths, options, approvalOf(context.io, options.yes));
      if (applied && !applied.report) context.say(['nothing was changed']);
      exit(applied?.code ?? 1);
    });
};

/** Either manifests that are named, or those that the bucket has. */
function refuseMixture(paths: string[], options: ApplyCommandOptions): void {
  const { self } = options;
  if (self !== undefined && paths.length > 0)
    throw new Failure(
      given('self-alone', `--self takes its content from ${self}, so no paths go with it`, {
        hint: `leave out ${paths.join(' ')}`,
      }),
    );
  if (self !== undefined) return;
  const stray = (['trust', 'insecureUnsigned', 'onUnreachable', 'log'] as const).find(
    name => options[name] !== undefined,
  );
  if (stray === undefined) return;
  const flag = `--${stray.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
  throw new Failure(
    given('self-missing', `${flag} goes with --self s3://BUCKET/, which is missing`, {
      hint: `add --self s3://BUCKET/, or leave ${flag} out`,
    }),
  );
}
