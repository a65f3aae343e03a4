import type { Unhandled } from './appcmd.ts';
import type { Drafts } from './drafts.ts';
import type { Place } from './read-config.ts';
import { feature } from './tools.ts';

/** Takes over one PowerShell command, by its cmdlet; anything with variables or pipes is a program. */
export function powershell(argv: readonly string[], drafts: Drafts, at: Place): Unhandled {
  const [cmdlet = '', ...rest] = argv;
  const { named, positional } = parametersOf(withLists(rest));
  if ([...argv].some(arg => /[$|{};]/.test(arg)))
    return { why: 'it computes something, and nothing here is evaluated' };
  switch (cmdlet.toLowerCase()) {
    case 'write-host':
    case 'write-output':
      return { why: 'it only prints', needless: true };
    case 'import-module':
      return { why: 'converge needs no module', needless: true };
    case 'install-windowsfeature':
    case 'add-windowsfeature':
    case 'enable-windowsoptionalfeature': {
      const names = named.get('name') ?? named.get('featurename') ?? positional[0] ?? '';
      for (const name of names.split(',').filter(Boolean)) feature(name.trim(), drafts, at);
      return names === '' ? { why: 'it names no feature' } : undefined;
    }
    case 'set-timezone': {
      const zone = named.get('id') ?? named.get('name') ?? positional[0];
      if (zone === undefined) return { why: 'it names no time zone' };
      drafts.set('timezone', zone, at, {});
      return undefined;
    }
    case 'start-service':
    case 'stop-service':
    case 'restart-service': {
      const name = named.get('name') ?? positional[0];
      if (name === undefined) return { why: 'it names no service' };
      const state = cmdlet.toLowerCase() === 'stop-service' ? 'stopped' : 'running';
      drafts.set('service', name, at, { state });
      return undefined;
    }
    default:
      return { why: `converge has no type for ${cmdlet}` };
  }
}

/** The arguments of powershell.exe itself, up to what it is to run. */
export function whatItRuns(args: readonly string[]): { file: string } | { command: string[] } | undefined {
  for (let at = 0; at < args.length; at++) {
    const name = /^[-/](\w+)$/.exec(args[at]!)?.[1]?.toLowerCase();
    if (name === undefined) return { command: args.slice(at) };
    if ('encodedcommand'.startsWith(name) && /^e/.test(name) && !'executionpolicy'.startsWith(name))
      return undefined;
    if (name === 'file' || name === 'f')
      return args[at + 1] === undefined ? undefined : { file: args[at + 1]! };
    if (name === 'command' || name === 'c') return { command: args.slice(at + 1) };
    if (!/^(nop|noprofile|noninteractive|nologo|noexit|sta|mta)$/.test(name)) at++;
  }
  return undefined;
}

/** `a, b` and `a ,b` are one argument, a list. */
function withLists(args: readonly string[]): string[] {
  const all: string[] = [];
  for (const arg of args) {
    const last = all.at(-1);
    if (last !== undefined && (last.endsWith(',') || arg.startsWith(','))) all[all.length - 1] = last + arg;
    else all.push(arg);
  }
  return all;
}

function parametersOf(args: readonly string[]) {
  const named = new Map<string, string>();
  const positional: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const name = /^-([A-Za-z]+)$/.exec(args[at]!)?.[1]?.toLowerCase();
    if (name === undefined) positional.push(args[at]!);
    else if (at + 1 < args.length && !/^-[A-Za-z]/.test(args[at + 1]!)) named.set(name, args[++at]!);
    else named.set(name, '');
  }
  return { named, positional };
}
