import type { StatusOptions } from '../../../app/operation/status.ts';
import { type EvidenceAsked, monthsEvidence } from '../../../app/operation/surface/evidence.ts';
import type { Evidence } from '../../../operation/evidence.ts';
import { evidencePage } from '../../../operation/page/evidence-page.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withRepository, withState } from '../../context/options.ts';

type Options = StatusOptions & EvidenceAsked & { format: 'html' | 'json' };

export const report: Define = (program, context, exit) => {
  const command = program
    .command('report [PATHS...]')
    .description('evidence of a month: whether RPOs were kept, resyncs, verifications, rehearsals')
    .option('--month <YYYY-MM>', 'which month, in UTC (default this one)')
    .option('--group <PATTERN>', 'only VMs whose names fit a glob, or that have label:NAME');
  withData(withLab(withState(withFormat(withRepository(command), 'html', 'json'))))
    .addHelpText(
      'after',
      "\nExamples:\n  converge report manifests --month 2026-10 > october.html\n  converge report manifests --group 'label:finance' --format json",
    )
    .action(async (paths: string[], options: Options) => {
      const evidence = await monthsEvidence(context, { ...options, paths });
      if (!evidence) return exit(1);
      if (options.format === 'json') context.printJson(`${JSON.stringify(inJson(evidence), null, 2)}\n`);
      else context.printExact(evidencePage(evidence));
      exit(0);
    });
};

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
