import { type Failover, failoverTest } from '../../../app/recovery/failover.ts';
import { failoverCleanup, failoverStatus } from '../../../app/recovery/failover-status.ts';
import type { PlanOptions } from '../../../app/recovery/open/with-plan.ts';
import type { TakeOverOptions } from '../../../app/recovery/real/take-over.ts';
import { failoverRetry } from '../../../app/recovery/retry.ts';
import type { Define } from '../../context/define.ts';
import {
  collect,
  milliseconds,
  withData,
  withDigest,
  withFormat,
  withLab,
  withState,
} from '../../context/options.ts';
import { approvalOf } from './approval.ts';
import { switchedLines } from './dns-lines.ts';
import { fromRepository, originLines } from './from-repository.ts';
import { cleanedLines, endLine, hasPassed, machineLines, planLines, takenOverLine } from './outcome-lines.ts';
import { statusLines } from './status-lines.ts';
import { decisions, runTakeOver } from './take-over.ts';

type StatusOptions = PlanOptions & { format: string; pictures?: string; evidence?: string };
type RetryOptions = PlanOptions & { format: string; anew?: boolean };
type CleanupOptions = PlanOptions & { format: string; expired?: boolean };
type RunOptions = TakeOverOptions & { test?: true; yes?: true; format: 'text' | 'json' };

export const failover: Define = (program, context, exit) => {
  const group = program
    .command('failover')
    .description(
      'run machines in EC2 from their recovery points: `failover PLAN PATHS`, with --test to rehearse it',
    )
    .addHelpText('after', '\nExample:\n  converge failover web --test manifests');
  const command = group
    .command('run <PLAN> [PATHS...]', { isDefault: true })
    .description(
      'have the machines of a recovery_plan run in AWS, or rehearse that in a network that is proven to be apart',
    )
    .option('--test', 'a rehearsal; without it the machines take over from those at home')
    .option('--source-down-confirmed', 'somebody has seen to it that nothing of them runs at home any more')
    .option(
      '--planned',
      'shut the machines at home down first, and make a last point of each: nothing is lost',
    )
    .option('--shutdown-within <TIME>', 'what their guests have for that (default: 10m)', milliseconds)
    .option(
      '--point <POINT>',
      'latest (as when left out), a time (the newest at or before it), or an id; VM=POINT for one machine; may be repeated',
      collect,
    )
    .option('--noop', 'say what would be done and do nothing')
    .option(
      '--allow <ADDRESS>',
      'launch this recovery_target though readiness says that it would not run, or rehearse this recovery_plan though something that may lead out of its network can not be asked for; may be repeated',
      collect,
    )
    .option('-y, --yes', 'go ahead without asking, which is only done on a terminal');
  fromRepository(withData(withLab(withState(withFormat(withDigest(command))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge failover web --test manifests --noop\n  converge failover web manifests --planned --noop\n  converge failover web manifests --source-down-confirmed --digest 0123456789abcdef\n  converge failover web --test manifests --point 2026-11-28T06:00:00Z' +
        '\n  converge failover web --test --repository s3://gdh-vm-replication/dr --key file:repository.key',
    )
    .action(async (plan: string, paths: string[], options: RunOptions) => {
      if (!options.test) return runTakeOver(context, exit, plan, paths, options);
      const json = options.format === 'json';
      const approval = approvalOf(context, options.yes, () => 'Run this test? [y/N] ');
      const done = await failoverTest(context, plan, paths, options, {
        // With JSON stdout is the one document at the end, which tells the plan as well.
        show: about => {
          if (!json) context.print(planLines(about));
          else if (!options.noop) context.say(planLines(about));
        },
        // A test takes over from nothing and is removed again: without a terminal it just runs.
        approval: approval === 'nobody' || options.lab !== undefined ? 'given' : approval,
        say: line => context.say([line]),
      });
      if (!done) return exit(1);
      if (json) context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
      else context.print(outcomeLines(done));
      exit(hasPassed(done.recovered) ? 0 : 4);
    });

  fromRepository(withData(withLab(withState(withFormat(group.command('status <PLAN> [PATHS...]'))))))
    .description('what the newest failover of a plan did, and what of it is there')
    .option('--pictures <DIR>', 'save the pictures of consoles that its probes took as files of this folder')
    .option('--evidence <DIR>', 'save what it showed as JSON and as one page of HTML in this folder')
    .addHelpText('after', '\nExample:\n  converge failover status web manifests')
    .action(async (plan: string, paths: string[], options: StatusOptions) => {
      const status = await failoverStatus(context, plan, paths, options);
      if (!status) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...status }, null, 2)}\n`);
      else context.print(statusLines(status));
      exit(0);
    });

  decisions(group, context, exit);

  fromRepository(withData(withLab(withState(withFormat(group.command('retry <PLAN> [PATHS...]'))))))
    .description('try again what failed in the newest failover of a plan; what passed is left alone')
    .option('--anew', 'end the instances that failed, and launch others')
    .addHelpText('after', '\nExample:\n  converge failover retry web manifests')
    .action(async (plan: string, paths: string[], options: RetryOptions) => {
      const done = await failoverRetry(context, plan, paths, options, line => context.say([line]));
      if (!done) return exit(1);
      const { from, recovered, took, whole, by, switched } = done;
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
      else
        context.print([
          ...originLines(from),
          ...machineLines(recovered),
          ...switchedLines(switched),
          done.kind === 'test'
            ? endLine(done.plan, took, recovered, by, whole)
            : takenOverLine(done.plan, took, { recovered, missing: done.missing ?? [] }, by, whole),
        ]);
      exit(hasPassed(recovered) ? 0 : 4);
    });

  fromRepository(withData(withLab(withState(withFormat(group.command('cleanup <PLAN> [PATHS...]'))))))
    .description('remove what the newest failover of a plan made, and count until nothing is left')
    .option('--expired', 'only if its time is over; with `all` in the place of PLAN those of every plan')
    .addHelpText(
      'after',
      '\nExamples:\n  converge failover cleanup web manifests\n  converge failover cleanup --expired all manifests',
    )
    .action(async (plan: string, paths: string[], options: CleanupOptions) => {
      const done = await failoverCleanup(context, plan, paths, options);
      if (!done) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, plans: done }, null, 2)}\n`);
      else context.print(done.flatMap(one => cleanedLines(one, plan === one.plan)));
      const failed = done.flatMap(one => ('diagnostics' in one ? one.diagnostics : []));
      context.report(failed);
      exit(failed.length > 0 ? 4 : 0);
    });
};

function outcomeLines({ recovered, took, resumed, plan, again }: Failover): string[] {
  if (!recovered) return ['nothing was launched'];
  return [
    ...(resumed ? ['went on with a test that had been interrupted'] : []),
    ...machineLines(recovered),
    endLine(plan.plan, took ?? 0, recovered, again),
  ];
}
