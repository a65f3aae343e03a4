import { Command } from 'commander';
import { asTyped } from '../app/as-typed.ts';
import { version } from '../app/version.ts';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { linesOf } from '../diagnostics/lines.ts';
import { holdsPassword } from '../diagnostics/url-passwords.ts';
import { commands } from './commands/index.ts';
import type { CliContext } from './context/cli-context.ts';
import { vmAndPaths } from './context/options.ts';
import { withOurName } from './usage.ts';

/**
 * The tree of all commands, or of the one that is enough (`commandNeeded`). `exit` takes the exit code that a
 * command ended with.
 */
export async function makeProgram(
  context: CliContext,
  exit: (code: number) => void,
  only?: string,
): Promise<Command> {
  const { io } = context;
  const program = new Command('converge')
    .description(
      'Desired state for recovery from vSphere to AWS, and for the Windows instances that recover there.',
    )
    .version(version)
    .option('--debug', 'show stack traces')
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: text => context.print(linesOf(text)),
      writeErr: text => context.say(linesOf(text)),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
    })
    .exitOverride()
    .showHelpAfterError('(converge --help lists the commands)')
    .addHelpText(
      'after',
      `
Examples:
  converge init                             a first manifest, from a few questions
  converge apply manifests/lab --lab        protect the lab's VMs; nothing leaves this machine
  converge plan manifests                   what would change, and why
  converge points --repository s3://dr/vms  which recovery points there are
  converge restore dc02 --repository s3://dr/vms --to /mnt/restore

Exit codes are in docs/exit-codes.md; an unknown one means failure.`,
    );
  program.hook('preAction', async (_, action) => {
    refuseEmpty(action);
    refuseUrlsOf(action);
    const paths = await manifestsOf(context, action);
    const options = action.opts();
    const typed = asTyped(paths, options);
    if (paths.length > 0) Object.assign(io.typed ?? {}, { paths: typed });
    else if (options.repository !== undefined) Object.assign(io.typed ?? {}, { repository: typed });
  });
  const wanted = only === undefined ? [...commands.values()] : [commands.get(only)!];
  for (const define of await Promise.all(wanted.map(load => load()))) define(program, context, exit);
  inherit(program);
  return program;
}

/** The words of a command that name manifests. */
async function manifestsOf(context: CliContext, action: Command): Promise<string[]> {
  const at = action.registeredArguments.findIndex(argument => argument.name() === 'PATHS');
  if (at < 0) return [];
  const before = action.registeredArguments[at - 1];
  // An optional word before them may be one of them.
  if (before?.required === false && before.name() === 'VM')
    return (await vmAndPaths(context, action.args.slice(at - 1), action.opts().vm)).paths;
  return action.args.slice(at);
}

/** As it is typed, by what commander calls it. */
const optionOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;

/**
 * `--to "$FOLDER"` of a variable that isn't set would be the working directory, or whatever else nothing
 * stands for.
 */
function refuseEmpty(action: Command): void {
  const empty = Object.entries(action.opts()).flatMap(([name, value]) =>
    [value].flat().includes('') ? [optionOf(name)] : [],
  );
  const what = [...empty, ...(action.args.includes('') ? ['an argument'] : [])];
  if (what.length === 0) return;
  throw new Failure(
    what.map(one =>
      given('empty-argument', `${one} is empty`, {
        hint: 'leave it out, or look whether a variable of the shell is set',
      }),
    ),
  );
}

/**
 * A URL among the arguments is shown in messages, and every user of the machine can read the command line.
 */
function refuseUrlsOf(action: Command): void {
  const options = Object.entries(action.opts()).flatMap(([name, value]) =>
    [value].flat().map(one => [optionOf(name), one]),
  );
  const wrong = [...options, ...action.args.map(word => ['an argument', word])].filter(
    ([, text]) => typeof text === 'string' && holdsPassword(text),
  );
  if (wrong.length === 0) return;
  throw new Failure(
    wrong.map(([what]) =>
      given('password-in-url', `${what} is a URL that holds a password or token`, {
        hint: 'take it out: the command line can be read by every user of this machine',
      }),
    ),
  );
}

/** Subcommands made with `.command()` don't take over output and exit handling of late settings. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.configureOutput({ outputError: (text, write) => write(withOurName(child, text)) });
    child.showHelpAfterError(`(${nameOf(child)} --help says more)`);
    inherit(child);
  }
}

/** As it is typed: `converge lab fault`. */
export const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
