import { type History, type HistoryOptions, history as read } from '../../../app/operation/history.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { bytes, plural, span } from '../../../io/units.ts';
import { alertLine } from '../../../operation/alerts/words.ts';
import { type PastAlert, type PastCycle, type PastVm, summed } from '../../../operation/history.ts';
import type { Define } from '../../context/define.ts';
import {
  vmAndPaths,
  withData,
  withFormat,
  withLab,
  withRepository,
  withState,
  withVm,
} from '../../context/options.ts';
import { table } from '../../text/table.ts';

type Options = HistoryOptions & { vm?: string; format: 'text' | 'json' };

export const history: Define = (program, context, exit) => {
  const command = program
    .command('history [VM] [PATHS...]')
    .description(
      'what agents did and told: cycles, resyncs with their reasons, alerts, and how far each RPO was kept',
    )
    .option('--since <TIME>', 'from when on: a duration before now, or a time (default 7d; 90 days are kept)')
    .option('--until <TIME>', 'until when: likewise; now when left out');
  withData(withLab(withState(withFormat(withVm(withRepository(command))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge history dc02 manifests --since 30d\n  converge history --repository s3://gdh-vm-replication/dr',
    )
    .action(async (name: string | undefined, rest: string[], options: Options) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...rest], options.vm);
      const found = await read(context, vm, { ...options, paths });
      if (!found) return exit(1);
      const vms = summed(found.cycles, found.besides, found.from, found.to);
      if (options.format === 'json') context.printJson(`${JSON.stringify(inJson(found, vms), null, 2)}\n`);
      else context.print(lines(found, vms, vm, context.columns));
      context.report(found.diagnostics);
      exit(exitCode({ diagnostics: found.diagnostics }));
    });
};

const time = (ms: number): string => new Date(ms).toISOString();

function inJson({ from, to, cycles, alerts }: History, vms: readonly PastVm[]): object {
  return {
    version: 1,
    from: time(from),
    to: time(to),
    vms,
    cycles: cycles
      .filter(({ ended }) => ended >= from && ended <= to)
      .map(({ began, ended, made, ...rest }) => ({
        ...rest,
        began: time(began),
        ended: time(ended),
        ...(made && { made: { ...made, time: time(made.time), until: time(made.until) } }),
      })),
    alerts: alerts.map(({ since, ended, ...rest }) => ({
      ...rest,
      since: time(since),
      ...(ended !== undefined && { ended: time(ended) }),
    })),
  };
}

function lines(
  { from, to, cycles, alerts }: History,
  vms: readonly PastVm[],
  about: string | undefined,
  columns?: number,
): string[] {
  const within = cycles.filter(({ ended }) => ended >= from && ended <= to);
  const tables = [
    about !== undefined && within.length > 0 ? table(CYCLE, within.map(cycleRow), columns) : [],
    alerts.length > 0
      ? table(
          ALERT,
          alerts.map(one => alertRow(one, about)),
          columns,
        )
      : [],
    vms.length > 0 ? table(VM, vms.map(vmRow), columns) : [],
  ];
  const counts = `${plural(within.length, 'cycle')} and ${plural(alerts.length, 'alert')}`;
  return [
    ...tables.filter(one => one.length > 0).flatMap((one, n) => [...(n > 0 ? [''] : []), ...one]),
    ...(vms.length === 0 ? ['no point was made, and no agent has written down a cycle in that time'] : []),
    `${counts} from ${time(from)} to ${time(to)}`,
  ];
}

const CYCLE = ['ENDED', 'TOOK', 'CYCLE', 'READ', 'POINT', 'ID'];
const ALERT = ['ALERT SINCE', 'LASTED', 'RULE', 'TOLD', 'WHAT'];
const VM = ['VM', 'CYCLES', 'FAILED', 'RESYNCS', 'RPO KEPT'];

const cycleRow = ({ began, ended, made, failed, id = '-' }: PastCycle): string[] => {
  const row = [time(ended), span(ended - began)];
  if (!made) return [...row, failed ? failed.code : 'no point', '-', '-', id];
  const { mode, reason, read: size, generation } = made;
  const cycle = mode === 'incremental' ? mode : `${mode} (${reason})`;
  return [...row, cycle, bytes(size), String(generation), id];
};

const alertRow = (alert: PastAlert, about: string | undefined): string[] => {
  const { since, ended, rule, told } = alert;
  return [
    time(since),
    ended === undefined ? 'open' : span(ended - since),
    rule,
    told.join(', ') || 'nobody',
    alertLine(alert, about),
  ];
};

const vmRow = ({ vm, cycles, failed, resyncs, attainment }: PastVm): string[] => [
  vm,
  String(cycles),
  String(failed),
  Object.entries(resyncs)
    .map(([reason, times]) => `${times} ${reason}`)
    .join(', ') || '-',
  attainment === undefined ? '-' : `${floored(attainment)} %`,
];

/** Never more than it was: 99.999 is not 100. */
const floored = (percent: number): string => (Math.floor(percent * 100) / 100).toFixed(2);
