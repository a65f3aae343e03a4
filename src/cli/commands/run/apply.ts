import { loadCatalog } from '../../../app/catalog.ts';
import { openSession } from '../../../app/open-session.ts';
import type { CommonOptions, SelectOptions } from '../../../app/options.ts';
import { isPlan, readPlan } from '../../../app/plan-file.ts';
import { type RunOptions, runApply, type Source } from '../../../app/run-apply.ts';
import type { SelfOptions } from '../../../app/self/self-options.ts';
import { requireUserTypes } from '../../../app/user-types.ts';
import { version } from '../../../app/version.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { plan as makePlan } from '../../../engine/plan/planner.ts';
import { recheck } from '../../../engine/plan/recheck.ts';
import { type CliContext, withEventsOf } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import {
  withAllow,
  withData,
  withDigest,
  withEvents,
  withExitCodes,
  withLab,
  withSelection,
  withState,
} from '../../options.ts';
import type { EventOptions } from '../../progress/events.ts';
import { withSelfOptions } from '../../self/options.ts';

type ApplyCommandOptions = CommonOptions & SelectOptions & EventOptions & SelfOptions & RunOptions;

export const apply: Define = (program, terminal, exit) => {
  const command = program
    .command('apply [PATHS...]')
    .description('make the changes that plan shows; PATHS are manifests, or one plan made by `plan -o`')
    .option('--noop', 'say what would be done and do nothing')
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
      const context = withEventsOf(terminal, options);
      refuseMixture(paths, options);
      if (options.self !== undefined) {
        const { applySelf } = await import('../../../app/self/apply-self.ts');
        return exit(await applySelf(context, options.self, options));
      }
      const source = (await planFile(context, paths, options)) ?? (await manifests(context, paths, options));
      if (!source) return exit(1);
      const session = await openSession(context, options, {
        targets: source.targets,
        platform: source.platform,
        exclusive: true,
      });
      try {
        const reporter = await context.reporter.run(() => session.world.host.clock.now());
        try {
          exit((await runApply(session, context, source, options, reporter)).code);
        } finally {
          await reporter.close();
        }
      } finally {
        await session.close();
      }
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

async function manifests(
  context: CliContext,
  paths: string[],
  options: CommonOptions & SelectOptions,
): Promise<Source | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  return (
    catalog && {
      targets: catalog.targets,
      platform: catalog.platform,
      plan: run => makePlan(catalog, run, { engine: version, ...options }),
    }
  );
}

/** A file whose top key is `converge_plan` is a plan, whatever its name. */
async function planFile(
  context: CliContext,
  paths: string[],
  options: SelectOptions,
): Promise<Source | undefined> {
  const plans: string[] = [];
  for (const path of paths) if (await isPlan(context, path)) plans.push(path);
  const [path] = plans;
  if (path === undefined) return undefined;
  if (paths.length > 1)
    throw new Failure(given('one-plan', `${path} is a plan, and a plan is applied by itself`));
  if (options.only ?? options.except) {
    throw new Failure(
      given('plan-is-whole', `${path} was reviewed as a whole: --only and --except don't go with it`, {
        hint: 'select when planning: `converge plan MANIFESTS --only ... -o plan.json`',
      }),
    );
  }
  const plan = await readPlan(context, path);
  // Beside the manifests that the plan was made from; the plan says which files were reviewed.
  if (plan.type_files) await requireUserTypes(context, [...new Set(plan.resources.map(({ at }) => at.file))]);
  return {
    targets: plan.targets,
    platform: plan.platform,
    async plan(run) {
      await recheck(plan, run);
      return plan;
    },
  };
}
