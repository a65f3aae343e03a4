import { failed, said } from '../console/console.ts';
import { readFeatures } from '../features/state.ts';
import { appcmd } from '../iis/appcmd.ts';
import { sidOf } from '../machine/accounts.ts';
import type { Answer, Call, Machine, Tool } from '../machine/machine.ts';
import { readAccess } from '../powershell/access.ts';
import { changeCertificate, importPfx, readCertificates } from '../powershell/certificates.ts';
import type { Cmdlet, Data } from '../powershell/cmdlet.ts';
import { firewallRules } from '../powershell/firewall.ts';
import { lookAtGuest } from '../powershell/guest.ts';
import { installedProducts } from '../powershell/products.ts';
import { readRegistry } from '../registry/store.ts';
import type { RegistryValue } from '../registry/values.ts';
import { taskUri } from '../tasks/store.ts';
import { registerXml } from './schtasks.ts';
import { setWebConfiguration } from './web-configuration.ts';

/**
 * powershell.exe, as far as fixed scripts go that read `$d` as JSON from stdin: it finds the one cmdlet that
 * changes something, and does what that does. It is not an interpreter, and says so of any other script.
 */
export const powershell: Tool = async (call, machine) => {
  const at = call.args.findIndex(arg => /^-command$/i.test(arg));
  const script = at < 0 ? '' : (call.args[at + 1] ?? '');
  // What came in another encoding than ASCII has lost letters: stdin is in the console's code page.
  const input = call.input.replace(/[\u0080-\uffff]/g, '?');
  const cmdlet = Object.keys(cmdlets).find(name => script.includes(name));
  if (cmdlet === undefined || !script.includes('[Console]::In.ReadToEnd() | ConvertFrom-Json'))
    return failed(1, 'The lab has no stand-in for this script.\n');
  let data: Data;
  try {
    data = JSON.parse(input);
  } catch {
    return failed(1, 'ConvertFrom-Json : Invalid JSON primitive.\n');
  }
  return cmdlets[cmdlet]!(data, call, machine);
};

/** For scripts whose data is texts alone. */
const ofTexts =
  (work: (data: Record<string, string>, call: Call, machine: Machine) => Promise<Answer>): Cmdlet =>
  (data, call, machine) =>
    work(data as Record<string, string>, call, machine);

const cmdlets: Readonly<Record<string, Cmdlet>> = {
  /** Of the IIS: drive: `IIS:\AppPools\NAME`, `IIS:\Sites\SITE\path`. */
  'Set-ItemProperty': ofTexts(async ({ path = '', name = '', value = '' }, call, machine) => {
    if (!(await readFeatures(machine.files)).isOn('IIS-ManagementScriptingTools')) return said('no module\n');
    const match = /^IIS:\\(AppPools|Sites)\\(.+)$/i.exec(path);
    if (!match) return failed(1, `Set-ItemProperty : Cannot find path '${path}'.\n`);
    const isPool = match[1]!.toLowerCase() === 'apppools';
    const object = match[2]!.replaceAll('\\', '/');
    const id = isPool ? `/apppool.name:${object}` : `/vdir.name:${object}`;
    const args = ['set', isPool ? 'apppool' : 'vdir', id, `/${name}:${value}`];
    const answer = await appcmd({ ...call, args, input: '' }, machine);
    return answer.exitCode === 0 ? said('') : failed(1, `Set-ItemProperty : ${answer.stdout}`);
  }),
  // Before those of which it reads a part.
  Win32_UserAccount: lookAtGuest,
  'Set-WebConfigurationProperty': setWebConfiguration,
  'Register-ScheduledTask': ofTexts(
    async ({ folder = '\\', name = '', xml = '', user, password }, _, machine) => {
      const uri = taskUri(`${folder}${name}`);
      if (uri === undefined) return failed(1, 'Register-ScheduledTask : The parameter is incorrect.\n');
      const bytes = Buffer.from(`\ufeff${xml}`, 'utf16le');
      const mistake = await registerXml(bytes, uri, { user, password }, machine);
      return mistake === undefined ? said('') : failed(1, `Register-ScheduledTask : ${mistake}\n`);
    },
  ),
  'Get-Acl': readAccess,
  /** A line for each value: `-`, or its kind and its data in base64 of UTF-16. */
  'Microsoft.Win32.RegistryKey': ofTexts(async ({ values = '[]' }, _, { files }) => {
    const registry = await readRegistry(files);
    const asked = JSON.parse(values) as { hive: string; path: string; name: string }[];
    const lines = asked.map(({ hive, path, name }) => {
      const value = registry.value(`HKEY_${hive.replace(/(?!^)[A-Z]/g, '_$&').toUpperCase()}\\${path}`, name);
      return value
        ? `${netKinds[value.type]} ${Buffer.from(netText(value), 'utf16le').toString('base64')}`
        : '-';
    });
    return said(lines.map(line => `${line}\n`).join(''));
  }),
  /** SIDs of the accounts that are named with `|` between, a line for each. */
  'Security.Principal.NTAccount': ofTexts(async ({ names = '' }, _, { language }) =>
    said(
      names
        .split('|')
        .map(name => `${sidOf(name, language) ?? '-'}\n`)
        .join(''),
    ),
  ),
  'HNetCfg.FwPolicy2': firewallRules,
  'Import-PfxCertificate': importPfx,
  'Get-PfxData': readCertificates,
  'CurrentVersion\\Uninstall': installedProducts,
  '.FriendlyName =': changeCertificate,
  '-DeleteKey': changeCertificate,
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
