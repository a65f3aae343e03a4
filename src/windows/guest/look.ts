import type { ReadIo } from '../../engine/model/io.ts';
import { placeOf, type ValuePath } from '../registry/registry-data.ts';
import { readExactly } from '../registry/registry-exact.ts';
import { readPowershell } from '../tools/powershell.ts';
import { system32 } from '../tools/programs.ts';

/** What is read of a Windows machine to tell what it would bring along into EC2. Plain data. */
export interface WindowsLook {
  /** By `placeOf`; numbers in decimal digits, bytes in hexadecimal ones. What isn't there isn't in it. */
  registry: ReadonlyMap<string, string>;
  /** Names of packages of drivers that Windows keeps; undefined: they can't be listed. */
  drivers: readonly string[] | undefined;
  /** Of networks that Windows doesn't know, as one in EC2 is: what comes in. Null: it can't be asked. */
  firewall: FirewallLook | null;
  /** Local accounts that are on and administrate. Null: it can't be asked. */
  accounts: { names: string[] } | null;
  /** How Windows is activated, `... VOLUME_KMSCLIENT channel`. Null: it can't be asked. */
  license: { channel: string; active: boolean } | null;
}

export interface FirewallLook {
  on: boolean;
  /** All is kept out, whatever the rules say. */
  blocksAll: boolean;
  /** Those that are on, for what comes in by TCP. */
  rules: IncomingRule[];
}

export interface IncomingRule {
  name: string;
  allows: boolean;
  ports: string;
  from: string;
  program: string;
  service: string;
}

/**
 * Each of them by itself, so that one which can't be asked doesn't hide the others. Sources: INetFwPolicy2,
 * whose profile 4 is that of public networks; Win32_UserAccount; SoftwareLicensingProduct, where that id is
 * Windows.
 */
const script = `$fw = try { $p = New-Object -ComObject HNetCfg.FwPolicy2;
  @{ on = [bool]$p.FirewallEnabled(4); blocksAll = [bool]$p.BlockAllInboundTraffic(4); rules = @($p.Rules |
  Where-Object { $_.Enabled -and $_.Direction -eq 1 -and ($_.Profiles -band 4) -and (6, 256) -contains $_.Protocol } |
  ForEach-Object { @{ name = [string]$_.Name; allows = $_.Action -eq 1; ports = [string]$_.LocalPorts;
  from = [string]$_.RemoteAddresses; program = [string]$_.ApplicationName; service = [string]$_.ServiceName } }) }
  } catch { $null };
  $who = try { $sid = 'Security.Principal.SecurityIdentifier';
  $group = (New-Object $sid 'S-1-5-32-544').Translate([Security.Principal.NTAccount]).Value.Split('\\')[-1];
  $in = @(([ADSI]('WinNT://./' + $group + ',group')).psbase.Invoke('Members') | ForEach-Object {
  (New-Object $sid -ArgumentList ([byte[]]$_.GetType().InvokeMember('objectSid', 'GetProperty', $null, $_, $null)), 0).Value });
  @{ names = @(Get-CimInstance Win32_UserAccount -Filter 'LocalAccount=True AND Disabled=False' |
  Where-Object { $in -contains $_.SID } | ForEach-Object { [string]$_.Name }) } } catch { $null };
  $key = try { $l = Get-CimInstance SoftwareLicensingProduct -Filter
  ('ApplicationID=' + [char]39 + '55c92734-d682-4d71-983e-d6ec3f16059f' + [char]39 + ' AND PartialProductKey IS NOT NULL') |
  Select-Object -First 1; if ($l) { @{ channel = [string]$l.Description; active = $l.LicenseStatus -eq 1 } } else { $null }
  } catch { $null };
  Out-Data @{ firewall = $fw; accounts = $who; license = $key }`.replace(/\n\s*/g, ' ');

const services = String.raw`HKLM\SYSTEM\CurrentControlSet\Services`;
const control = String.raw`HKLM\SYSTEM\CurrentControlSet\Control`;
const policies = String.raw`HKLM\SOFTWARE\Policies\Microsoft`;
const boot = String.raw`HKLM\BCD00000000\Objects`;

/** Values that are looked at, by what each is called here. Sources beside the facts that are made of them. */
export const values = {
  stornvme: { key: String.raw`${services}\stornvme`, name: 'Start' },
  stornvmeOverride: { key: String.raw`${services}\stornvme\StartOverride`, name: '0' },
  awsNvme: { key: String.raw`${services}\AWSNVMe`, name: 'Start' },
  awsNvmeOverride: { key: String.raw`${services}\AWSNVMe\StartOverride`, name: '0' },
  dhcp: { key: String.raw`${services}\Dhcp`, name: 'Start' },
  sanPolicy: { key: String.raw`${services}\partmgr\Parameters`, name: 'SanPolicy' },
  ec2launch: { key: String.raw`${services}\Amazon EC2Launch`, name: 'Start' },
  ec2config: { key: String.raw`${services}\Ec2Config`, name: 'Start' },
  terminal: { key: String.raw`${services}\TermService`, name: 'Start' },
  denies: { key: String.raw`${control}\Terminal Server`, name: 'fDenyTSConnections' },
  deniesByPolicy: {
    key: String.raw`${policies}\Windows NT\Terminal Services`,
    name: 'fDenyTSConnections',
  },
  rdpPort: { key: String.raw`${control}\Terminal Server\WinStations\RDP-Tcp`, name: 'PortNumber' },
  product: { key: String.raw`${control}\ProductOptions`, name: 'ProductType' },
  kms: {
    key: String.raw`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform`,
    name: 'KeyManagementServiceName',
  },
  time: { key: String.raw`${services}\W32Time`, name: 'Start' },
  timeType: { key: String.raw`${services}\W32Time\Parameters`, name: 'Type' },
  timeServers: { key: String.raw`${services}\W32Time\Parameters`, name: 'NtpServer' },
  timeTypeByPolicy: { key: String.raw`${policies}\W32Time\Parameters`, name: 'Type' },
  timeServersByPolicy: { key: String.raw`${policies}\W32Time\Parameters`, name: 'NtpServer' },
  /** What the boot manager starts when nobody chooses: the id of a boot entry. */
  bootDefault: {
    key: String.raw`${boot}\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\23000003`,
    name: 'Element',
  },
} as const satisfies Record<string, ValuePath>;

/** Whether a boot entry gives Windows' console to a serial port (`bcdedit /ems`): `01`. */
export const emsOf = (entry: string): ValuePath => ({
  key: `${boot}\\${entry}\\Elements\\260000b0`,
  name: 'Element',
});

/**
 * Looks at this machine, as an administrator.
 *
 * @throws Failure (world) when PowerShell or the registry can't be asked at all
 */
export async function lookAtWindows(io: Pick<ReadIo, 'env' | 'run' | 'files'>): Promise<WindowsLook> {
  const registry = new Map<string, string>();
  const read = async (asked: readonly ValuePath[]) => {
    for (const [place, value] of await readExactly(io, asked))
      registry.set(place, typeof value.data === 'string' ? value.data : value.data.join(' '));
  };
  await read(Object.values(values));
  const entry = registry.get(placeOf(values.bootDefault));
  if (entry !== undefined) await read([emsOf(entry)]);
  const said = await readPowershell<Pick<WindowsLook, 'firewall' | 'accounts' | 'license'>>(
    io,
    script,
    {},
    'looking at this machine',
  );
  const drivers = await io.files.list(system32(io, 'DriverStore', 'FileRepository'));
  return { registry, drivers, ...said };
}
