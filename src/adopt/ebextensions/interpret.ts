import { appcmd } from '../commands/appcmd.ts';
import { type CommandLine, commandsOf, jumps, linesOf } from '../commands/cmd-line.ts';
import { notRead } from '../commands/declared-by.ts';
import { netsh } from '../commands/netsh.ts';
import { plainCommands } from '../commands/plain-powershell.ts';
import { powershell, unsaid, whatItRuns } from '../commands/powershell.ts';
import { reg } from '../commands/reg.ts';
import { schtasks } from '../commands/schtasks.ts';
import { dism, iisreset, mkdir, net, type Recogniser, sc, setx, tzutil } from '../commands/tools.ts';
import { Words } from '../drafts/command-words.ts';
import type { Drafts, Unhandled } from '../drafts/drafts.ts';
import type { NeedsNothing } from '../drafts/needs-nothing.ts';
import { pathKey } from '../drafts/paths.ts';
import type { Place } from '../drafts/place-in-file.ts';

/** A script among the files given, by its path. */
export interface Script {
  path: string;
  text: string;
  /** Of its first line. */
  at: Place;
  /** Whether every line of it was taken over. */
  understood?: boolean;
}

/** What a command is run in. */
export interface Surroundings {
  scripts: ReadonlyMap<string, Script>;
  /** The current directory, where it was said. */
  cwd?: string;
  /** How many scripts have called one another. */
  depth?: number;
}

const recognisers: Readonly<Record<string, Recogniser>> = {
  appcmd: (words, drafts, at) => appcmd(words.rest(), drafts, at),
  schtasks,
  reg,
  sc,
  net,
  net1: net,
  netsh,
  tzutil,
  dism,
  setx,
  mkdir,
  md: mkdir,
  iisreset,
  cd: said('folder'),
  pushd: said('folder'),
  popd: said('folder'),
  rem: said('prints'),
  title: said('prints'),
  cls: said('prints'),
  ver: said('prints'),
  exit: said('ends'),
};

/** What needs nothing, whatever its arguments are. */
function said(needless: NeedsNothing): Recogniser {
  return words => {
    words.rest();
    return { needless };
  };
}

/** How deep scripts may call scripts. */
const deepest = 8;

/** A command of which parts were taken over, and the others are leftovers already. */
const partly = 'partly';

/** Takes over the commands of one line, and what is not understood into the leftovers. True when all was. */
export function interpretLine(line: string, drafts: Drafts, at: Place, around: Surroundings): boolean {
  let all = true;
  let before = true;
  const commands = commandsOf(line);
  if (commands.some(({ text }) => text.startsWith('('))) {
    drafts.leave(at, line.trim(), { why: 'it groups commands, and nothing here is evaluated' });
    return false;
  }
  for (const command of commands) {
    const unhandled: Unhandled | typeof partly =
      conditional(command, before) ?? one(command, drafts, at, around);
    before = unhandled === undefined || (unhandled !== partly && 'needless' in unhandled);
    if (!before) all = false;
    if (unhandled !== undefined && unhandled !== partly) drafts.leave(at, command.text, unhandled);
  }
  return all;
}

/** What runs only sometimes, or with what another command or a file gives it, is not a state. */
function conditional({ after, input }: CommandLine, wasTaken: boolean): Unhandled {
  if (input !== undefined) return { why: `it reads what ${input} gives it, and nothing here is evaluated` };
  if (after === '||') return { why: 'it runs only when what is before it fails' };
  if (after === '&&' && !wasTaken)
    return { why: 'it runs only when what is before it succeeds, and that is left over' };
  return undefined;
}

const one = (
  { argv, text, output }: CommandLine,
  drafts: Drafts,
  at: Place,
  around: Surroundings,
): Unhandled | typeof partly =>
  /^echo$/i.test(argv[0]!)
    ? echo(argv.slice(1), output, drafts, at)
    : interpret(argv, text, drafts, at, around);

function interpret(
  argv: string[],
  text: string,
  drafts: Drafts,
  at: Place,
  around: Surroundings,
): Unhandled | typeof partly {
  const [program = '', ...args] = argv;
  const { depth = 0 } = around;
  const deeper = { ...around, depth: depth + 1 };
  const name = programName(program);
  if (depth > deepest) return { why: 'scripts call one another too deep' };
  if (name === 'call') return interpret(args, afterFirst(text), drafts, at, deeper);
  if (name === 'cmd') {
    const inner = /^\s*(?:"[^"]*"|\S+)(?:\s+\/[a-z](?::\w+)?)*?\s+\/[ck]\s+(.*)$/is.exec(text)?.[1];
    if (inner === undefined) return { why: 'it runs nothing' };
    // cmd takes the first and the last quote away.
    const line = /^".*"$/s.test(inner) ? inner.slice(1, -1) : inner;
    return interpretLine(line, drafts, at, deeper) ? undefined : partly;
  }
  if (name === 'powershell' || name === 'pwsh') return runPowershell(args, drafts, at, around);
  const script = scriptAt(program, around);
  if (script && /\.(cmd|bat)$/i.test(program)) {
    if (jumps(script.text))
      return { why: 'it runs some of its lines only sometimes, and nothing here is evaluated' };
    script.understood = linesOf(script.text)
      .map(({ line, at }) => interpretLine(line, drafts, lineOf(script, at), deeper))
      .every(Boolean);
    if (args.length > 0) drafts.leave(at, text, { needless: 'arguments' });
    return script.understood ? undefined : partly;
  }
  if (/\.(cmd|bat|ps1)$/.test(name)) return { why: 'a script that is not among these files' };
  if (/^(if|for|goto|set|shift)$/.test(name) || computes.test(text))
    return { why: 'it computes something, and nothing here is evaluated' };
  return recognised(name, args, drafts, at);
}

/** Takes one command over, with all of its words or not at all. */
function recognised(name: string, args: readonly string[], drafts: Drafts, at: Place): Unhandled {
  const recogniser = Object.hasOwn(recognisers, name) ? recognisers[name] : undefined;
  if (!recogniser) return { why: notRead(name) };
  const words = new Words(args);
  return drafts.attempt(
    () => recogniser(words, drafts, at) ?? (words.left().length > 0 ? unsaid(words) : undefined),
  );
}

/**
 * Arguments of a script (`%1`, `%*`, `%~dp0`), the variable of a loop (`%%a`), and variables but those of
 * Windows itself.
 */
const computes =
  /%~?[a-z]*\d|%\*|%%[a-z]|%(?!(systemroot|windir|systemdrive|programfiles|programfiles\(x86\)|programdata|public|temp|tmp|path|comspec)%)\w[\w()]*%|!\w+!/i;

/** What prints into a file writes it: a line of the table of hosts is a resource. */
function echo(words: string[], output: string | undefined, drafts: Drafts, at: Place): Unhandled {
  if (output === undefined || /^nul$/i.test(output)) return { needless: 'prints' };
  const [address = '', host, ...aliases] = words;
  const isEntry = /[\\/]drivers[\\/]etc[\\/]hosts$/i.test(output) && /^[\d.]+$|:/.test(address);
  if (!isEntry || host === undefined || [host, ...aliases].some(one => /[%#]/.test(one)))
    return { why: `it writes a part of ${output}: declare it whole as a \`file\`` };
  const family = address.includes(':') ? '6' : '4';
  const other = drafts.known('hosts_entry', host, family === '6' ? '4' : '6') !== undefined;
  const title = other ? `${host} (IPv${family})` : host;
  const own = { ...(other && { host }), address, ...(aliases.length > 0 && { aliases }) };
  if (drafts.beside('hosts_entry', host, at, own, family) !== undefined)
    return { why: `${host} has an entry already, and \`hosts_entry\` takes one address of a family` };
  drafts.of('hosts_entry', host, at, family).title = title;
  return undefined;
}

function runPowershell(
  args: string[],
  drafts: Drafts,
  at: Place,
  around: Surroundings,
): Unhandled | typeof partly {
  const what = whatItRuns(args);
  if (!what) return { why: 'what it runs is not written here' };
  return 'command' in what
    ? runGiven(what.command.join(' '), drafts, at, around)
    : runScript(what.file, what.args, drafts, around);
}

/** What `-Command` holds is PowerShell, whose quotes aren't those of cmd. */
function runGiven(text: string, drafts: Drafts, at: Place, around: Surroundings): Unhandled | typeof partly {
  const commands = plainCommands(text.replace(/\s-(?:confirm|whatif):\$false\b/gi, ''));
  if (commands === undefined) return { why: 'it computes something, and nothing here is evaluated' };
  const [{ argv } = { argv: [] }] = commands;
  if (argv.length === 0) return { needless: 'ends' };
  if (commands.length > 1) return { why: 'it runs several commands' };
  const [path = '', ...rest] = argv;
  return scriptAt(path, around) || /\.ps1$/i.test(path)
    ? runScript(path, rest, drafts, around)
    : runPlain(argv, text, drafts, at);
}

function runScript(
  path: string,
  rest: readonly string[],
  drafts: Drafts,
  around: Surroundings,
): Unhandled | typeof partly {
  const script = scriptAt(path, around);
  if (!script) return { why: 'a script that is not among these files' };
  const commands = rest.length === 0 ? plainCommands(script.text) : undefined;
  if (commands) {
    script.understood = commands
      .map(({ argv, text, at: line }) => {
        const place = lineOf(script, line);
        const unhandled = runPlain(argv, text, drafts, place);
        if (unhandled) drafts.leave(place, text, unhandled);
        return unhandled === undefined || 'needless' in unhandled;
      })
      .every(Boolean);
    return script.understood ? undefined : partly;
  }
  return {
    why: `a PowerShell script of ${script.text.trimEnd().split('\n').length} lines, at ${script.at.file}:${script.at.line}: nothing here evaluates it`,
  };
}

function runPlain(argv: string[], text: string, drafts: Drafts, at: Place): Unhandled {
  const [program = '', ...args] = argv;
  const name = programName(program);
  if (!Object.hasOwn(recognisers, name)) return powershell(argv, drafts, at);
  // PowerShell has a cmdlet of that name; and it makes several arguments of `a,b`.
  if (/^sc$/i.test(program)) return { why: 'in PowerShell that is Set-Content, and no service' };
  if (text.includes(',')) return { why: 'it computes something, and nothing here is evaluated' };
  return recognised(name, args, drafts, at);
}

/** A script by its path, or below the current directory. */
const scriptAt = (path: string, { scripts, cwd }: Surroundings): Script | undefined =>
  scripts.get(pathKey(path)) ??
  (cwd === undefined || path === ''
    ? undefined
    : scripts.get(pathKey(`${cwd}\\${path.replace(/^\.[\\/]/, '')}`)));

const lineOf = ({ at }: Script, n: number): Place => ({ file: at.file, line: at.line + n });

const programName = (program: string): string =>
  program
    .replaceAll('/', '\\')
    .split('\\')
    .at(-1)!
    .toLowerCase()
    .replace(/\.exe$/, '');

const afterFirst = (text: string): string => text.trim().replace(/^("[^"]*"|\S+)\s*/, '');
