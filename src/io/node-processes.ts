import { stat } from 'node:fs/promises';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { codeOf } from './errors.ts';
import type { Command, CommandResult, Processes } from './ports.ts';
import { findProgram } from './windows-program.ts';

/**
 * What a child inherits: enough to find programs, a home and a language. Credentials that are in
 * converge's own environment stay there; a child gets only what its `env` says.
 */
const inherited =
  /^(path|pathext|home|user|username|logname|userprofile|lang|language|lc_.*|tz|tmp|temp|tmpdir|shell|systemroot|systemdrive|windir|comspec|programdata|programfiles.*|commonprogramfiles.*|appdata|localappdata|allusersprofile|public|computername|number_of_processors|processor_.*|os)$/i;

/** Output kept per stream; a program that says more is cut off there, not failed. Characters. */
const maxOutput = 16 * 1024 * 1024;

/**
 * How long the pipes of a program that has ended are still read, in ms: what it started in the background
 * may hold them open for as long as it runs.
 */
const pipesGraceMs = 500;

/** Runs programs of this machine, never through a shell. What is stopped is stopped with all it started. */
export function nodeProcesses(environment: NodeJS.ProcessEnv = process.env): Processes {
  return {
    async run(command: Command, signal?: AbortSignal): Promise<CommandResult> {
      signal?.throwIfAborted();
      const { execa } = await import('execa');
      const env = childEnvironment(environment, command.env ?? {}, process.platform);
      const program = process.platform === 'win32' ? await windowsProgram(command, env) : command.file;
      const running = execa(program, command.args, {
        shell: false,
        reject: false,
        extendEnv: false,
        env,
        stripFinalNewline: false,
        windowsHide: true,
        ...(command.verbatim && { windowsVerbatimArguments: true }),
        maxBuffer: maxOutput,
        forceKillAfterDelay: 5000,
        killDescendants: true,
        ...(command.input === undefined ? { stdin: 'ignore' } : { input: command.input }),
        ...(command.cwd !== undefined && { cwd: command.cwd }),
        ...(command.timeout !== undefined && { timeout: command.timeout }),
        ...(signal && { cancelSignal: signal }),
      });
      const { nodeChildProcess: child } = running;
      const { onStderr } = command;
      if (onStderr) child.stderr?.on('data', (bytes: Buffer) => onStderr(bytes.toString()));
      child.once('exit', () => {
        const closing = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, pipesGraceMs);
        child.once('close', () => clearTimeout(closing));
      });
      const result = await running;
      if (result.isCanceled) throw signal?.reason ?? new Error('cancelled');
      if (result.exitCode === undefined && !result.timedOut && !result.isTerminated)
        throw notStarted(command, result.code);
      return {
        exitCode: result.exitCode ?? -1,
        stdout: result.stdout,
        stderr: result.stderr,
        timedOut: result.timedOut,
      };
    },
  };
}

/**
 * What is inherited, and what was given for this one. Names have no case on Windows: of two, a child would
 * see the one that sorts first, whichever was given.
 */
export function childEnvironment(
  environment: NodeJS.ProcessEnv,
  given: Record<string, string>,
  platform: NodeJS.Platform,
): Record<string, string> {
  const key = (name: string) => (platform === 'win32' ? name.toLowerCase() : name);
  const replaced = new Set(Object.keys(given).map(key));
  const kept = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && inherited.test(name) && !replaced.has(key(name)),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...given };
}

async function windowsProgram(command: Command, env: Record<string, string>): Promise<string> {
  const [, path = ''] = Object.entries(env).find(([name]) => name.toLowerCase() === 'path') ?? [];
  const isFile = (at: string) =>
    stat(at).then(
      found => found.isFile(),
      // Aliases of the Store's programs can be started, but not looked at.
      error => codeOf(error) === 'EACCES',
    );
  const found = await findProgram(command.file, { cwd: command.cwd ?? process.cwd(), path }, isFile);
  if (found === undefined) throw notStarted({ file: command.file }, 'ENOENT');
  return found;
}

/** A program that could not be started, from the error code of the attempt. */
export function notStarted({ file, cwd }: Pick<Command, 'file' | 'cwd'>, code: string | undefined): Failure {
  const reasons: Record<string, string> = {
    ENOENT: cwd === undefined ? 'it was not found' : `it, or the directory ${cwd}, was not found`,
    EACCES: 'it is not executable for this user',
  };
  return new Failure(
    world(
      'program-not-started',
      own`can't run ${file}: ${reasons[code ?? ''] ?? code ?? 'it could not be started'}`,
      {
        hint: /[\\/]/.test(file)
          ? own`correct its path, or declare what installs it`
          : 'give the full path of the program, or check PATH',
      },
    ),
  );
}
