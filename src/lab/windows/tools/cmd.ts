import { win32 } from 'node:path';
import { Failure } from '../../../diagnostics/diagnostic.ts';
import type { Command, CommandResult } from '../../../io/ports.ts';
import { splitCommandLine } from '../console/command-line.ts';
import { failed, said } from '../console/console.ts';
import { expand } from '../machine/environment.ts';
import type { Answer, Call, Machine } from '../machine/machine.ts';

type Start = (command: Command) => Promise<CommandResult>;

/** What the stand-in doesn't know; it says so instead of guessing. */
const beyond = /^(if|for|goto|call|set|setlocal|start|pushd|popd|copy|del|move|md|mkdir|rd|rmdir|ren|type)$/i;

/**
 * `cmd.exe /c LINE`: one program per line with quotes, `%VARIABLES%`, `>`, `>>` and `2>&1`; a `.cmd` file
 * runs line by line with `rem`, `@`, `echo` and `exit /b`. The exit code is that of the last program.
 */
export async function runScript(call: Call, machine: Machine, start: Start): Promise<Answer> {
  const at = call.args.findIndex(arg => /^\/c$/i.test(arg));
  if (at < 0) return failed(1, "the lab's cmd.exe takes /c LINE only\n");
  const words = call.args.slice(at + 1);
  // One quoted text is the name of a file when there is such a file, else a line whose quotes are taken off.
  const [only] = words.length === 1 ? words : [];
  const isFile =
    only !== undefined && (await machine.files.stat(win32.resolve(call.cwd, only)))?.kind === 'file';
  const line =
    only !== undefined && !isFile
      ? only
      : words.map(word => (/\s/.test(word) ? `"${word}"` : word)).join(' ');
  return runLine(line, call, machine, start, []);
}

async function runLine(
  written: string,
  call: Call,
  machine: Machine,
  start: Start,
  scripts: readonly string[],
): Promise<Answer> {
  const script = scripts.at(-1);
  const folder = script === undefined ? call.cwd : `${win32.dirname(script)}\\`;
  const line = expand(written.replaceAll('%~dp0', folder).replaceAll('%%', '%'), call.env).replace(
    /^\s*@?/,
    '',
  );
  const { command, into, append, both } = redirection(line);
  const [program = '', ...args] = splitCommandLine(command);
  if (program === '' || /^(rem|::.*)$/i.test(program)) return said('');
  if (/^echo$/i.test(program)) {
    const text = args.join(' ');
    return redirected(said(/^(on|off)$/i.test(text) ? '' : `${text}\n`), into, append, both, call, machine);
  }
  if (beyond.test(program) || /[|&()]/.test(command.replace(/"[^"]*"/g, '')))
    return failed(1, `the lab's cmd.exe runs one program per line, and can't run: ${line}\n`);
  const found = await scriptAt(program, call, machine);
  const answer =
    found === undefined
      ? await runProgram(program, ownQuotes.test(program) ? verbatim(command) : { args }, call, start)
      : scripts.includes(found)
        ? failed(1, `${found} starts itself\n`)
        : await runFile(found, call, machine, start, scripts);
  return redirected(answer, into, append, both, call, machine);
}

async function runFile(
  path: string,
  call: Call,
  machine: Machine,
  start: Start,
  scripts: readonly string[],
): Promise<Answer> {
  const text = (await machine.files.read(path))!.toString('utf8');
  const whole: Answer = { exitCode: 0, stdout: '', stderr: '' };
  for (const line of text.split(/\r?\n/)) {
    const exit = /^\s*@?exit(?:\s+\/b)?(?:\s+(\d+))?\s*$/i.exec(line);
    if (exit) {
      if (exit[1] !== undefined) whole.exitCode = Number(exit[1]);
      break;
    }
    if (/^\s*(@?echo\s+(on|off)|@?rem\b.*|::.*)?\s*$/i.test(line)) continue;
    const { exitCode, stdout, stderr } = await runLine(line, call, machine, start, [...scripts, path]);
    whole.exitCode = exitCode;
    whole.stdout += stdout;
    whole.stderr += stderr;
  }
  return whole;
}

/** Reads its command line itself. */
const ownQuotes = /(^|[\\/])msiexec(\.exe)?$/i;

/** All behind the program, as cmd.exe hands it on. */
const verbatim = (command: string) => ({
  args: [command.replace(/^\s*("[^"]*"|\S+)\s*/, '')],
  verbatim: true as const,
});

async function runProgram(
  file: string,
  line: Pick<Command, 'args' | 'verbatim'>,
  call: Call,
  start: Start,
): Promise<Answer> {
  try {
    const { exitCode, stdout, stderr } = await start({ file, ...line, cwd: call.cwd });
    return { exitCode, stdout, stderr };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return failed(
      1,
      `'${file}' is not recognized as an internal or external command,\noperable program or batch file.\n`,
    );
  }
}

async function scriptAt(
  program: string,
  { cwd, env }: Call,
  { files }: Machine,
): Promise<string | undefined> {
  const folders = /[\\/]/.test(program) ? [cwd] : [cwd, ...(env.Path ?? '').split(';').filter(Boolean)];
  const endings = /\.(cmd|bat)$/i.test(program)
    ? ['']
    : win32.extname(program) === ''
      ? ['.bat', '.cmd']
      : [];
  for (const folder of folders) {
    for (const ending of endings) {
      const path = win32.resolve(cwd, folder, `${program}${ending}`);
      if ((await files.stat(path))?.kind === 'file') return path;
    }
  }
  return undefined;
}

function redirection(line: string) {
  let command = line;
  let into: string | undefined;
  let append = false;
  const both = /\s2>&1/.test(command);
  command = command.replace(/\s2>&1/, '');
  const target = /\s*1?(>>?)\s*("[^"]+"|[^\s"]+)\s*$/.exec(command);
  if (target) {
    command = command.slice(0, target.index);
    into = target[2]!.replaceAll('"', '');
    append = target[1] === '>>';
  }
  return { command, into, append, both };
}

async function redirected(
  answer: Answer,
  into: string | undefined,
  append: boolean,
  both: boolean,
  call: Call,
  { files }: Machine,
): Promise<Answer> {
  const stdout = both ? answer.stdout + answer.stderr : answer.stdout;
  const stderr = both ? '' : answer.stderr;
  if (into === undefined) return { ...answer, stdout, stderr };
  if (into.toLowerCase() === 'nul') return { ...answer, stdout: '', stderr };
  const path = win32.resolve(call.cwd, into);
  const before = append ? ((await files.read(path)) ?? Buffer.alloc(0)) : Buffer.alloc(0);
  await files.writeAtomic(path, Buffer.concat([before, Buffer.from(stdout)]));
  return { ...answer, stdout: '', stderr };
}
