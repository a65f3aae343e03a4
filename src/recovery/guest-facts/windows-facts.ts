import { type FirewallLook, firewallFact } from './firewall-fact.ts';
import type { SeenFact, SeenFacts } from './format.ts';
import { emsOf, type RegistryPlace, values } from './windows-values.ts';

/** What is known of a Windows machine. Plain data but for `get`. */
export interface WindowsKnown {
  /** A value of the registry: numbers in decimal digits, bytes in hexadecimal ones. */
  get(place: RegistryPlace): string | undefined;
  /** Names of packages of drivers that Windows keeps; undefined: they can't be listed. */
  drivers: readonly string[] | undefined;
  /** Of networks that Windows doesn't know, as one in EC2 is: what comes in. Null: it can't be asked. */
  firewall: FirewallLook | null;
  /** Local accounts that are on and administrate. Null: it can't be asked. */
  accounts: { names: string[] } | null;
  /** How Windows is activated, `... VOLUME_KMSCLIENT channel`. Null: it can't be asked. */
  license: { channel: string; active: boolean } | null;
}

/** What a service of Windows has as `Start`. */
const start = { boot: '0', automatic: '2', manual: '3', disabled: '4' } as const;

/** EC2's own servers, which each instance reaches. Source: EC2 user guide. */
const ec2 = { time: '169.254.169.123', kms: ['169.254.169.250', '169.254.169.251'] } as const;

type Get = WindowsKnown['get'];

/**
 * What a Windows machine would bring along into EC2, as it is set up for its next start. What couldn't be
 * looked at is left out: nothing is taken for granted.
 */
export function factsOfWindows({ get, ...look }: WindowsKnown): SeenFacts {
  const launches = launchFact(get);
  const all: [keyof SeenFacts, SeenFact | undefined][] = [
    ['nvme', nvmeFact(get)],
    ['ena', enaFact(get, look.drivers)],
    ['dhcp', dhcpFact(get)],
    ['san_policy', sanFact(get)],
    ['ec2launch', launches],
    ['remote_access', rdpFact(get)],
    ['firewall', look.firewall ? firewallFact(look.firewall, get(values.rdpPort) ?? '3389') : undefined],
    ['account', accountFact(get, look.accounts)],
    ['serial_console', serialFact(get)],
    ['kms', kmsFact(get, look.license, launches.ok)],
    ['time', timeFact(get)],
  ];
  return Object.fromEntries(all.filter(([, fact]) => fact !== undefined));
}

const yes = (what: string): SeenFact => ({ ok: true, what });
const no = (what: string): SeenFact => ({ ok: false, what });

/**
 * Its own driver or Amazon's, started before Windows has a disk: a `StartOverride` other than 0 has it
 * started later on machines that had no NVMe when they last started.
 */
function nvmeFact(get: Get): SeenFact {
  const drivers = [
    { name: 'stornvme', at: get(values.stornvme), override: get(values.stornvmeOverride) },
    { name: 'AWSNVMe', at: get(values.awsNvme), override: get(values.awsNvmeOverride) },
  ];
  const fits = drivers.find(({ at, override }) => at === start.boot && (override ?? '0') === '0');
  if (fits) return yes(`${fits.name} starts with Windows' loader`);
  const there = drivers.filter(({ at }) => at !== undefined);
  return no(
    there.length > 0
      ? `${there.map(({ name, at, override }) => `${name} has Start ${at}${override === undefined ? '' : ` and StartOverride ${override}`}`).join(', ')}: the disk isn't there when it is looked for`
      : 'it has no driver for NVMe, neither stornvme nor AWSNVMe',
  );
}

/** A service since Windows first saw an ENA; before that plug and play takes it from the drivers it keeps. */
function enaFact(get: Get, drivers: WindowsKnown['drivers']): SeenFact | undefined {
  const at = get(values.ena);
  if (at === start.disabled) return no("the ENA's driver is disabled (ena has Start 4)");
  if (at !== undefined) return yes(`the ENA's driver is installed (ena has Start ${at})`);
  if (!drivers) return undefined;
  const found = drivers.find(name => /^ena\.inf_amd64_/i.test(name));
  return found === undefined
    ? no("Windows keeps no driver of the ENA: install Amazon's")
    : yes(`Windows keeps the driver of the ENA (${found})`);
}

/** An interface that Windows hasn't seen before asks by DHCP, whatever the others are set to. */
function dhcpFact(get: Get): SeenFact {
  const at = get(values.dhcp);
  return at === start.automatic
    ? yes('DHCP Client starts with Windows, and an interface that is new asks by it')
    : no(`DHCP Client doesn't start with Windows (Start ${at ?? 'missing'})`);
}

/** Source: Windows' unattended setup reference, "SanPolicy". */
function sanFact(get: Get): SeenFact {
  const policy = get(values.sanPolicy);
  if (policy === '1') return yes('disks that are new are brought online');
  return no(`the SAN policy is ${policy ?? 'not set'}, not 1 (OnlineAll): data disks may stay offline`);
}

function launchFact(get: Get): SeenFact {
  if (get(values.ec2launch) === start.automatic) return yes('EC2Launch v2 starts with Windows');
  if (get(values.ec2config) === start.automatic) return yes('EC2Config starts with Windows');
  return no('neither EC2Launch v2 nor EC2Config starts with Windows');
}

function rdpFact(get: Get): SeenFact {
  const at = get(values.terminal);
  if (at === undefined || at === start.disabled) return no("Remote Desktop Services doesn't start");
  const policy = get(values.deniesByPolicy);
  const denies = policy ?? get(values.denies);
  if (denies === '0') return yes('Remote Desktop is on');
  return no(`Remote Desktop is off${policy === undefined ? '' : ', by a policy'}`);
}

/** Accounts that are named at most. */
const mostNamed = 3;

/** Who can sign in without a directory that may be out of reach. */
function accountFact(get: Get, accounts: WindowsKnown['accounts']): SeenFact | undefined {
  if (get(values.product)?.toLowerCase() === 'lanmannt')
    return yes('it is a domain controller: accounts of its own directory sign in');
  if (!accounts) return undefined;
  const { names } = accounts;
  return names.length > 0
    ? yes(`${names.slice(0, mostNamed).join(', ')} can sign in without a directory`)
    : no('nobody can sign in without a directory: no local administrator is on');
}

/** Of the entry that is started when nobody chooses. Source: BCD reference, BcdOSLoaderBoolean_EmsEnabled. */
function serialFact(get: Get): SeenFact | undefined {
  const entry = get(values.bootDefault);
  if (entry === undefined) return undefined;
  return get(emsOf(entry)) === '01'
    ? yes('the boot entry gives the console to a serial port (EMS)')
    : no("the boot entry doesn't give the console to a serial port: `bcdedit /ems {default} on`");
}

function kmsFact(get: Get, license: WindowsKnown['license'], hasLaunch: boolean): SeenFact | undefined {
  const server = get(values.kms) ?? '';
  if (ec2.kms.some(own => own === server)) return yes(`Windows is activated by ${server}, EC2's own`);
  if (license && !/KMSCLIENT/i.test(license.channel))
    return license.active
      ? yes('Windows is activated by a key of its own, and asks no KMS')
      : no('Windows has a key of its own and is not activated');
  if (hasLaunch) return yes("EC2Launch has Windows activated by EC2's KMS at its first start there");
  if (!license) return undefined;
  return no(`Windows asks ${server === '' ? 'the KMS of its domain' : server}, not EC2's (${ec2.kms[0]})`);
}

/** Its own hardware clock is in UTC in EC2, so that somebody has to put the time right. */
function timeFact(get: Get): SeenFact {
  const at = get(values.time);
  if (at !== start.automatic && at !== start.manual) return no("Windows Time doesn't start");
  const type = (get(values.timeTypeByPolicy) ?? get(values.timeType) ?? '').toUpperCase();
  if (type === 'NT5DS') return yes('Windows Time takes the time of its domain');
  const servers = get(values.timeServersByPolicy) ?? get(values.timeServers) ?? '';
  if ((type === 'NTP' || type === 'ALLSYNC') && servers.includes(ec2.time))
    return yes(`Windows Time asks ${ec2.time}, EC2's own`);
  return no(
    `Windows Time doesn't ask ${ec2.time}, EC2's own (${[type, servers].filter(Boolean).join(', ') || 'nobody'})`,
  );
}
