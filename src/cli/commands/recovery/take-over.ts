import type { Command } from 'commander';
import {
  commitFailover,
  type Decided,
  type Decision,
  type UndoOptions,
  undoFailover,
} from '../../../app/recovery/real/decide.ts';
import type { Source } from '../../../app/recovery/real/sources.ts';
import {
  type ShownTakeOver,
  type TakenOver,
  type TakeOverOptions,
  takeOver,
} from '../../../app/recovery/real/take-over.ts';
import { switchedIn } from '../../../recovery/dns/switch.ts';
import { putBackLine } from '../../../recovery/evidence/step-words.ts';
import { thoseAt, whereIs } from '../../../recovery/run/where.ts';
import type { CliContext } from '../../context/cli-context.ts';
import { collect, withData, withFormat, withLab, withState } from '../../context/options.ts';
import { approvalOf } from './approval.ts';
import { keptLines, plannedRecordLine, switchedLines } from './dns-lines.ts';
import { fromRepository, originLines } from './from-repository.ts';
import { cleanedLines, hasPassed, machineLines, plannedGroups, takenOverLine } from './outcome-lines.ts';

type Options = TakeOverOptions & { format: 'text' | 'json'; yes?: true };
type DecideOptions = UndoOptions & { format: 'text' | 'json'; yes?: true };

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
    approval: approvalOf(context, options.yes, () => 'Have these machines run in AWS from now on? [y/N] '),
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
    .description(
      'end the machines of the newest failover of a plan, or one of them, and let their replication go on',
    )
    .option(
      '--only <ADDRESS>',
      'this machine alone: what is left of one that is home, or all of one that runs',
    )
    .option(
      '--allow <ADDRESS>',
      'end this machine though it is on its way home, was committed, or was left behind by others that went home; may be repeated',
      collect,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  converge failover undo web manifests\n  converge failover undo web manifests --only recovery_target:web01',
    )
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
      approval: approvalOf(context, options.yes, () => question),
      // With JSON stdout is the one document at the end.
      show: about =>
        options.format === 'json' ? context.say(decisionLines(about)) : context.print(decisionLines(about)),
    });
    if (!done) return exit(1);
    if (options.format === 'json') context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
    else context.print(decidedLines(done));
    exit(0);
  }
}

const decisionLines = ({ plan, number, ends, keeps }: Decision): string[] => [
  `failover ${number} of ${plan}:`,
  ...ends.map(endLine),
  ...(keeps.length > 0 ? [`  ${keeps.join(', ')}: stays in EC2`] : []),
];

function endLine({ vm, where, since }: Decision['ends'][number]): string {
  if (where === 'home') return `  ${vm}: is home; what is left of it in EC2 is removed`;
  if (since === undefined) return `  ${vm}: ${where === 'nowhere' ? 'was not launched' : 'is being ended'}`;
  return `  ${vm}: ends, and all that it has written in EC2 since ${new Date(since).toISOString()} is LOST`;
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
  { recovered, took, resumed, plan, again, switched, missing = [] }: TakenOver,
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
    takenOverLine(plan.plan, took ?? 0, { recovered, missing }, again),
  ];
}

function decidedLines({ plan, run, only, done, cleaned }: Decided): string[] {
  const { number } = run.start;
  if (only !== undefined && !done && whereIs(run, only) === 'ended')
    return [`${only} of failover ${number} of ${plan} was ended before`];
  const was = run.steps.some(({ what }) => what === 'committed') ? 'committed' : 'undone';
  if (cleaned)
    return [
      ...cleanedLines({ plan, cleaned }, true),
      ...run.steps.flatMap(step => (step.what === 'dns-back' ? step.records.map(putBackLine) : [])),
      only === undefined
        ? `failover ${number} of ${plan} is undone: replication of its machines goes on`
        : `${only} of failover ${number} of ${plan} is ended: its replication goes on`,
    ];
  if (done)
    return [
      `failover ${number} of ${plan} is committed: ${thoseAt(run, 'there').join(', ')} ${thoseAt(run, 'there').length > 1 ? 'live' : 'lives'} in AWS; nothing protects that there`,
      ...keptLines(switchedIn(run.steps)),
    ];
  const isOver = run.steps.some(({ what }) => what === 'committed' || what === 'cleaned');
  return [isOver ? `failover ${number} of ${plan} was ${was} before` : 'nothing was done'];
}
