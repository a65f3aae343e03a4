import { type Context, makeContext } from '../../app/app-context.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { EventOptions } from '../progress/events.ts';
import type { CliIo } from '../text/io.ts';
import { openText, type Text } from '../text/text.ts';
import { textReporter } from './text-reporter.ts';

/** What a command gets besides its arguments: the application's context, and a terminal. */
export interface CliContext extends Context, Text {
  io: CliIo;
  /** Shows diagnostics with their source lines. */
  report(diagnostics: readonly Diagnostic[]): void;
}

export function makeCliContext(io: CliIo): CliContext {
  const context = makeContext(io, (known, copy) => textReporter(io, known, {}, copy));
  const report = (diagnostics: readonly Diagnostic[]) => context.reporter.diagnostics(diagnostics);
  return { ...context, ...openText(io, context.redactor), io, report };
}

/** The same with the events of runs where these options want them. */
export function withEventsOf(context: CliContext, options: EventOptions): CliContext {
  const makeReporter: Context['makeReporter'] = (known, copy) =>
    textReporter(context.io, known, options, copy);
  return { ...context, makeReporter, reporter: makeReporter(context) };
}
