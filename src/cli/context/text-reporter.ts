import type { Known, Reporter, RunReporter } from '../../app/reporter.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../../diagnostics/render.ts';
import type { RunReport } from '../../engine/model/events.ts';
import { renderText } from '../../engine/render/render-plan.ts';
import { progressFor } from '../progress/choose.ts';
import { type EventOptions, openEvents } from '../progress/events.ts';
import { summary } from '../progress/summary.ts';
import type { TerminalIo } from '../text/cli-io.ts';
import type { Text } from '../text/open-text.ts';
import { isForGithub } from '../text/output-kinds.ts';
import { mistakesForGithub, tellGithub } from './github.ts';
import { noticeText } from './notices.ts';

/**
 * The application's words on stdout and stderr: plans and results as text, progress as the terminal takes it.
 */
export function textReporter(
  io: TerminalIo,
  text: Text,
  { redactor, sources }: Known,
  options: EventOptions,
): Reporter {
  const { print, say, columns } = text;
  const { host, stdout, stderr } = io;
  const isSeen = stdout.isTTY && stderr.isTTY;
  return {
    diagnostics(found) {
      if (found.length === 0) return;
      const clean = redactor.value(distinct(found));
      say(renderDiagnostics(clean, sources, { width: stderr.columns }));
      if (isForGithub(host)) say(mistakesForGithub(host, clean));
    },
    notice: notice => say([noticeText(notice)]),
    async run(now): Promise<RunReporter> {
      const events = await openEvents({ io, text }, options, now);
      const progress = await progressFor(text, now, events);
      return {
        event: progress.listener,
        plan(plan) {
          print(renderText(plan, { ...(columns && { columns }) }));
        },
        begin: progress.begin,
        settled: progress.done,
        async result({ plan, report, diagnostics }) {
          if (isForGithub(host)) await tellGithub({ io, print, redactor }, plan, diagnostics);
          if (worthASummary(report)) print(summary(report, isSeen && !events?.quiet));
        },
        async close() {
          await events?.close();
        },
      };
    },
  };
}

/**
 * One mistake is one error, however many resources met it: the first place stands for all, and they are
 * counted.
 */
const distinct = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  [...Map.groupBy(diagnostics, ({ code, cause, message }) => `${code} ${cause ?? message}`).values()].map(
    ([first, ...others]) => {
      const met = new Set([first!, ...others].flatMap(({ address }) => address ?? [])).size;
      return met > 1 ? { ...first!, message: `${first!.message} (${met} resources)` } : first!;
    },
  );

const worthASummary = (report: RunReport) =>
  report.interrupted || report.results.some(({ result }) => result !== 'unchanged');
