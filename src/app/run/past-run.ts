import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { RunReport } from '../../engine/model/events.ts';
import { findReport, hasFailed } from '../../engine/report/report.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { assertOwnStateDir, stateDirOf } from '../session/own-state.ts';

export interface PastRun {
  /** Path of the report. */
  file: string;
  report: RunReport;
}

/**
 * The report of the newest run with a state folder, or of the newest one in which something failed.
 *
 * @throws Failure `no-report`, given; `foreign-state` when others own the folder, or can change it
 */
export async function pastRun(
  context: Context,
  which: 'last' | 'failed',
  options: Pick<CommonOptions, 'lab' | 'state'>,
): Promise<PastRun> {
  const { files } = context.io.host;
  const dir = stateDirOf(context, options);
  await assertOwnStateDir(files, dir);
  const found = await findReport(files, dir, which === 'last' ? () => true : hasFailed);
  if (found) return found;
  throw new Failure(
    given(
      'no-report',
      which === 'last'
        ? `no run has left a report in ${dir}`
        : `no run that failed has left a report in ${dir}; those of 90 days are kept, the newest 50 and 10 failures more`,
      { hint: 'name the state folder of those runs with --state, or --lab' },
    ),
  );
}
