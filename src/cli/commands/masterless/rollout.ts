import type { Command } from 'commander';
import type { FleetOptions } from '../../../app/masterless/fleet.ts';
import { haltRolloutOf, rolloutStatus } from '../../../app/masterless/rollout-status.ts';
import { type Diagnostic, Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import { plural } from '../../../io/units.ts';
import type { Reports } from '../../../masterless/reports/read-reports.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { withFormat } from '../../context/options.ts';
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
    .description('what the instances of an environment run, and the state of its rollout')
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
          given('bad-duration', `--silent-after ${options.silentAfter} is not a duration`, {
            hint: 'write it like 2h',
          }),
        );
      const found = await rolloutStatus(context, environment, { ...options, silentAfter });
      if (options.format === 'json') context.printJson(`${JSON.stringify(statusJson(found), null, 2)}\n`);
      else context.print(statusText(found, context.columns));
      context.report(warningsOf(found.refused));
      const isTrouble = found.statuses.some(one => one.state === 'failed' || one.state === 'silent');
      exit(isTrouble ? 4 : 0);
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
      warning(`${key} is not believed: ${why}`, 'find out who can write there, then remove it'),
    );
  const rest = refused.length - told.length;
  return rest > 0
    ? [...told, warning(`${plural(rest, 'more report')} not believed`, '--format json names them')]
    : told;
}

function halt(group: Command, context: CliContext, exit: (code: number) => void): void {
  const command = group
    .command('halt <ENV>')
    .description('end a running rollout, whoever began it: whoever was told finishes, nobody else begins');
  withFleetOptions(command)
    .addHelpText('after', '\nExample:\n  converge rollout halt shop-prod --self s3://cust-deployment-data/')
    .action(async (environment: string, options: FleetOptions) => {
      const halted = await haltRolloutOf(context, environment, options);
      context.print([
        halted
          ? `the rollout of ${environment} is halted; ${plural(halted.instances.length, 'instance')} had been told to apply`
          : `no rollout of ${environment} is running`,
      ]);
      exit(0);
    });
}
