import { sidOf } from '../accounts.ts';
import { appcmd } from '../iis/appcmd.ts';
import type { Answer, Call, Machine, Tool } from '../machine.ts';
import { readRegistry } from '../registry/store.ts';
import type { RegistryValue } from '../registry/values.ts';
import { taskUri } from '../tasks/store.ts';
import { failed, said } from './console.ts';
import { registerXml } from './schtasks.ts';

/** What one cmdlet does with the data that a script reads from stdin as JSON. */
type Cmdlet = (data: Record<string, string>, call: Call, machine: Machine) => Promise<Answer>;

/**
 * powershell.exe, as far as fixed scripts go that read `$d` as JSON from stdin: it finds the one cmdlet that
 * changes something, and does what that does. It is no interpreter, and says so of any other script.
 */
export const powershell: Tool = async (call, machine) => {
  const at = call.args.findIndex(arg => /^-command$/i.test(arg));
  const script = at < 0 ? '' : (call.args[at + 1] ?? '');
  const cmdlet = Object.keys(cmdlets).find(name => script.includes(name));
  if (cmdlet === undefined || !script.includes('[Console]::In.ReadToEnd() | ConvertFrom-Json'))
    return failed(1, 'The lab has no stand-in for this script.\n');
  let data: Record<string, string>;
  try {
    data = JSON.parse(call.input);
  } catch {
    return failed(1, 'ConvertFrom-Json : Invalid JSON primitive.\n');
  }
  return cmdlets[cmdlet]!(data, call, machine);
};

const cmdlets: Readonly<Record<string, Cmdlet>> = {
  /** Of the IIS: drive: `IIS:\AppPools\NAME`, `IIS:\Sites\SITE\path`. */
  'Set-ItemProperty': async ({ path = '', name = '', value = '' }, call, machine) => {
    const match = /^IIS:\\(AppPools|Sites)\\(.+)$/i.exec(path);
    if (!match) return failed(1, `Set-ItemProperty : Cannot find path '${path}'.\n`);
    const isPool = match[1]!.toLowerCase() === 'apppools';
    const object = match[2]!.replaceAll('\\', '/');
    const id = isPool ? `/apppool.name:${object}` : `/vdir.name:${object}`;
    const args = ['set', isPool ? 'apppool' : 'vdir', id, `/${name}:${value}`];
    const answer = await appcmd({ ...call, args, input: '' }, machine);
    return answer.exitCode === 0 ? said('') : failed(1, `Set-ItemProperty : ${answer.stdout}`);
  },
  'Register-ScheduledTask': async ({ folder = '\\', name = '', xml = '', user, password }, _, machine) => {
    const uri = taskUri(`${folder}${name}`);
    if (uri === undefined) return failed(1, 'Register-ScheduledTask : The parameter is incorrect.\n');
    const bytes = Buffer.from(`\ufeff${xml}`, 'utf16le');
    const mistake = await registerXml(bytes, uri, { user, password }, machine);
    return mistake === undefined ? said('') : failed(1, `Register-ScheduledTask : ${mistake}\n`);
  },
  /** A line for each value: `-`, or its kind and its data in base64 of UTF-16. */
  'Microsoft.Win32.RegistryKey': async ({ values = '[]' }, _, { files }) => {
    const registry = await readRegistry(files);
    const asked = JSON.parse(values) as { hive: string; path: string; name: string }[];
    const lines = asked.map(({ hive, path, name }) => {
      const value = registry.value(`HKEY_${hive.replace(/(?!^)[A-Z]/g, '_$&').toUpperCase()}\\${path}`, name);
      return value
        ? `${netKinds[value.type]} ${Buffer.from(netText(value), 'utf16le').toString('base64')}`
        : '-';
    });
    return said(lines.map(line => `${line}\n`).join(''));
  },
  /** SIDs of the accounts that are named with `|` between, a line for each. */
  'Security.Principal.NTAccount': async ({ names = '' }, _, { language }) =>
    said(
      names
        .split('|')
        .map(name => `${sidOf(name, language) ?? '-'}\n`)
        .join(''),
    ),
};

const netKinds: Readonly<Record<RegistryValue['type'], string>> = {
  REG_SZ: 'String',
  REG_EXPAND_SZ: 'ExpandString',
  REG_MULTI_SZ: 'MultiString',
  REG_DWORD: 'DWord',
  REG_QWORD: 'QWord',
  REG_BINARY: 'Binary',
  REG_NONE: 'None',
};

/** As .NET prints it: numbers have a sign, bytes a hyphen between. */
function netText(value: RegistryValue): string {
  switch (value.type) {
    case 'REG_DWORD':
      return String(BigInt.asIntN(32, BigInt(value.data)));
    case 'REG_QWORD':
      return String(BigInt.asIntN(64, BigInt(value.data)));
    case 'REG_MULTI_SZ':
      return value.data.join('\0');
    case 'REG_BINARY':
      return value.data.replace(/..(?=.)/g, '$&-');
    default:
      return value.data;
  }
}
