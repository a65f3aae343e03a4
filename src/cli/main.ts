import { Command, CommanderError } from 'commander';
import { Failure } from '../diagnostics/diagnostic.ts';
import { exitCode } from '../engine/exit-code.ts';
import { commands } from './commands/index.ts';
import { type Context, makeContext } from './context.ts';
import type { CliIo } from './io.ts';
import { version } from './version.ts';

/**
 * The whole CLI as a function: parses, runs one command, returns the exit code of
 * `docs/exit-codes.md`. Throws nothing; what escapes a command is shown as a bug in converge.
 */
export async function main(argv: string[], io: CliIo): Promise<number> {
  const context = makeContext(io);
  let code = 0;
  const program = new Command('converge')
    .description(
      'Desired state for recovery from vSphere to AWS, and for the Windows instances that recover there.',
    )
    .version(version)
    .option('--debug', 'show stack traces')
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: text => io.stdout.write(text),
      writeErr: text => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
    })
    .exitOverride()
    .showHelpAfterError('(converge --help lists the commands)')
    .addHelpText(
      'after',
      `
Examples:
  converge apply manifests/lab --lab        protect the lab's VMs; nothing leaves this machine
  converge plan manifests                   what would change, and why
  converge points --repository s3://dr/vms  which recovery points there are
  converge restore dc02 --repository s3://dr/vms --to /mnt/restore

Exit codes are in docs/exit-codes.md; an unknown one means failure.`,
    );
  for (const define of commands) {
    define(program, context, result => {
      code = result;
    });
  }
  inherit(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code === 0 && context.strays.length > 0 ? 4 : code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    if (io.interrupt.aborted && !(error instanceof Failure && error.diagnostics.length > 0)) {
      return interrupted(io, context);
    }
    if (error instanceof Failure) {
      context.report(error.diagnostics);
      if (program.opts().debug) context.say(`${error.stack}\n`);
      return io.interrupt.aborted ? interrupted(io, context) : exitCode({ diagnostics: error.diagnostics });
    }
    const bug = error as Error;
    context.say(`converge failed in a way it should not: ${bug.message}\n`);
    context.say(
      program.opts().debug ? `${bug.stack}\n` : 'Run it again with --debug and report what it prints.\n',
    );
    return 4;
  }
}

/** 130 or 143, as shells expect. */
function interrupted(io: CliIo, context: Context): number {
  context.say('interrupted\n');
  return io.interrupt.reason === 'SIGTERM' ? 143 : 130;
}

/** Subcommands made with `.command()` don't take over output and exit handling of late settings. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.showHelpAfterError(`(${nameOf(child)} --help says more)`);
    inherit(child);
  }
}

const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
