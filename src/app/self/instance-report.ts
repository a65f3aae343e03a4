import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { RunReport } from '../../engine/model/events.ts';
import { type InstanceReport, reportKey } from '../../masterless/reports/report.ts';
import type { Context } from '../app-context.ts';
import { version } from '../version.ts';
import { asWarning, type Obtained } from './obtain-content.ts';
import type { Self } from './open-self.ts';

export interface SelfRun {
  trigger: InstanceReport['trigger'];
  /** Id of the rollout that asked for it. */
  rollout?: string | undefined;
}

export interface Ended {
  code: number;
  obtained?: Obtained | undefined;
  report?: RunReport | undefined;
  /** All that was told in the run. */
  told: readonly Diagnostic[];
}

/** As many as fit into a line of a status that people read. */
const mostFailures = 20;

export function instanceReport(
  { instance, environment, clock }: Pick<Self, 'instance' | 'environment' | 'clock'>,
  { trigger, rollout }: SelfRun,
  { code, obtained, report, told }: Ended,
): InstanceReport {
  const errors = told.filter(({ severity }) => severity === 'error').map(lineOf);
  const interrupted = report?.interrupted ? ['the run was interrupted'] : [];
  const converged = code === 0 || code === 2;
  return {
    converge_report: 1,
    instance,
    environment,
    version,
    finished: new Date(clock.now()).toISOString(),
    trigger,
    ...(rollout !== undefined && { rollout }),
    ...(obtained && {
      content: {
        name: obtained.content.name,
        sha256: obtained.content.sha256,
        ...(obtained.content.signed && { sequence: obtained.content.signed.statement.sequence }),
        from: obtained.from,
      },
    }),
    result: converged ? 'converged' : 'failed',
    changed: (report?.results ?? []).filter(({ result }) => result === 'changed' || result === 'refreshed')
      .length,
    failures: converged ? [] : [...new Set([...errors, ...interrupted])].slice(0, mostFailures),
  };
}

const lineOf = ({ address, message, at }: Diagnostic): string =>
  `${address ?? (at ? `${at.file}:${at.line}` : '')}${address || at ? ': ' : ''}${message.split('\n')[0]}`;

/** Puts it where the instance may write. What keeps it from there is told, and is no reason to fail. */
export async function sendReport(context: Context, self: Self, report: InstanceReport): Promise<void> {
  const text = context.redactor.text(JSON.stringify(report));
  try {
    const key = reportKey(self.environment, await self.userId());
    await self.bucket.put(key, Buffer.from(`${text}\n`));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const what = "this instance's report could not be sent";
    context.reporter.diagnostics(
      error.diagnostics.map(one => asWarning({ ...one, message: own`${what}: ${one.message}` })),
    );
  }
}
