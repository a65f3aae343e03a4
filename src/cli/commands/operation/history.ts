import { type History, type HistoryOptions, history as read } from '../../../app/operation/history.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { bytes, plural, span } from '../../../io/units.ts';
import { type PastCycle, type PastVm, summed } from '../../../operation/history.ts';
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
    .description('what agents did: cycles, resyncs with their reasons, and how far each RPO was kept')
    .option(
      '--since <TIME>',
      'from when on: a duration before now, or a time (default 7d; 90 days are kept)',
    );
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
      else context.print(lines(found, vms, vm !== undefined, context.columns));
      context.report(found.diagnostics);
      exit(exitCode({ diagnostics: found.diagnostics }));
    });
};

const time = (ms: number): string => new Date(ms).toISOString();

function inJson({ from, to, cycles }: History, vms: readonly PastVm[]): object {
  return {
    version: 1,
    from: time(from),
    to: time(to),
    vms,
    cycles: cycles
      .filter(({ ended }) => ended >= from)
      .map(({ began, ended, made, ...rest }) => ({
        ...rest,
        began: time(began),
        ended: time(ended),
        ...(made && { made: { ...made, time: time(made.time), until: time(made.until) } }),
      })),
  };
}

function lines(
  { from, to, cycles }: History,
  vms: readonly PastVm[],
  isOne: boolean,
  columns?: number,
): string[] {
  if (vms.length === 0) return ['no agent has written down a cycle in that time'];
  const within = cycles.filter(({ ended }) => ended >= from);
  const one = isOne
    ? table(
        ['ENDED', 'TOOK', 'CYCLE', 'READ', 'POINT', 'ID'],
        within.map(cycle => [time(cycle.ended), span(cycle.ended - cycle.began), ...cells(cycle)]),
        columns,
      )
    : [];
  return [
    ...one,
    ...table(
      ['VM', 'CYCLES', 'FAILED', 'RESYNCS', 'RPO KEPT'],
      vms.map(({ vm, cycles: count, failed, resyncs, attainment }) => [
        vm,
        String(count),
        String(failed),
        Object.entries(resyncs)
          .map(([reason, times]) => `${times} ${reason}`)
          .join(', ') || '-',
        attainment === undefined ? '-' : `${floored(attainment)} %`,
      ]),
      columns,
    ),
    `${plural(within.length, 'cycle')} from ${time(from)} to ${time(to)}`,
  ];
}

/** Never more than it was: 99.999 is not 100. */
const floored = (percent: number): string => (Math.floor(percent * 100) / 100).toFixed(2);

function cells({ made, failed, id = '-' }: PastCycle): string[] {
  if (!made) return [failed ? failed.code : 'no point', '-', '-', id];
  const { mode, reason, read: size, generation } = made;
  return [mode === 'incremental' ? mode : `${mode} (${reason})`, bytes(size), String(generation), id];
}
