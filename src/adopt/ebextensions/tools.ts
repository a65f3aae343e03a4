import type { Unhandled } from './appcmd.ts';
import { argvOf } from './cmd-line.ts';
import type { Drafts } from './drafts.ts';
import type { Place } from './read-config.ts';
import { holdsSecret, namesSecret } from './secrets.ts';

/** The arguments after the program, the command's text after it, and where it stands. */
export type Recogniser = (args: string[], drafts: Drafts, at: Place, text: string) => Unhandled;

/** Switches of the form `/name value`, names in lower case; `/f` and the like have none. */
function switches(args: readonly string[], flags: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const match = /^[/-]([A-Za-z0-9]+)$/.exec(args[at]!);
    if (!match) continue;
    const name = match[1]!.toLowerCase();
    found.set(name, flags.includes(name) ? '' : (args[++at] ?? ''));
  }
  return found;
}

/** `name=value` pairs; `start= auto` with its blank as well. */
function pairs(args: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const match = /^([A-Za-z]+)=(.*)$/s.exec(args[at]!);
    if (match) found.set(match[1]!.toLowerCase(), match[2] === '' ? (args[++at] ?? '') : match[2]!);
  }
  return found;
}

const days: Record<string, string> = {
  MON: 'mon',
  TUE: 'tue',
  WED: 'wed',
  THU: 'thu',
  FRI: 'fri',
  SAT: 'sat',
  SUN: 'sun',
};

export const schtasks: Recogniser = (args, drafts, at) => {
  const given = switches(args.slice(1), ['f', 'it', 'np', 'z', 'v1', 'enable', 'disable']);
  const verb = args[0]?.toLowerCase();
  const name = given.get('tn');
  if (name === undefined) return { why: 'it names no task' };
  if (verb === '/delete') {
    drafts.absent('scheduled_task', name, at);
    return undefined;
  }
  if (verb === '/change' && (given.has('enable') || given.has('disable'))) {
    drafts.set('scheduled_task', name, at, { enabled: given.has('enable') });
    return undefined;
  }
  if (verb === '/run' || verb === '/end')
    return { why: 'it starts a task once: an `exec` with a guard does that' };
  if (verb !== '/create' || given.has('xml'))
    return { why: 'only tasks made by /create with a schedule are known' };
  const [command, ...rest] = argvOf(given.get('tr') ?? '');
  if (command === undefined) return { why: 'it runs nothing' };
  if (holdsSecret(given.get('tr')!))
    return { why: 'its arguments seem to hold a secret, and a task keeps them as they are' };
  const schedule = scheduleOf(given);
  if (!schedule) return { why: `the schedule ${given.get('sc')} has no property` };
  const runAs = given.get('ru');
  drafts.set('scheduled_task', name, at, {
    command,
    ...(rest.length > 0 && { arguments: afterFirst(given.get('tr')!) }),
    ...(runAs !== undefined && !/^(nt authority\\)?system$/i.test(runAs) && { run_as: runAs }),
    ...(given.has('rp') && { password: drafts.secret(`scheduled_task:${name}`, name, 'password') }),
    ...(given.get('rl')?.toLowerCase() === 'highest' && { run_level: 'highest' }),
    ...schedule,
  });
  return undefined;
};

function scheduleOf(given: Map<string, string>): Record<string, unknown> | undefined {
  const every = Number(given.get('mo') ?? 1);
  const start = given.get('st');
  const [hour = 0, minute = 0] = (start ?? '00:00').split(':').map(Number);
  switch (given.get('sc')?.toUpperCase()) {
    case 'MINUTE': {
      const offset = (hour * 60 + minute) % every;
      return { every: `${every}m`, ...(offset > 0 && { offset: `${offset}m` }) };
    }
    case 'HOURLY': {
      const offset = (hour * 60 + minute) % (every * 60);
      return { every: `${every}h`, ...(offset > 0 && { offset: `${offset}m` }) };
    }
    case 'DAILY':
      return every === 1 ? { at: start ?? '00:00' } : undefined;
    case 'WEEKLY': {
      const on = (given.get('d') ?? '').split(',').map(day => days[day.trim().toUpperCase()]);
      return every === 1 && on.every(Boolean) ? { at: start ?? '00:00', days: on } : undefined;
    }
    case 'ONSTART':
      return { boot: true };
    case 'ONLOGON':
      return { logon: true };
    default:
      return undefined;
  }
}

/** The text behind the first word, as it stands. */
const afterFirst = (text: string): string => text.trim().replace(/^("[^"]*"|[^\s"]+)\s*/, '');

const kinds: Record<string, string> = {
  REG_SZ: 'string',
  REG_EXPAND_SZ: 'expand',
  REG_MULTI_SZ: 'multi',
  REG_DWORD: 'dword',
  REG_QWORD: 'qword',
  REG_BINARY: 'binary',
};
const hives: Record<string, string> = {
  HKEY_LOCAL_MACHINE: 'HKLM',
  HKEY_CLASSES_ROOT: 'HKCR',
  HKEY_USERS: 'HKU',
  HKEY_CURRENT_USER: 'HKCU',
};

export const reg: Recogniser = (args, drafts, at) => {
  const [verb, path = ''] = args;
  const given = switches(args.slice(2), ['f', 've', 'va']);
  const name = given.get('v');
  if (/^(query|export|save)$/i.test(verb ?? '')) return { why: 'it only reads', needless: true };
  if (name === undefined) return { why: 'only values with a name (`/v`) are known' };
  const [hive = '', ...keys] = path.split('\\');
  const title = [hives[hive.toUpperCase()] ?? hive.toUpperCase(), ...keys, name].join('\\');
  if (/^delete$/i.test(verb!)) {
    drafts.absent('registry_value', title, at);
    return undefined;
  }
  const kind = kinds[(given.get('t') ?? 'REG_SZ').toUpperCase()];
  if (!/^add$/i.test(verb!) || kind === undefined) return { why: 'this use of reg is not known' };
  const data = given.get('d') ?? '';
  if (kind !== 'expand' && /%\w+%/.test(data))
    return { why: 'its value is computed, and nothing here is evaluated' };
  const isNumber = kind === 'dword' || kind === 'qword';
  drafts.set('registry_value', title, at, {
    kind,
    value: namesSecret(name)
      ? drafts.secret(name)
      : isNumber
        ? Number(data)
        : kind === 'multi'
          ? data.split('\\0')
          : data,
    ...(args.some(one => /^\/reg:32$/i.test(one)) && { view: 32 }),
  });
  return undefined;
};

const startups: Record<string, string> = {
  auto: 'automatic',
  demand: 'manual',
  disabled: 'disabled',
  'delayed-auto': 'delayed',
};

export const sc: Recogniser = (args, drafts, at) => {
  const [verb = '', name] = args;
  if (name === undefined) return { why: 'it names no service' };
  if (/^query/i.test(verb)) return { why: 'it only reads', needless: true };
  if (/^(start|stop)$/i.test(verb)) return running(name, verb, drafts, at);
  const startup = startups[pairs(args.slice(2)).get('start')?.toLowerCase() ?? ''];
  if (!/^config$/i.test(verb) || startup === undefined)
    return { why: 'only the start type of a service is known' };
  drafts.set('service', name, at, { startup });
  return undefined;
};

export const net: Recogniser = ([verb = '', name], drafts, at) =>
  name !== undefined && /^(start|stop)$/i.test(verb)
    ? running(name, verb, drafts, at)
    : { why: 'only `net start` and `net stop` are known' };

function running(name: string, verb: string, drafts: Drafts, at: Place): Unhandled {
  drafts.set('service', name, at, { state: /^start$/i.test(verb) ? 'running' : 'stopped' });
  return undefined;
}

export const netsh: Recogniser = (args, drafts, at) => {
  const words = args.filter(arg => !arg.includes('=')).map(word => word.toLowerCase());
  const given = pairs(args);
  if (words.join(' ') === 'http add sslcert') {
    const place = given.get('hostnameport') ?? given.get('ipport');
    const hash = given.get('certhash');
    if (place === undefined || hash === undefined) return { why: 'it names no address or no certificate' };
    const store = given.get('certstorename');
    drafts.set('certificate_binding', place, at, { thumbprint: hash, ...(store !== undefined && { store }) });
    return undefined;
  }
  const rule = /^advfirewall firewall (add|delete) rule$/.exec(words.join(' '));
  const name = given.get('name');
  if (!rule || name === undefined) return { why: 'this use of netsh is not known' };
  if (rule[1] === 'delete') {
    drafts.absent('firewall_rule', name, at, { action: 'allow' });
    return undefined;
  }
  const names = {
    dir: 'direction',
    action: 'action',
    protocol: 'protocol',
    localport: 'local_port',
    remoteip: 'remote_address',
    profile: 'profile',
    program: 'program',
  };
  const properties: Record<string, unknown> = {};
  for (const [key, value] of given) {
    const property = names[key as keyof typeof names];
    if (key === 'name' || (key === 'enable' && /^yes$/i.test(value))) continue;
    if (!property) return { why: `firewall_rule has no property for ${key}` };
    properties[property] = property === 'protocol' || property === 'program' ? value : value.toLowerCase();
  }
  drafts.set('firewall_rule', name, at, properties);
  return undefined;
};

export const tzutil: Recogniser = ([verb, zone], drafts, at) => {
  if (verb?.toLowerCase() !== '/s' || zone === undefined) return { why: 'it only reads', needless: true };
  drafts.set('timezone', zone, at, {});
  return undefined;
};

export const dism: Recogniser = (args, drafts, at) => {
  const names = args.flatMap(arg => /^\/featurename:(.+)$/i.exec(arg)?.[1] ?? []);
  const verb = args.find(arg => /^\/(enable|disable)-feature$/i.test(arg))?.toLowerCase();
  if (verb === undefined || names.length === 0)
    return { why: 'only enabling and disabling features is known' };
  for (const name of names) {
    if (verb === '/disable-feature') drafts.absent('windows_feature', name, at);
    else feature(name, drafts, at);
  }
  return undefined;
};

/** All features in one resource: one read and one call on the machine. */
export function feature(name: string, drafts: Drafts, at: Place): void {
  const draft = drafts.of('windows_feature', 'features', at);
  const names = (draft.properties.names ?? []) as string[];
  draft.properties.names = [...new Set([...names, name])];
}

export const setx: Recogniser = (args, drafts, at) => {
  const machine = args.some(arg => /^[/-]m$/i.test(arg));
  const [name, value] = args.filter(arg => !/^[/-]m$/i.test(arg));
  if (!machine || name === undefined || value === undefined)
    return { why: 'it sets a variable of one user alone' };
  if (!/^path$/i.test(name) && value.includes('%'))
    return { why: 'its value is computed, and nothing here is evaluated' };
  if (/^path$/i.test(name)) {
    const added = value.split(';').filter(part => part !== '' && !/^%path%$/i.test(part));
    for (const directory of added) drafts.set('env_path', directory, at, {});
    return undefined;
  }
  drafts.set('environment_variable', name, at, {
    value: namesSecret(name) ? drafts.secret(name, name) : value,
  });
  return undefined;
};

export const mkdir: Recogniser = (args, drafts, at) => {
  if (!args.every(one => /^([A-Za-z]:|[\\/]{2})[^%]*$/.test(one))) return { why: 'it names no whole path' };
  for (const directory of args) drafts.set('file', directory, at, { kind: 'directory' });
  return undefined;
};
