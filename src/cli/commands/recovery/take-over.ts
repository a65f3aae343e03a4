import type { Command } from 'commander';
import type { PlanOptions } from '../../../app/recovery/open/with-plan.ts';
import { commitFailover, type Decided, undoFailover } from '../../../app/recovery/real/decide.ts';
import type { Source } from '../../../app/recovery/real/sources.ts';
import {
  type ShownTakeOver,
  type TakenOver,
  type TakeOverOptions,
  takeOver,
} from '../../../app/recovery/real/take-over.ts';
import { switchedIn } from '../../../recovery/dns/switch.ts';
import type { CliContext } from '../../context/cli-context.ts';
import { withData, withFormat, withLab, withState } from '../../context/options.ts';
import { keptLines, plannedRecordLine, putBackLine, switchedLines } from './dns-lines.ts';
import { fromRepository, originLines } from './from-repository.ts';
import { cleanedLines, hasPassed, machineLines, plannedGroups, takenOverLine } from './outcome-lines.ts';

type Options = TakeOverOptions & { format: 'text' | 'json' };
type DecideOptions = PlanOptions & { format: 'text' | 'json'; yes?: true };

/** What `failover PLAN` without `--test` does. */
export async function runTakeOver(
  context: CliContext,
  exit: (code: number) => void,
  plan: string,
  paths: string[],
  options: Options,
): Promise<void> {
  const { planned = false } = options;
  const json = options.format === 'json';
  const done = await takeOver(context, plan, paths, options, {
    // With JSON stdout is the one document at the end, which tells the plan as well.
    show: about => {
      if (!json) context.print(shownLines(about, planned));
      else if (!options.noop) context.say(shownLines(about, planned));
    },
    ...(canAsk(context) &&
      !options.yes && {
        approve: () => asked(context, 'Have these machines run in AWS from now on? [y/N] '),
      }),
    say: line => context.say([line]),
  });
  if (!done) return exit(1);
  if (json) context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
  else context.print(outcomeLines(done, planned));
  exit(hasPassed(done.recovered) ? 0 : 4);
}

/** `failover commit` and `failover undo`. */
export function decisions(group: Command, context: CliContext, exit: (code: number) => void): void {
  const decision = (name: string) =>
    fromRepository(
      withData(withLab(withState(withFormat(group.command(`${name} <PLAN> [PATHS...]`))))),
    ).option('-y, --yes', 'go ahead without asking, which is only done on a terminal');
  decision('commit')
    .description('keep the machines of the newest failover of a plan: they live in AWS from now on')
    .addHelpText('after', '\nExample:\n  converge failover commit web manifests')
    .action((plan: string, paths: string[], options: DecideOptions) =>
      decide(
        commitFailover,
        'Keep them in AWS? This is not undone by converge. [y/N] ',
        plan,
        paths,
        options,
      ),
    );
  decision('undo')
    .description('end the machines of the newest failover of a plan, and let their replication go on')
    .addHelpText('after', '\nExample:\n  converge failover undo web manifests')
    .action((plan: string, paths: string[], options: DecideOptions) =>
      decide(undoFailover, 'End them, with all that was written there? [y/N] ', plan, paths, options),
    );

  async function decide(
    act: typeof commitFailover,
    question: string,
    plan: string,
    paths: string[],
    options: DecideOptions,
  ): Promise<void> {
    const done = await act(context, plan, paths, options, {
      ...(canAsk(context) && !options.yes && { approve: () => asked(context, question) }),
    });
    if (!done) return exit(1);
    if (options.format === 'json') context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
    else context.print(decidedLines(done));
    exit(0);
  }
}

export const canAsk = ({ io: { ask, stdout, host } }: CliContext): boolean =>
  ask !== undefined && stdout.isTTY === true && !host.env.CI;

export async function asked({ io: { ask, interrupt } }: CliContext, question: string): Promise<boolean> {
  const answer = await ask!(question);
  interrupt.throwIfAborted();
  return /^\s*y(es)?\s*$/i.test(answer ?? '');
}

const shownLines = ({ plan, from, sources, again }: ShownTakeOver, planned: boolean): string[] => [
  ...originLines(from),
  `failover of ${plan.plan}: its machines run in AWS from then on, and no cycle of them at home`,
  ...plannedGroups(plan, again),
  ...(plan.dns ?? []).map(plannedRecordLine),
  ...(planned
    ? [
        '  planned: the guests at home are shut down, a last point is made of each, and that is launched: nothing is lost (RPO 0)',
      ]
    : []),
  ...sources.map(sourceLine),
  `digest ${plan.digest.slice(0, 16)}`,
];

const sourceLine = ({ vm, state, why }: Source): string =>
  ({
    off: `  ${vm} is off at home`,
    running: `  WARNING: ${vm} runs at home`,
    unknown: `  WARNING: nobody can say whether ${vm} runs at home: ${why}`,
  })[state];

function outcomeLines(
  { recovered, took, resumed, plan, again, switched }: TakenOver,
  planned: boolean,
): string[] {
  if (!recovered) return ['nothing was launched'];
  return [
    ...(resumed ? ['went on with a failover that had been interrupted'] : []),
    ...machineLines(recovered),
    ...(planned && !resumed
      ? ['nothing was lost: home was shut down before the points that were launched']
      : []),
    ...switchedLines(switched),
    takenOverLine(plan.plan, took ?? 0, recovered, again),
  ];
}

function decidedLines({ plan, run, done, cleaned }: Decided): string[] {
  const { number } = run.start;
  const was = run.steps.some(({ what }) => what === 'committed') ? 'committed' : 'undone';
  if (cleaned)
    return [
      ...cleanedLines({ plan, cleaned }, true),
      ...run.steps.flatMap(step => (step.what === 'dns-back' ? step.records.map(putBackLine) : [])),
      `failover ${number} of ${plan} is undone: replication of its machines goes on`,
    ];
  if (done)
    return [
      `failover ${number} of ${plan} is committed: its machines live in AWS; nothing protects them there`,
      ...keptLines(switchedIn(run.steps)),
    ];
  const isOver = run.steps.some(({ what }) => what === 'committed' || what === 'cleaned');
  return [isOver ? `failover ${number} of ${plan} was ${was} before` : 'nothing was done'];
}
