import { appcmd, type Unhandled } from './appcmd.ts';
import { argvOf, commandsOf, jumps, linesOf } from './cmd-line.ts';
import type { Drafts } from './drafts.ts';
import { plainCommands } from './plain-powershell.ts';
import { powershell, whatItRuns } from './powershell.ts';
import type { Place } from './read-config.ts';
import { withoutSecrets } from './secrets.ts';
import { dism, mkdir, net, netsh, type Recogniser, reg, sc, schtasks, setx, tzutil } from './tools.ts';

/** A script among the files given, by its path. */
export interface Script {
  path: string;
  text: string;
  /** Of its first line. */
  at: Place;
  /** Whether every line of it was taken over. */
  understood?: boolean;
}

const recognisers: Record<string, Recogniser> = {
  appcmd: (args, drafts, at) => appcmd(args, drafts, at),
  schtasks,
  reg,
  sc,
  net,
  netsh,
  tzutil,
  dism,
  setx,
  mkdir,
  md: mkdir,
  iisreset: () => ({ why: 'what the types change is in force at once', needless: true }),
  cd: () => ({ why: 'resources name whole paths', needless: true }),
};

/** How deep scripts may call scripts. */
const deepest = 8;

/** Takes over the commands of one line, and what is not understood into the leftovers. True when all was. */
export function interpretLine(
  line: string,
  drafts: Drafts,
  at: Place,
  scripts: ReadonlyMap<string, Script>,
  depth = 0,
): boolean {
  let all = true;
  for (const { argv, text, output } of commandsOf(line)) {
    const unhandled = /^echo$/i.test(argv[0]!)
      ? echo(argv.slice(1), output, drafts, at)
      : interpret(argv, text, drafts, at, scripts, depth);
    if (!unhandled) continue;
    drafts.leftovers.push({ ...at, what: withoutSecrets(text), ...unhandled });
    if (!unhandled.needless) all = false;
  }
  return all;
}

function interpret(
  argv: string[],
  text: string,
  drafts: Drafts,
  at: Place,
  scripts: ReadonlyMap<string, Script>,
  depth: number,
): Unhandled {
  const [program = '', ...args] = argv;
  const name = programName(program);
  if (depth > deepest) return { why: 'scripts call one another too deep' };
  if (name === 'call') return interpret(args, afterFirst(text), drafts, at, scripts, depth + 1);
  if (name === 'cmd') {
    const inner = /^\s*(?:"[^"]*"|\S+)(?:\s+\/[a-z](?::\w+)?)*?\s+\/[ck]\s+(.*)$/is.exec(text)?.[1];
    if (inner === undefined) return { why: 'it runs nothing' };
    // cmd takes the first and the last quote away.
    const line = /^".*"$/s.test(inner) ? inner.slice(1, -1) : inner;
    interpretLine(line, drafts, at, scripts, depth + 1);
    return undefined;
  }
  if (name === 'powershell' || name === 'pwsh') return runPowershell(args, drafts, at, scripts);
  const script = scripts.get(pathKey(program));
  if (script && /\.(cmd|bat)$/i.test(program)) {
    if (jumps(script.text))
      return { why: 'it runs some of its lines only sometimes, and nothing here is evaluated' };
    script.understood = linesOf(script.text)
      .map(({ line, at }) => interpretLine(line, drafts, lineOf(script, at), scripts, depth + 1))
      .every(Boolean);
    return undefined;
  }
  if (/\.(cmd|bat|ps1)$/.test(name)) return { why: 'a script that is not among these files' };
  if (/^(if|for|goto|set|shift|exit)$/.test(name) || computes.test(text))
    return { why: 'it computes something, and nothing here is evaluated' };
  const recogniser = recognisers[name];
  return recogniser ? recogniser(args, drafts, at, text) : { why: `converge has no type for ${name}` };
}

/** Arguments of a script (`%1`, `%~dp0`), the variable of a loop (`%%a`), and variables but those of Windows itself. */
const computes =
  /%~?[a-z]*\d|%%[a-z]|%(?!(systemroot|windir|systemdrive|programfiles|programfiles\(x86\)|programdata|public|temp|tmp|path|comspec)%)\w[\w()]*%|!\w+!/i;

/** What prints into a file writes it: a line of the table of hosts is a resource. */
function echo(words: string[], output: string | undefined, drafts: Drafts, at: Place): Unhandled {
  if (output === undefined || /^nul$/i.test(output)) return { why: 'it only prints', needless: true };
  const [address = '', host, ...aliases] = words;
  const isEntry = /[\\/]drivers[\\/]etc[\\/]hosts$/i.test(output) && /^[\d.]+$|:/.test(address);
  if (!isEntry || host === undefined)
    return { why: `it writes a part of ${output}: declare it whole as a \`file\`` };
  drafts.set('hosts_entry', host, at, { address, ...(aliases.length > 0 && { aliases }) });
  return undefined;
}

function runPowershell(
  args: string[],
  drafts: Drafts,
  at: Place,
  scripts: ReadonlyMap<string, Script>,
): Unhandled {
  const what = whatItRuns(args);
  if (!what) return { why: 'what it runs is not written here' };
  // `-Command "cmdlet a b"` is one argument that holds a command.
  const [path = '', ...rest] =
    'file' in what ? [what.file] : argvOf(what.command.join(' ').replace(/^&\s*/, ''));
  const script = scripts.get(pathKey(path));
  if (!script && /\.ps1$/i.test(path)) return { why: 'a script that is not among these files' };
  if (!script) return powershell([path, ...rest], drafts, at);
  const commands = rest.length === 0 ? plainCommands(script.text) : undefined;
  if (commands) {
    script.understood = commands
      .map(({ argv, text, at: line }) => {
        const place = lineOf(script, line);
        const unhandled = runPlain(argv, text, drafts, place);
        if (unhandled) drafts.leftovers.push({ ...place, what: withoutSecrets(text), ...unhandled });
        return unhandled === undefined || unhandled.needless === true;
      })
      .every(Boolean);
    return undefined;
  }
  return {
    why: `a PowerShell script of ${script.text.trimEnd().split('\n').length} lines, at ${script.at.file}:${script.at.line}: nothing here evaluates it`,
  };
}

function runPlain(argv: string[], text: string, drafts: Drafts, at: Place): Unhandled {
  const [program = '', ...args] = argv;
  const recogniser = recognisers[programName(program)];
  if (!recogniser) return powershell(argv, drafts, at);
  // PowerShell has a cmdlet of that name; and it makes several arguments of `a,b`.
  if (/^sc$/i.test(program)) return { why: 'in PowerShell that is Set-Content, and no service' };
  if (text.includes(',')) return { why: 'it computes something, and nothing here is evaluated' };
  return recogniser(args, drafts, at, text);
}

const lineOf = ({ at }: Script, n: number): Place => ({ file: at.file, line: at.line + n });

const programName = (program: string): string =>
  program
    .replaceAll('/', '\\')
    .split('\\')
    .at(-1)!
    .toLowerCase()
    .replace(/\.exe$/, '');

/** Windows paths name one file in any case and with either slash, also when they were escaped twice. */
export const pathKey = (path: string): string => path.replace(/[\\/]+/g, '\\').toLowerCase();

const afterFirst = (text: string): string => text.trim().replace(/^("[^"]*"|\S+)\s*/, '');
