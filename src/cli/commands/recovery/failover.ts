import type { CommonOptions } from '../../../app/options.ts';
import {
  type Failover,
  type FailoverOptions,
  type FailoverPlan,
  failoverTest,
} from '../../../app/recovery/failover.ts';
import { failoverCleanup, failoverStatus } from '../../../app/recovery/standing.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { duration, plural } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData, withDigest, withFormat, withLab, withState } from '../../context/options.ts';
import { statusLines } from './status-lines.ts';

type StatusOptions = CommonOptions & { format: string; pictures?: string };
type TestOptions = FailoverOptions & { test?: true; yes?: true; format: 'text' | 'json' };

export const failover: Define = (program, context, exit) => {
  const group = program
    .command('failover')
    .description('run machines in EC2 from their recovery points: `failover PLAN --test PATHS`')
    .addHelpText('after', '\nExample:\n  converge failover web --test manifests');
  const command = group
    .command('run <PLAN> [PATHS...]', { isDefault: true })
    .description('rehearse a recovery_plan in a network that is proven to be apart')
    .option('--test', 'a rehearsal: the only kind that this version knows')
    .option('--point <POINT>', 'latest, a time (the newest at or before it), or an id', 'latest')
    .option('--noop', 'say what would be done and do nothing')
    .option('-y, --yes', 'go ahead without asking, which is only done on a terminal');
  withData(withLab(withState(withFormat(withDigest(command)))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge failover web --test manifests --noop\n  converge failover web --test manifests --point 2026-11-28T06:00:00Z',
    )
    .action(async (plan: string, paths: string[], options: TestOptions) => {
      if (!options.test)
        throw new Failure(
          given('test-only', `\`converge failover ${plan}\` needs --test`, {
            hint: 'this version rehearses; it takes over from no running system',
          }),
        );
      const { ask, stdout, host, interrupt } = context.io;
      const json = options.format === 'json';
      const asks = ask && stdout.isTTY && !host.env.CI && !options.yes && options.lab === undefined;
      const done = await failoverTest(context, plan, paths, options, {
        ...(asks && {
          approve: async shown => {
            context.print(planLines(shown));
            const answer = await ask('Run this test? [y/N] ');
            interrupt.throwIfAborted();
            return /^\s*y(es)?\s*$/i.test(answer ?? '');
          },
        }),
        say: line => context.say([line]),
      });
      if (!done) return exit(1);
      if (json) context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
      else context.print([...(asks ? [] : planLines(done.plan)), ...outcomeLines(done)]);
      exit(passed(done) ? 0 : 4);
    });

  withData(withLab(withState(withFormat(group.command('status <PLAN> [PATHS...]')))))
    .description('what the newest failover of a plan did, and what of it is there')
    .option('--pictures <DIR>', 'save the pictures of consoles that its probes took as files of this folder')
    .addHelpText('after', '\nExample:\n  converge failover status web manifests')
    .action(async (plan: string, paths: string[], options: StatusOptions) => {
      const status = await failoverStatus(context, plan, paths, options);
      if (!status) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...status }, null, 2)}\n`);
      else context.print(statusLines(status));
      exit(0);
    });

  withData(withLab(withState(withFormat(group.command('cleanup <PLAN> [PATHS...]')))))
    .description('remove what the newest failover of a plan made, and count until nothing is left')
    .addHelpText('after', '\nExample:\n  converge failover cleanup web manifests')
    .action(async (plan: string, paths: string[], options: CommonOptions & { format: string }) => {
      const gone = await failoverCleanup(context, plan, paths, options);
      if (!gone) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...gone }, null, 2)}\n`);
      else
        context.print([
          `${plural(gone.instances, 'instance')} terminated, ${plural(gone.images, 'image')} deregistered; 0 instances, 0 volumes and 0 images are left`,
          ...gone.foreign.map(id => `left alone, no record says that it is the test's: ${id}`),
        ]);
      exit(0);
    });
};

const passed = ({ recovered }: Failover): boolean =>
  !recovered || recovered.every(({ results }) => results.every(({ outcome }) => outcome === 'passed'));

function planLines({ plan, network, groups, digest }: FailoverPlan): string[] {
  const lines = groups.flatMap(({ wait, machines }, n) => [
    `  group ${n + 1}${wait > 0 ? `, after ${duration(wait)}` : ''}`,
    ...machines.flatMap(({ vm, point, time, disks, type, probes }) => [
      `    ${vm}  ${type}  ${plural(disks, 'disk')} of ${new Date(time).toISOString()} (${point.slice(0, 8)})`,
      ...probes.map(one => `      ${one}`),
    ]),
  ]);
  return [
    `test of ${plan} in ${network.subnet} of ${network.vpc}, group ${network.group}: nothing leads out of it`,
    ...lines,
    `digest ${digest.slice(0, 16)}`,
  ];
}

function outcomeLines({ recovered, took, resumed, plan }: Failover): string[] {
  if (!recovered) return ['nothing was launched'];
  const lines = recovered.flatMap(({ vm, instance, results, running, probed }) => [
    `${vm}  ${instance}  runs after ${duration(running)}, probed after ${duration(probed)}`,
    ...results.map(({ probe, from, outcome, saw }) => `  ${outcome}  ${probe} (from ${from}): ${saw}`),
  ]);
  return [
    ...(resumed ? ['went on with a test that had been interrupted'] : []),
    ...lines,
    `recovered in ${duration(took ?? 0)}; remove it: converge failover cleanup ${plan.plan} PATHS`,
  ];
}
