import {
  type Failover,
  type FailoverOptions,
  failoverTest,
  type PlannedMachine,
} from '../../../app/recovery/failover.ts';
import { failoverCleanup, failoverStatus } from '../../../app/recovery/failover-status.ts';
import type { PlanOptions } from '../../../app/recovery/with-plan.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { duration, plural } from '../../../io/units.ts';
import { assumedRate, type Cold } from '../../../recovery/replica/estimate.ts';
import type { Define } from '../../context/define.ts';
import { withData, withDigest, withFormat, withLab, withState } from '../../context/options.ts';
import { fromRepository, originLines } from './from-repository.ts';
import { statusLines } from './status-lines.ts';

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
  fromRepository(withData(withLab(withState(withFormat(withDigest(command))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge failover web --test manifests --noop\n  converge failover web --test manifests --point 2026-11-28T06:00:00Z' +
        '\n  converge failover web --test --repository s3://gdh-vm-replication/dr --key file:repository.key',
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
      else context.print([...(asks ? [] : planLines(done)), ...outcomeLines(done)]);
      exit(passed(done) ? 0 : 4);
    });

  fromRepository(withData(withLab(withState(withFormat(group.command('status <PLAN> [PATHS...]'))))))
    .description('what the newest failover of a plan did, and what of it is there')
    .addHelpText('after', '\nExample:\n  converge failover status web manifests')
    .action(async (plan: string, paths: string[], options: PlanOptions & { format: string }) => {
      const status = await failoverStatus(context, plan, paths, options);
      if (!status) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...status }, null, 2)}\n`);
      else context.print(statusLines(status));
      exit(0);
    });

  fromRepository(withData(withLab(withState(withFormat(group.command('cleanup <PLAN> [PATHS...]'))))))
    .description('remove what the newest failover of a plan made, and count until nothing is left')
    .addHelpText('after', '\nExample:\n  converge failover cleanup web manifests')
    .action(async (plan: string, paths: string[], options: PlanOptions & { format: string }) => {
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

function planLines({ plan: shown, from }: Pick<Failover, 'plan' | 'from'>): string[] {
  const { plan, network, groups, digest } = shown;
  const lines = groups.flatMap(({ wait, machines }, n) => [
    `  group ${n + 1}${wait > 0 ? `, after ${duration(wait)}` : ''}`,
    ...machines.flatMap(machineLines),
  ]);
  return [
    ...originLines(from),
    `test of ${plan} in ${network.subnet} of ${network.vpc}, group ${network.group}: nothing leads out of it`,
    ...lines,
    `digest ${digest.slice(0, 16)}`,
  ];
}

function machineLines({ vm, point, time, disks, type, why, shell, cold }: PlannedMachine): string[] {
  return [
    `    ${vm}  ${type}  ${plural(disks, 'disk')} of ${new Date(time).toISOString()} (${point.slice(0, 8)})`,
    ...(why === undefined ? [] : [`      ${type} is ${why}`]),
    ...(shell ? [`      Windows licensed by ${licensor[shell.license]}, from ${shell.image}`] : []),
    ...(cold ? coldLines(cold, type) : []),
  ];
}

const licensor: Record<string, string> = { aws: 'AWS, billed by the hour', byol: 'you' };

const coldLines = ({ blocks, seconds, writing, keeping }: Cold, type: string): string[] => [
  `      not warm: ${plural(blocks, 'block')} of 512 KiB to write first, about ${duration(seconds * 1000)} at ${assumedRate / 1e6} MB/s`,
  `      $${writing.toFixed(2)} to write, $${keeping.toFixed(2)} a month to keep; ${type} is billed while it runs`,
];

function outcomeLines({ recovered, took, resumed, plan, again }: Failover): string[] {
  if (!recovered) return ['nothing was launched'];
  const lines = recovered.flatMap(({ vm, instance, results, running, probed }) => [
    `${vm}  ${instance}  runs after ${duration(running)}, probed after ${duration(probed)}`,
    ...results.map(({ probe, from, outcome, saw }) => `  ${outcome}  ${probe} (from ${from}): ${saw}`),
  ]);
  return [
    ...(resumed ? ['went on with a test that had been interrupted'] : []),
    ...lines,
    `recovered in ${duration(took ?? 0)}; remove it: converge failover cleanup ${plan.plan} ${again}`,
  ];
}
