import type { ReadIo } from '../../engine/model/io.ts';
import type { WindowsKnown } from '../../recovery/guest-facts/windows-facts.ts';
import { emsOf, values } from '../../recovery/guest-facts/windows-values.ts';
import { placeOf, type ValuePath } from '../registry/registry-data.ts';
import { readExactly } from '../registry/registry-exact.ts';
import { readPowershell } from '../tools/powershell.ts';
import { system32 } from '../tools/programs.ts';

/** What is read of a Windows machine to tell what it would bring along into EC2. Plain data. */
export interface WindowsLook extends Omit<WindowsKnown, 'get'> {
  /** By `placeOf`. What isn't there isn't in it. */
  registry: ReadonlyMap<string, string>;
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
