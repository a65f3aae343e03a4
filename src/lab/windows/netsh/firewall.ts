import { failedAloud, said, type Text } from '../console/console.ts';
import type { Answer, Machine } from '../machine/machine.ts';
import { type Registry, readRegistry } from '../registry/store.ts';
import { text, textOf } from '../registry/values.ts';
import { readPairs } from './pairs.ts';

/** One value per rule, `v2.31|Action=Allow|…|`, named by a GUID or by the rule of Windows' own. */
const rulesKey =
  'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules';

const none: Text = {
  en: 'No rules match the specified criteria.',
  de: 'Es stimmen keine Regeln mit den angegebenen Kriterien überein.',
};
const invalid: Text = {
  en: 'A specified value is not valid.',
  de: 'Ein angegebener Wert ist ungültig.',
};

/** Of one rule: `Name`, `Dir`, `LPort` and so on; what is repeated has commas. */
export type Fields = Map<string, string>;

/** All rules of the machine. */
export const readRules = async (files: Machine['files']): Promise<Fields[]> =>
  ((await readRegistry(files)).values(rulesKey) ?? []).map(value => parse(textOf(value) ?? ''));

const protocols: Record<string, string> = { tcp: '6', udp: '17', icmpv4: '1', icmpv6: '58' };
const profiles = ['Domain', 'Private', 'Public'];
const interfaces: Record<string, string> = { lan: 'Lan', wireless: 'Wireless', ras: 'RemoteAccess' };

/** `netsh advfirewall firewall add|delete|set|show rule`. Names needn't be unique: `add` never replaces. */
export async function advfirewall(verb: string, args: readonly string[], machine: Machine): Promise<Answer> {
  const { files, language, random } = machine;
  const registry = await readRegistry(files);
  const marker = args.findIndex(arg => arg.toLowerCase() === 'new');
  const selection = readPairs(marker < 0 ? args : args.slice(0, marker));
  const given = verb === 'set' ? readPairs(args.slice(marker + 1)) : selection;
  const { name } = selection;
  const ok = (count?: number) => said(`${count === undefined ? '' : `\nDeleted ${count} rule(s).\n`}Ok.\n\n`);
  if (name === undefined) return failedAloud(1, `${invalid[language]}\n`);
  if (verb === 'add') {
    const fields = read(new Map([['Active', 'TRUE']]), given);
    if (!fields?.has('Dir') || !fields.has('Action')) return failedAloud(1, `\n${invalid[language]}\n\n`);
    registry.set(rulesKey, text(`{${random.uuid().toUpperCase()}}`, print(fields)));
    await registry.save(files);
    return ok();
  }
  const rules = matching(registry, selection);
  if (rules.length === 0) return failedAloud(1, `\n${none[language]}\n\n`);
  if (verb === 'show') return said(`${rules.map(({ fields }) => describe(fields)).join('')}Ok.\n\n`);
  if (verb === 'delete') for (const rule of rules) registry.removeValue(rulesKey, rule.id);
  else if (verb === 'set' && marker >= 0) {
    for (const rule of rules) {
      const fields = read(rule.fields, given);
      if (!fields) return failedAloud(1, `\n${invalid[language]}\n\n`);
      registry.set(rulesKey, text(rule.id, print(fields)));
    }
  } else return failedAloud(1, `${invalid[language]}\n`);
  await registry.save(files);
  return ok(verb === 'delete' ? rules.length : undefined);
}

/** A field that a selection says nothing of; `any` in one is a rule that has no such field. */
const whatever = '?';

/**
 * The rules of a name, and of what else the selection says: `dir`, `protocol`, ports, `program`, `service`
 * ...
 */
function matching(registry: Registry, { name = '', ...others }: Record<string, string>) {
  const wanted = changed(new Map(order.map(key => [key, whatever])), others);
  return (registry.values(rulesKey) ?? [])
    .map(value => ({ id: value.name, fields: parse(textOf(value) ?? '') }))
    .filter(
      ({ fields }) =>
        name.toLowerCase() === 'all' || fields.get('Name')?.toLowerCase() === name.toLowerCase(),
    )
    .filter(
      ({ fields }) =>
        wanted !== undefined &&
        order.every(key => {
          const value = wanted.get(key);
          return value === whatever || fields.get(key)?.toLowerCase() === value?.toLowerCase();
        }),
    );
}

/** Fields in the order in which Windows writes them. */
const order = [
  'Action',
  'Active',
  'Dir',
  'Protocol',
  'Profile',
  'LPort',
  'RPort',
  'LA4',
  'RA4',
  'IFType',
  'App',
  'Svc',
  'Name',
  'Desc',
  'Edge',
];

function parse(line: string): Fields {
  const fields: Fields = new Map();
  for (const part of line.split('|').slice(1)) {
    const at = part.indexOf('=');
    if (at < 1) continue;
    const key = part.slice(0, at);
    const before = fields.get(key);
    fields.set(key, before === undefined ? part.slice(at + 1) : `${before},${part.slice(at + 1)}`);
  }
  return fields;
}

const repeated = new Set(['Profile', 'LPort', 'RPort', 'LA4', 'RA4']);

function print(fields: Fields): string {
  const parts = order.flatMap(key => {
    const value = fields.get(key);
    if (value === undefined) return [];
    return (repeated.has(key) ? value.split(',') : [value]).map(one => `${key}=${one}|`);
  });
  return `v2.31|${parts.join('')}`;
}

/** Undefined when netsh takes no such value, or for ports of what isn't TCP or UDP. */
function read(before: Fields, given: Record<string, string>): Fields | undefined {
  const fields = changed(before, given);
  const hasPorts = fields?.has('LPort') || fields?.has('RPort');
  return hasPorts && !['6', '17'].includes(fields?.get('Protocol') ?? '') ? undefined : fields;
}

function changed(before: Fields, given: Record<string, string>): Fields | undefined {
  const fields = new Map(before);
  const set = (key: string, value: string | undefined) => {
    if (value === undefined) fields.delete(key);
    else fields.set(key, value);
    return true;
  };
  const any = (value: string) => (value.toLowerCase() === 'any' ? undefined : value);
  const ports = /^(any|rpc|rpc-epmap|iphttps|\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*)$/i;
  const takers: Record<string, (value: string) => boolean> = {
    name: value => value !== '' && value.toLowerCase() !== 'all' && set('Name', value),
    dir: value => /^(in|out)$/i.test(value) && set('Dir', value.toLowerCase() === 'in' ? 'In' : 'Out'),
    action: value =>
      /^(allow|block|bypass)$/i.test(value) &&
      set('Action', value[0]!.toUpperCase() + value.slice(1).toLowerCase()),
    enable: value =>
      /^(yes|no)$/i.test(value) && set('Active', value.toLowerCase() === 'yes' ? 'TRUE' : 'FALSE'),
    protocol: value => {
      const known = protocols[value.toLowerCase()] ?? (/^\d{1,3}$/.test(value) ? value : undefined);
      return (known !== undefined || value.toLowerCase() === 'any') && set('Protocol', known);
    },
    profile: value => {
      const chosen = value
        .split(',')
        .map(one => profiles.find(known => known.toLowerCase() === one.toLowerCase()));
      if (/^any$/i.test(value)) return set('Profile', undefined);
      return !chosen.includes(undefined) && set('Profile', chosen.join(','));
    },
    localport: value => ports.test(value) && set('LPort', any(value)),
    remoteport: value => ports.test(value) && set('RPort', any(value)),
    localip: value => set('LA4', any(value)),
    remoteip: value => set('RA4', any(value)),
    program: value => set('App', any(value)),
    service: value => set('Svc', any(value)),
    description: value => set('Desc', value),
    edge: value =>
      /^(yes|no)$/i.test(value) &&
      (value.toLowerCase() === 'no' || fields.get('Dir') !== 'Out') &&
      set('Edge', value.toLowerCase() === 'yes' ? 'TRUE' : undefined),
    interfacetype: value => {
      const kind = value.toLowerCase();
      return (kind === 'any' || interfaces[kind] !== undefined) && set('IFType', interfaces[kind]);
    },
  };
  const good = Object.entries(given).every(([name, value]) => takers[name]?.(value) ?? false);
  return good ? fields : undefined;
}

function describe(fields: Fields): string {
  const protocol = fields.get('Protocol');
  const name = Object.keys(protocols)
    .find(one => protocols[one] === protocol)
    ?.toUpperCase();
  const rows: [string, string][] = [
    ['Enabled', fields.get('Active') === 'TRUE' ? 'Yes' : 'No'],
    ['Direction', fields.get('Dir') ?? ''],
    ['Profiles', fields.get('Profile') ?? profiles.join(',')],
    ['Grouping', ''],
    ['LocalIP', fields.get('LA4') ?? 'Any'],
    ['RemoteIP', fields.get('RA4') ?? 'Any'],
    ['Protocol', name ?? protocol ?? 'Any'],
    ['LocalPort', fields.get('LPort') ?? 'Any'],
    ['RemotePort', fields.get('RPort') ?? 'Any'],
    ['Edge traversal', fields.get('Edge') === 'TRUE' ? 'Yes' : 'No'],
    ['Action', fields.get('Action') ?? ''],
  ];
  const lines = rows.map(([label, value]) => `${`${label}:`.padEnd(38)}${value}\n`);
  return `\n${'Rule Name:'.padEnd(38)}${fields.get('Name') ?? ''}\n${'-'.repeat(70)}\n${lines.join('')}`;
}
