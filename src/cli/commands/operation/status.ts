import { type StatusOptions, status as see } from '../../../app/operation/status.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { bytes, plural, span } from '../../../io/units.ts';
import { again } from '../../../io/until.ts';
import { alertLine } from '../../../operation/alerts/words.ts';
import { type Mover, STATES, type Status, type Verified, type VmStatus } from '../../../operation/model.ts';
import type { PlanStatus } from '../../../operation/rehearsals.ts';
import { isBreached } from '../../../operation/status.ts';
import {
  agentsOf,
  byState,
  callingOf,
  cycleOf,
  doingOf,
  nextOf,
  planOf,
  presenceOf,
  rehearsalOf,
  replicaOf,
  runWords,
  WORST_FIRST,
  whyOf,
  worstFirst,
} from '../../../operation/words.ts';
import { FOREVER } from '../../../replication/model/object-lock.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withRepository, withState } from '../../context/options.ts';
import { monthlyCost, usualPrice } from '../../text/monthly-cost.ts';
import { table } from '../../text/table.ts';

type Options = StatusOptions & { format: 'text' | 'json'; watch?: true };

/** A repository, as a status has it. */
type Shown = Status['repositories'][number];

/** Between two looks with --watch, ms. */
const watchEvery = 10_000;

export const status: Define = (program, context, exit) => {
  const command = program
    .command('status [PATHS...]')
    .description('whether each VM keeps its recovery point objective, and why not; 16 when one does not')
    .option('--watch', 'show it again every few seconds, until it is interrupted')
    .option(
      '--size',
      'add up what each repository holds, what of it nothing needs and what it costs, which reads all of its maps',
    );
  withData(withLab(withState(withFormat(withRepository(command)))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge status manifests\n  converge status --repository s3://gdh-vm-replication/dr --format json',
    )
    .action(async (paths: string[], options: Options) => {
      const show = async (): Promise<number> => {
        const seen = await see(context, {
          ...options,
          paths,
          brief: options.format === 'text' && 'many',
          dead: options.size === true,
        });
        if (!seen) return 1;
        if (options.format === 'json')
          context.printJson(`${JSON.stringify(inJson(seen), null, options.watch ? 0 : 2)}\n`);
        else context.print(lines(seen, context.columns));
        context.report(seen.diagnostics);
        return exitCode({ diagnostics: seen.diagnostics, breached: seen.vms.some(isBreached) });
      };
      if (!options.watch) return exit(await show());
      const { clock } = context.io.host;
      const { interrupt: signal } = context.io;
      let code = await show();
      // One after the other is printed, so that what was there a minute ago can be read above.
      await again(clock, watchEvery, signal, async () => {
        if (options.format === 'text') context.print(['', new Date(clock.now()).toISOString()]);
        code = await show();
      });
      exit(code);
    });
};

function sizeLine({ url, bytes: size, dead }: Shown): string[] {
  if (size === undefined) return [];
  const dollars = monthlyCost(size, usualPrice(url));
  const more = [
    ...(dead === undefined ? [] : [`${bytes(dead)} of it dead`]),
    ...(dollars === undefined ? [] : [`$${dollars.toFixed(2)} a month`]),
  ];
  return [[`${url}: ${bytes(size)}`, ...more].join(', ')];
}

/** Which verification looked last, and how long ago. */
function verifiedOf({ verified = {} }: VmStatus, at: number): string {
  const [last] = Object.entries(verified).toSorted(([, a], [, b]) => b - a);
  return last ? `${last[0]} ${span(at - last[1])} ago` : 'never';
}

const time = (ms: number): string => new Date(ms).toISOString();
const seconds = (ms: number): number => Math.round(ms / 1000);

/** Times as RFC 3339, spans in seconds. */
function inJson({ at, vms, plans, repositories }: Status): object {
  return {
    version: 1,
    at: time(at),
    counts: countsOf(vms),
    vms: vms.map(vmInJson),
    plans: plans.map(planInJson),
    repositories: repositories.map(({ movers, alerts, ...one }) => ({
      ...one,
      ...costOf(one),
      ...(movers && { movers: movers.map(moverInJson) }),
      ...(alerts && { alerts: alerts.map(alert => ({ ...alert, since: time(alert.since) })) }),
    })),
  };
}

const costOf = ({ url, bytes: size }: Shown): object => {
  const dollars = size === undefined ? undefined : monthlyCost(size, usualPrice(url));
  return dollars === undefined ? {} : { monthly_cost_usd: dollars };
};

function countsOf(vms: readonly VmStatus[]): Record<string, number> {
  const found = byState(vms);
  return Object.fromEntries(STATES.map(state => [state, found.get(state)?.length ?? 0]));
}

const planInJson = ({ tested, passed, next, deadline, run, ...rest }: PlanStatus): object => ({
  ...rest,
  ...(tested && {
    tested: {
      number: tested.number,
      began: time(tested.began),
      finished: time(tested.at),
      ok: tested.ok,
      took_seconds: seconds(tested.took),
    },
  }),
  ...(passed !== undefined && { passed: time(passed) }),
  ...(next !== undefined && { next: time(next) }),
  ...(deadline !== undefined && { deadline: time(deadline) }),
  ...(run && {
    run: {
      ...run,
      began: time(run.began),
      ...(run.expires !== undefined && { expires: time(run.expires) }),
      steps: run.steps.map(({ at, text }) => ({ at: time(at), text })),
    },
  }),
});

const moverInJson = ({ since, at, running, ...rest }: Mover): object => ({
  ...rest,
  since: time(since),
  at: time(at),
  running: running.map(({ since: began, ...one }) => ({ ...one, since: time(began) })),
});

function vmInJson(one: VmStatus): object {
  const {
    age,
    target,
    deadline,
    next,
    pausedUntil,
    heldUntil,
    newest,
    replica,
    rehearsal,
    verified,
    ...rest
  } = one;
  return {
    ...rest,
    ...(age !== undefined && { age_seconds: seconds(age) }),
    ...(target !== undefined && { target_seconds: seconds(target) }),
    ...(deadline !== undefined && { deadline: time(deadline) }),
    ...(next !== undefined && { next: time(next) }),
    ...(pausedUntil !== undefined && { paused_until: time(pausedUntil) }),
    ...(heldUntil !== undefined && {
      held: true,
      ...(heldUntil < FOREVER && { held_until: time(heldUntil) }),
    }),
    ...(newest && { newest: newestInJson(newest) }),
    ...(replica && { replica: replicaInJson(replica) }),
    ...(verified && { verified: timesOf(verified) }),
    ...(rehearsal && { rehearsal: rehearsalInJson(rehearsal) }),
  };
}

const replicaInJson = ({ state, behind, age, target }: NonNullable<VmStatus['replica']>): object => ({
  state,
  behind,
  ...(age !== undefined && { age_seconds: seconds(age) }),
  ...(target !== undefined && { target_seconds: seconds(target) }),
});

const newestInJson = ({ presence, ...newest }: NonNullable<VmStatus['newest']>): object => ({
  ...newest,
  time: time(newest.time),
  ...(presence !== undefined && { presence: time(presence) }),
});

const timesOf = (verified: Verified): object =>
  Object.fromEntries(Object.entries(verified).map(([level, at]) => [level, time(at)]));

const rehearsalInJson = ({ began, finished, ...rest }: NonNullable<VmStatus['rehearsal']>): object => ({
  ...rest,
  began: time(began),
  ...(finished && {
    finished: time(finished.at),
    ok: finished.ok,
    took_seconds: seconds(finished.took),
  }),
});

function lines({ at, vms, plans, repositories }: Status, columns?: number): string[] {
  const sorted = worstFirst(vms);
  const called = callingOf(vms);
  const found = byState(vms);
  const counts = WORST_FIRST.flatMap(state => {
    const count = found.get(state)?.length ?? 0;
    return count > 0 ? [`${count} ${state}`] : [];
  });
  const have = (key: 'replica' | 'rehearsal' | 'verified') =>
    vms.some(vm => Object.keys(vm[key] ?? {}).length > 0);
  const optional = [
    ...(have('verified') ? [{ heading: 'VERIFIED', cell: (vm: VmStatus) => verifiedOf(vm, at) }] : []),
    ...(have('replica') ? [{ heading: 'REPLICA', cell: replicaOf }] : []),
    ...(have('rehearsal') ? [{ heading: 'REHEARSAL', cell: (vm: VmStatus) => rehearsalOf(vm, at) }] : []),
  ];
  const headings = [
    'VM',
    'STATE',
    'AGE',
    'TARGET',
    'NEXT',
    'LAST CYCLE',
    ...optional.map(one => one.heading),
    'WHY',
  ];
  const rows = sorted.map(vm => [
    called(vm),
    vm.state,
    vm.age === undefined ? '-' : span(vm.age),
    vm.target === undefined ? '-' : span(vm.target),
    nextOf(vm, at),
    cycleOf(vm),
    ...optional.map(({ cell }) => cell(vm)),
    whyOf(vm),
  ]);
  return [
    ...(vms.length > 0 ? table(headings, rows, columns) : []),
    ...repositories.flatMap(({ alerts = [] }) =>
      alerts.map(one => `${one.severity}, for ${span(at - one.since)}: ${alertLine(one)}`),
    ),
    ...plans.flatMap(plan => [
      `recovery plan ${plan.plan}: ${planOf(plan, at)}`,
      ...(plan.run ? [`  ${runWords(plan.run, at)}`] : []),
    ]),
    ...agentsOf(repositories).map(
      agent => `${agent.kind ?? 'agent'} on ${agent.host}: ${doingOf(agent, at)}`,
    ),
    ...[presenceOf(vms, at) ?? []].flat(),
    ...repositories.flatMap(sizeLine),
    `${plural(vms.length, 'VM')}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`,
  ];
}
