import { Words } from '../drafts/command-words.ts';
import type { Drafts, Unhandled } from '../drafts/drafts.ts';
import { isWholePath } from '../drafts/paths.ts';
import type { Place } from '../drafts/place-in-file.ts';
import { notRead } from './declared-by.ts';
import { addRule } from './firewall-rules.ts';
import { feature, withoutFeature } from './tools.ts';

/** What one cmdlet does; parameters that it doesn't take make the command a leftover. */
type Cmdlet = (words: Words, drafts: Drafts, at: Place) => Unhandled;

/** Takes over one PowerShell command, by its cmdlet; anything with variables or pipes is a program. */
export function powershell(argv: readonly string[], drafts: Drafts, at: Place): Unhandled {
  const [name = '', ...given] = argv;
  const rest = given.filter(arg => !/^-(confirm|whatif):\$false$/i.test(arg));
  if ([name, ...rest].some(arg => /[$|{};()]/.test(arg)))
    return { why: 'it computes something, and nothing here is evaluated' };
  const key = name.toLowerCase();
  if (/^write-(host|output|verbose|information)$/.test(key)) return { needless: 'prints' };
  if (key === 'import-module') return { needless: 'module' };
  const cmdlet = Object.hasOwn(cmdlets, key) ? cmdlets[key] : undefined;
  if (!cmdlet) return { why: notRead(name) };
  const words = new Words(withLists(rest));
  for (const common of ['erroraction', 'warningaction', 'informationaction']) words.value(common);
  words.flag('verbose', 'debug', 'passthru');
  const unhandled = drafts.attempt(
    () => cmdlet(words, drafts, at) ?? (words.left().length > 0 ? unsaid(words) : undefined),
  );
  return unhandled;
}

/** What nothing of a resource says about the words of a command. */
export const unsaid = (words: Words): { why: string } => ({
  why: `no resource says ${words.left().join(' ')}`,
});

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map(one => one.trim())
    .filter(Boolean);

const install: Cmdlet = (words, drafts, at) => {
  const [tools, below] = [words.flag('includemanagementtools'), words.flag('includeallsubfeature')];
  words.flag('online', 'all', 'norestart');
  const names = listOf(words.value('name') ?? words.value('featurename') ?? words.next() ?? '');
  if (names.length === 0) return { why: 'it names no feature' };
  for (const name of names) feature(name, drafts, at);
  const more = [...(tools ? ['-IncludeManagementTools'] : []), ...(below ? ['-IncludeAllSubFeature'] : [])];
  for (const flag of more)
    drafts.leave(at, `${flag} of ${names.join(', ')}`, {
      why: 'it stands for features that are not named: add those that are wanted',
    });
  return undefined;
};

const uninstall: Cmdlet = (words, drafts, at) => {
  words.flag('online', 'norestart');
  const names = listOf(words.value('name') ?? words.value('featurename') ?? words.next() ?? '');
  if (names.length === 0) return { why: 'it names no feature' };
  for (const name of names) withoutFeature(name, drafts, at);
  return undefined;
};

const timezone: Cmdlet = (words, drafts, at) => {
  const zone = words.value('id') ?? words.value('name') ?? words.next();
  if (zone === undefined) return { why: 'it names no time zone' };
  drafts.set('timezone', zone, at, {});
  return undefined;
};

const service =
  (state: 'running' | 'stopped', restarts = false): Cmdlet =>
  (words, drafts, at) => {
    words.flag('force');
    const name = words.value('name') ?? words.next();
    if (name === undefined) return { why: 'it names no service' };
    for (const one of listOf(name)) drafts.set('service', one, at, { state });
    if (restarts) drafts.leave(at, `restart of ${name}`, { needless: 'restart' });
    return undefined;
  };

const startups: Record<string, string> = {
  automatic: 'automatic',
  manual: 'manual',
  disabled: 'disabled',
  automaticdelayedstart: 'delayed',
};

const setService: Cmdlet = (words, drafts, at) => {
  const startup = words.value('startuptype');
  const status = words.value('status')?.toLowerCase();
  const name = words.value('name') ?? words.next();
  if (name === undefined) return { why: 'it names no service' };
  const isKnown =
    (startup === undefined || startups[startup.toLowerCase()] !== undefined) &&
    (status === undefined || status === 'running' || status === 'stopped');
  if (!isKnown || (startup === undefined && status === undefined))
    return { why: 'only the start type of a service and whether it runs are known' };
  for (const one of listOf(name))
    drafts.set('service', one, at, {
      ...(startup !== undefined && { startup: startups[startup.toLowerCase()] }),
      ...(status !== undefined && { state: status }),
    });
  return undefined;
};

const newItem: Cmdlet = (words, drafts, at) => {
  words.flag('force');
  const kind = words.value('itemtype') ?? words.value('type');
  const path = words.value('path') ?? words.next() ?? '';
  if (kind?.toLowerCase() !== 'directory' || !isWholePath(path) || path.includes(','))
    return { why: 'only directories by their whole path are known' };
  drafts.set('file', path, at, { kind: 'directory' });
  return undefined;
};

/** Parameters of New-NetFirewallRule as properties; lists have commas in both. */
const ruleNames: Readonly<Record<string, string>> = {
  protocol: 'protocol',
  localport: 'local_port',
  remoteport: 'remote_port',
  localaddress: 'local_address',
  remoteaddress: 'remote_address',
  profile: 'profile',
  program: 'program',
  service: 'service',
  interfacetype: 'interface_type',
  description: 'description',
  enabled: 'enabled',
};
const interfaceTypes: Record<string, string> = {
  any: 'any',
  wireless: 'wireless',
  wired: 'lan',
  remoteaccess: 'ras',
};

const newRule: Cmdlet = (words, drafts, at) => {
  // Its own name is a key that nobody sees; it is made up when it is left out.
  const own = words.value('name');
  const name = words.value('displayname') ?? own;
  if (name === undefined) return { why: 'it names no rule' };
  const direction = words.value('direction')?.toLowerCase() ?? 'inbound';
  const properties: Record<string, unknown> = {
    direction: direction === 'outbound' ? 'out' : 'in',
    action: words.value('action')?.toLowerCase() ?? 'allow',
  };
  if (!/^(in|out)bound$/.test(direction)) return { why: 'there is no such direction' };
  for (const [parameter, property] of Object.entries(ruleNames)) {
    const value = words.value(parameter);
    if (value === undefined) continue;
    properties[property] = /^(program|service|description)$/.test(property) ? value : value.toLowerCase();
  }
  const edge = words.value('edgetraversalpolicy')?.toLowerCase();
  if (edge !== undefined)
    properties.edge_traversal = edge === 'allow' ? 'yes' : edge === 'block' ? 'no' : edge;
  const kind = properties.interface_type;
  if (kind !== undefined) properties.interface_type = interfaceTypes[String(kind)] ?? kind;
  return addRule(name, properties, drafts, at);
};

const cmdlets: Readonly<Record<string, Cmdlet>> = {
  'install-windowsfeature': install,
  'add-windowsfeature': install,
  'enable-windowsoptionalfeature': install,
  'uninstall-windowsfeature': uninstall,
  'remove-windowsfeature': uninstall,
  'disable-windowsoptionalfeature': uninstall,
  'set-timezone': timezone,
  'start-service': service('running'),
  'stop-service': service('stopped'),
  'restart-service': service('running', true),
  'set-service': setService,
  'new-item': newItem,
  'new-netfirewallrule': newRule,
};

/** Of powershell.exe itself: those that are followed by a value, and those that aren't. */
const withValue = /^(ex|ep|exec|executionpolicy|windowstyle|w|version|v|inputformat|outputformat)$/;
const flags = /^(nop|noprofile|noni|noninteractive|nologo|noexit|sta|mta)$/;

/** What powershell.exe is to run; undefined when its arguments don't say so plainly. */
export function whatItRuns(
  args: readonly string[],
): { file: string; args: readonly string[] } | { command: string[] } | undefined {
  for (let at = 0; at < args.length; at++) {
    const name = /^[-/](\w+)$/.exec(args[at]!)?.[1]?.toLowerCase();
    if (name === undefined) return { command: args.slice(at) };
    if (name === 'file' || name === 'f')
      return args[at + 1] === undefined ? undefined : { file: args[at + 1]!, args: args.slice(at + 2) };
    if (name === 'command' || name === 'c') return { command: args.slice(at + 1) };
    if (withValue.test(name)) at++;
    else if (!flags.test(name)) return undefined;
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
