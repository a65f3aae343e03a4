import { CommanderError } from 'commander';
import { Failure } from '../diagnostics/diagnostic.ts';
import { linesOf } from '../diagnostics/lines.ts';
import { exitCode } from '../engine/report/exit-code.ts';
import { refusedBySystem } from '../io/errors.ts';
import { type CliContext, makeCliContext } from './context/cli-context.ts';
import { makeProgram } from './program.ts';
import type { CliIo } from './text/cli-io.ts';
import { commandNeeded, helpAsMeant } from './usage.ts';

/**
 * The whole CLI as a function: parses, runs one command, returns the exit code of
 * `docs/exit-codes.md`. Throws nothing; what escapes a command is shown as a bug in converge.
 */
export async function main(argv: string[], io: CliIo): Promise<number> {
  const context = makeCliContext(io);
  let code = 0;
  const take = (result: number) => {
    code = result;
  };
  const program = await makeProgram(context, take, commandNeeded(argv));
  try {
    await program.parseAsync(helpAsMeant(program, argv), { from: 'user' });
    return code === 0 && context.strays.length > 0 ? 4 : code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    if (io.interrupt.aborted && !(error instanceof Failure && error.diagnostics.length > 0)) {
      return interrupted(io, context);
    }
    if (error instanceof Failure) {
      context.report(error.diagnostics);
      if (program.opts().debug) context.say(linesOf(`${error.stack}`));
      return io.interrupt.aborted ? interrupted(io, context) : exitCode({ diagnostics: error.diagnostics });
    }
    const refused = refusedBySystem(error);
    if (refused) {
      context.report(refused.diagnostics);
      if (program.opts().debug) context.say(linesOf(`${(error as Error).stack}`));
      return exitCode({ diagnostics: refused.diagnostics });
    }
    const bug = error as Error;
    context.say([`converge failed in a way it should not: ${bug.message}`]);
    context.say(
      program.opts().debug
        ? linesOf(`${bug.stack}`)
        : ['Run it again with --debug and report what it prints.'],
    );
    return 4;
  }
}

/** 130 or 143, as shells expect. */
function interrupted(io: CliIo, context: CliContext): number {
  context.say(['interrupted']);
  return io.interrupt.reason === 'SIGTERM' ? 143 : 130;
}
