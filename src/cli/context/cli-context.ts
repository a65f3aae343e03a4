import { type Context, makeContext } from '../../app/app-context.ts';
import type { Known } from '../../app/reporter.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { printable } from '../../diagnostics/text-width.ts';
import type { EventOptions } from '../progress/events.ts';
import type { CliIo, TerminalIo } from '../text/cli-io.ts';
import { openText, type Text } from '../text/open-text.ts';
import { textReporter } from './text-reporter.ts';

/** What a command gets besides its arguments: the application's context, and a terminal. */
export interface CliContext extends Context, Text {
  io: TerminalIo;
  /** Shows diagnostics with their source lines. */
  report(diagnostics: readonly Diagnostic[]): void;
  /** The same with the events of runs where these options want them. */
  withEventsOf(options: EventOptions): CliContext;
}

export function makeCliContext(given: CliIo): CliContext {
  const outer: CliIo = { ...given, typed: {} };
  const { ask } = outer;
  const io: TerminalIo = { ...outer, ...(ask && { ask: question => ask(printable(question)) }) };
  const makeReporter = (known: Known, copy?: (text: string) => void, events: EventOptions = {}) =>
    textReporter(io, openText(outer, known.redactor, copy), known, events);
  const context = makeContext(io, makeReporter);
  const report = (diagnostics: readonly Diagnostic[]) => context.reporter.diagnostics(diagnostics);
  const whole: CliContext = {
    ...context,
    ...openText(outer, context.redactor),
    io,
    report,
    withEventsOf(options) {
      const telling: Context['makeReporter'] = (known, copy) => makeReporter(known, copy, options);
      return { ...whole, makeReporter: telling, reporter: telling(context) };
    },
  };
  return whole;
}
