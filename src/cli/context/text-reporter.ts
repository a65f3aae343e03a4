import type { Known, Reporter, RunReporter } from '../../app/reporter.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../../diagnostics/render.ts';
import type { RunReport } from '../../engine/model/events.ts';
import { withoutCommands } from '../../engine/render/github.ts';
import { renderText } from '../../engine/render/text.ts';
import { progressFor } from '../progress/choose.ts';
import { type EventOptions, openEvents } from '../progress/events.ts';
import { summary } from '../progress/summary.ts';
import type { CliIo, Output } from '../text/io.ts';
import { openText } from '../text/text.ts';
import { inGithubActions, mistakesForGithub, tellGithub } from './github.ts';
import { noticeText } from './notices.ts';

/**
 * The application's words on stdout and stderr: plans and results as text, progress as the terminal takes it.
 * @param copy gets what is written to either as well
 */
export function textReporter(
  io: CliIo,
  { redactor, sources }: Known,
  options: EventOptions,
  copy?: (text: string) => void,
): Reporter {
  const out = copy ? { ...io, stdout: teed(io.stdout, copy), stderr: teed(io.stderr, copy) } : io;
  const text = openText(out, redactor);
  const { print, say, color, columns } = text;
  const { host, stderr } = out;
  return {
    diagnostics(found) {
      if (found.length === 0) return;
      const clean = redactor.value(distinct(found));
      stderr.write(renderDiagnostics(clean, sources, { color: color.stderr, width: stderr.columns }));
      if (inGithubActions(host)) stderr.write(mistakesForGithub(host, clean));
    },
    notice: notice => say(noticeText(notice)),
    async run(now): Promise<RunReporter> {
      const events = await openEvents({ io: out, say }, options, now);
      const progress = await progressFor(out, events);
      return {
        event: progress.listener,
        plan(plan) {
          const shown = renderText(plan, { color: color.stdout, ...(columns && { columns }) });
          print(inGithubActions(host) ? withoutCommands(shown) : shown);
        },
        begin: progress.begin,
        settled: progress.done,
        async result({ plan, report, diagnostics }) {
          if (inGithubActions(host)) await tellGithub({ io: out, print, redactor }, plan, diagnostics);
          if (worthASummary(report)) print(summary(report));
        },
        async close() {
          await events?.close();
        },
      };
    },
  };
}

const teed = (output: Output, copy: (text: string) => void): Output => ({
  ...output,
  write(text) {
    output.write(text);
    copy(text);
  },
});

/** One mistake is one error, however many resources met it: the first place stands for all, and they are counted. */
const distinct = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  [...Map.groupBy(diagnostics, ({ code, cause, message }) => `${code} ${cause ?? message}`).values()].map(
    ([first, ...others]) => {
      const met = new Set([first!, ...others].flatMap(({ address }) => address ?? [])).size;
      return met > 1 ? { ...first!, message: `${first!.message} (${met} resources)` } : first!;
    },
  );

const worthASummary = (report: RunReport) =>
  report.interrupted || report.results.some(({ result }) => result !== 'unchanged');
