import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { notStarted } from '../../io/node-processes.ts';
import type { Clock, Command, CommandResult, Files, Processes, Random } from '../../io/ports.ts';
import { findProgram } from '../../io/windows-program.ts';
import { type Environment, environment } from './machine/environment.ts';
import { accessDenied, commitConflict, concerns, type FaultRule } from './machine/faults.ts';
import type { Answer, Call, Machine, Tool } from './machine/machine.ts';
import { foldPath } from './machine/paths.ts';
import { logSpawned } from './machine/process-log.ts';
import { changeSettings, readSettings } from './machine/settings.ts';
import { runScript } from './tools/cmd.ts';

export interface ProcessesOptions {
  /** Of drive C:. */
  files: Files;
  /** Of the machine that the lab is on, for `dir`. */
  below: Files;
  /** The lab's `windows` folder. */
  dir: string;
  clock: Clock;
  random: Random;
  env: Environment;
  /** By folded path (`c:/windows/system32/reg.exe`). */
  programs: Readonly<Record<string, Tool>>;
}

/** What is here is not a change of the machine. */
const temporary = 'c:/windows/temp/';

/** Thrown into a stand-in when it is about to change something that it must not. */
class Stopped extends Error {}

/**
 * Runs stand-ins in the place of programs. One may run only while its file is below C:, else it is not
 * found, as the real port says it. Every start is written to the log. One program runs at a time.
 */
export function windowsProcesses(options: ProcessesOptions): Processes {
  const { files, below, dir, clock, random, programs } = options;
  let last: Promise<unknown> = Promise.resolve();

  async function start(command: Command): Promise<CommandResult> {
    const env = environment(options.env, command.env ?? {});
    const cwd = command.cwd ?? 'C:\\';
    const log = (program: string, exit_code: number | null, changed: boolean) =>
      logSpawned(below, dir, {
        time: new Date(clock.now()).toISOString(),
        program,
        args: command.args,
        exit_code,
        changed,
      });
    const refuse = async (program: string, why: Error) => {
      await log(program, null, false);
      return why;
    };
    const isFile = async (at: string) => (await files.stat(at))?.kind === 'file';
    const path = await findProgram(command.file, { cwd, path: env.Path ?? '' }, isFile).catch(async error => {
      throw await refuse(command.file, error);
    });
    const fault = path === undefined ? undefined : await takeFault(path, 'before');
    const isCwd = (await files.stat(cwd))?.kind === 'directory';
    if (path === undefined || fault?.kind === 'missing' || !isCwd)
      throw await refuse(path ?? command.file, notStarted(command, 'ENOENT'));
    const call: Call = {
      args: command.args,
      ...(command.verbatim && { verbatim: true }),
      input: command.input ?? '',
      cwd,
      env,
    };
    const folded = foldPath(path)!;
    const tool: Tool | undefined =
      folded === 'c:/windows/system32/cmd.exe'
        ? cmd(command)
        : Object.hasOwn(programs, folded)
          ? programs[folded]
          : undefined;
    if (!tool) {
      const unknown = world(
        'program-not-started',
        `can't run ${path}: the lab has no stand-in for this program`,
        {
          hint: 'its stand-ins are those of Windows and IIS; `converge lab contracts --all` lists them',
        },
      );
      throw await refuse(path, new Failure(unknown));
    }
    const { exitCode, stdout, stderr, changed } = await answer(path, tool, call, fault);
    await log(path, exitCode, changed);
    return { exitCode, stdout, stderr, timedOut: false };
  }

  async function answer(
    path: string,
    tool: Tool,
    call: Call,
    fault: FaultRule | undefined,
  ): Promise<Answer & { changed: boolean }> {
    if (fault?.kind === 'exit')
      return { exitCode: fault.code! >>> 0, stdout: '', stderr: '', changed: false };
    if (fault?.kind === 'access-denied') return { ...accessDenied(path), changed: false };
    const { language, elevated } = await readSettings(below, dir);
    const refusal: { answer?: Answer } = {};
    let changed = false;
    const beforeChange = async (file: string) => {
      if (foldPath(file)?.startsWith(temporary)) return;
      if (!changed) {
        if (!elevated) refusal.answer = accessDenied(path);
        else if (await takeFault(path, 'at a write')) refusal.answer = commitConflict;
        if (refusal.answer) throw new Stopped();
      }
      changed = true;
    };
    const machine: Machine = { files: watched(files, beforeChange), clock, random, language, elevated };
    try {
      const given = await tool(call, machine);
      return { ...given, exitCode: given.exitCode >>> 0, changed };
    } catch (error) {
      if (!(error instanceof Stopped) || !refusal.answer) throw error;
      return { ...refusal.answer, changed: false };
    }
  }

  /** The first armed rule for this program, counted down; a commit conflict waits for a write. */
  async function takeFault(path: string, when: 'before' | 'at a write'): Promise<FaultRule | undefined> {
    const fits = ({ rule }: { rule: FaultRule }) =>
      concerns(rule, path) && (rule.kind === 'commit-conflict') === (when === 'at a write');
    const { faults } = await readSettings(below, dir);
    const hit = faults.findIndex(fits);
    if (hit < 0) return undefined;
    await changeSettings(below, dir, settings => {
      settings.faults[hit]!.left -= 1;
      settings.faults = settings.faults.filter(({ left }) => left > 0);
    });
    return faults[hit]!.rule;
  }

  /** What cmd.exe starts is started like anything else, and inherits its surroundings. */
  const cmd =
    (command: Command): Tool =>
    (call, machine) =>
      runScript(call, machine, inner =>
        start({ ...inner, ...(command.env && { env: { ...command.env, ...inner.env } }) }),
      );

  return {
    async run(command, signal) {
      signal?.throwIfAborted();
      const turn = last.then(() => start(command));
      last = turn.catch(() => {});
      return turn;
    },
  };
}

/** Asks before each change, with the path that changes. */
function watched(files: Files, beforeChange: (path: string) => Promise<void>): Files {
  const change = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
    await beforeChange(path);
    return work();
  };
  return {
    ...files,
    open: async (path: string, mode: 'r' | 'r+' | 'create-new', options?: { mode?: number }) =>
      mode === 'r' ? files.open(path, mode) : change(path, () => files.open(path, mode, options)),
    writeAtomic: (path, bytes, options) => change(path, () => files.writeAtomic(path, bytes, options)),
    mkdir: (path, options) => change(path, () => files.mkdir(path, options)),
    rename: (from, to) => change(to, () => files.rename(from, to)),
    link: (from, to) => change(to, () => files.link(from, to)),
    remove: (path, options) => change(path, () => files.remove(path, options)),
  };
}
