import type { StatusOptions } from '../../../app/operation/status.ts';
import { type EvidenceAsked, monthsEvidence } from '../../../app/operation/surface/evidence.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import type { Evidence } from '../../../operation/evidence.ts';
import { evidencePage } from '../../../operation/page/evidence-page.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withRepository, withState } from '../../context/options.ts';
import { summary } from '../../progress/summary.ts';

type Options = StatusOptions & EvidenceAsked & { format: 'html' | 'json' };

/** In the place of PATHS: the report of a run. */
const ofRun = ['last', 'failed'] as const;

export const report: Define = (program, context, exit) => {
  const command = program
    .command('report [PATHS...]')
    .description(
      'evidence of a month: whether RPOs were kept, resyncs, verifications, rehearsals. report last, report failed: what came of the newest apply, or of the newest that failed',
    )
    .option('--month <YYYY-MM>', 'which month, in UTC (default this one)')
    .option('--group <PATTERN>', 'only VMs whose names fit a glob, or that have label:NAME');
  withData(withLab(withState(withFormat(withRepository(command), 'html', 'json'))))
    .addHelpText(
      'after',
      "\nExamples:\n  converge report manifests --month 2026-10 > october.html\n  converge report manifests --group 'label:finance' --format json\n  converge report last\n  converge report failed --format json",
    )
    .action(async (paths: string[], options: Options) => {
      const which = ofRun.find(word => word === paths[0]);
      if (which) return exit(await reportOfRun(context, which, paths, options));
      const found = await monthsEvidence(context, { ...options, paths });
      if (!found) return exit(1);
      const { evidence, diagnostics } = found;
      if (options.format === 'json') context.printJson(`${JSON.stringify(inJson(evidence), null, 2)}\n`);
      else context.printExact(evidencePage(evidence));
      // Whoever keeps it by a timer reads it a year later: that something is missing is said now.
      context.report(diagnostics);
      exit(exitCode({ diagnostics }));
    });
};

async function reportOfRun(
  context: CliContext,
  which: (typeof ofRun)[number],
  paths: readonly string[],
  options: Options,
): Promise<number> {
  if (paths.length > 1 || options.month !== undefined || options.group !== undefined)
    throw new Failure(
      given(
        'report-mixed',
        `\`report ${which}\` is of a state folder, and takes no PATHS, --month or --group`,
        {
          hint: `name the folder with --state; a folder of manifests that is called ${which} is ./${which}`,
        },
      ),
    );
  const { pastRun } = await import('../../../app/run/past-run.ts');
  const { file, report: past } = await pastRun(context, which, options);
  if (options.format === 'json') {
    context.printJson(`${JSON.stringify(past, null, 2)}\n`);
    return 0;
  }
  context.print([`begun ${past.started}, plan ${past.plan.slice(0, 8)}, ${file}`, ...summary(past)]);
  context.report([...past.results.flatMap(({ diagnostic }) => diagnostic ?? []), ...past.diagnostics]);
  return 0;
}

const time = (ms: number): string => new Date(ms).toISOString();
const seconds = (ms: number): number => Math.round(ms / 1000);

/** Times as RFC 3339, spans in seconds. */
function inJson({ from, to, at, attainment, vms, ...rest }: Evidence): object {
  return {
    version: 1,
    ...rest,
    from: time(from),
    to: time(to),
    at: time(at),
    attainment: attainmentInJson(attainment),
    vms: vms.map(({ target, verified, rehearsal, breaches, resyncs, attainment: own, ...vm }) => ({
      ...vm,
      ...(target !== undefined && { target_seconds: seconds(target) }),
      attainment: attainmentInJson(own),
      breaches: breaches.map(one => ({ from: time(one.from), to: time(one.to) })),
      resyncs: resyncs.map(one => ({ ...one, time: time(one.time) })),
      ...(verified && {
        verified: Object.fromEntries(Object.entries(verified).map(([level, when]) => [level, time(when)])),
      }),
      ...(rehearsal && {
        rehearsal: {
          plan: rehearsal.plan,
          number: rehearsal.number,
          began: time(rehearsal.began),
          ...(rehearsal.finished && {
            finished: time(rehearsal.finished.at),
            ok: rehearsal.finished.ok,
            took_seconds: seconds(rehearsal.finished.took),
          }),
        },
      }),
    })),
  };
}

const attainmentInJson = ({ share, known, breaches, longest }: Evidence['attainment']): object => ({
  ...(share !== undefined && { share }),
  known_seconds: seconds(known),
  breaches,
  longest_seconds: seconds(longest),
});
