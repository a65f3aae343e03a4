import type { Command } from 'commander';
import { type FleetOptions, noInstances, withFleet } from '../../../app/aws/fleet.ts';
import { type Diagnostic, Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { printable } from '../../../diagnostics/text-width.ts';
import { parseDuration } from '../../../io/duration.ts';
import { plural } from '../../../io/units.ts';
import { type Reports, reportReader } from '../../../masterless/reports/read-reports.ts';
import { haltRollout, readRollout } from '../../../masterless/rollout/announce.ts';
import { fleetStatus } from '../../../masterless/rollout/status.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import { withFormat } from '../../options.ts';
import { statusJson, statusText } from '../../rollout/status-table.ts';
import { withFleetOptions } from './fleet-options.ts';

interface StatusOptions extends FleetOptions {
  silentAfter?: string;
  format: 'text' | 'json';
}

/** `converge rollout status` and `rollout halt`. */
export const rollout: Define = (program, context, exit) => {
  const group = program
    .command('rollout')
    .description('what the instances of an environment run, and how its rollout stands')
    .addHelpText(
      'after',
      `
Examples:
  converge rollout status shop-prod --self s3://cust-deployment-data/
  converge rollout halt shop-prod --self s3://cust-deployment-data/

\`converge bump\` begins one.`,
    );
  status(group, context, exit);
  halt(group, context, exit);
};

function status(group: Command, context: CliContext, exit: (code: number) => void): void {
  const command = group
    .command('status <ENV>')
    .description('who runs what, who is silent, who failed and why; exit 4 when somebody failed or is silent')
    .option(
      '--silent-after <DURATION>',
      'call silent whose last report is older (default: however old; agents report when they applied something)',
    );
  withFleetOptions(withFormat(command))
    .addHelpText(
      'after',
      `
Examples:
  converge rollout status shop-prod --self s3://cust-deployment-data/
  converge rollout status shop-prod --self s3://cust-deployment-data/ --format json`,
    )
    .action(async (environment: string, options: StatusOptions) => {
      const silentAfter = options.silentAfter === undefined ? undefined : parseDuration(options.silentAfter);
      if (options.silentAfter !== undefined && silentAfter === undefined)
        throw new Failure(
          given('bad-duration', `--silent-after ${options.silentAfter} is no duration`, {
            hint: 'write it like 2h',
          }),
        );
      await withFleet(context, environment, options, async ({ bucket, ec2, clock }) => {
        const [instances, { told, refused }, announced] = await Promise.all([
          ec2.instances(environment),
          reportReader(bucket, environment)(),
          readRollout(bucket, environment),
        ]);
        if (instances.length === 0 && told.size === 0) throw new Failure(noInstances(environment));
        const now = clock.now();
        const data = {
          environment,
          bucket: bucket.url,
          now,
          rollout: announced?.rollout,
          instances: new Map(instances.map(one => [one.id, one])),
          statuses: fleetStatus(
            instances.map(({ id }) => id),
            told,
            announced?.rollout,
            { now, silentAfter },
          ),
          refused,
        };
        const json = options.format === 'json';
        context.print(
          json ? `${JSON.stringify(statusJson(data), null, 2)}\n` : statusText(data, context.columns),
        );
        context.report(warningsOf(refused));
        const isTrouble = data.statuses.some(one => one.state === 'failed' || one.state === 'silent');
        exit(isTrouble ? 4 : 0);
      });
    });
}

/** Refused reports that are told one by one. */
const mostTold = 10;

function warningsOf(refused: Reports['refused']): Diagnostic[] {
  const warning = (message: string, hint: string): Diagnostic => ({
    ...world('report-refused', message, { hint }),
    severity: 'warning',
  });
  const told = refused
    .slice(0, mostTold)
    .map(({ key, why }) =>
      warning(`${printable(key)} is not believed: ${why}`, 'find out who can write there, then remove it'),
    );
  const rest = refused.length - told.length;
  return rest > 0
    ? [...told, warning(`${plural(rest, 'more report')} not believed`, '--format json names them')]
    : told;
}

function halt(group: Command, context: CliContext, exit: (code: number) => void): void {
  const command = group
    .command('halt <ENV>')
    .description('end a running rollout, whoever began it: who was told finishes, nobody else begins');
  withFleetOptions(command)
    .addHelpText('after', '\nExample:\n  converge rollout halt shop-prod --self s3://cust-deployment-data/')
    .action(async (environment: string, options: FleetOptions) => {
      await withFleet(context, environment, options, async ({ bucket }) => {
        const halted = await haltRollout(bucket, environment);
        context.print(
          halted
            ? `the rollout of ${environment} is halted; ${plural(halted.instances.length, 'instance')} had been told to apply\n`
            : `no rollout of ${environment} is running\n`,
        );
      });
      exit(0);
    });
}
