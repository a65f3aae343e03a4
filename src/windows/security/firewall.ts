import { BlockList } from 'node:net';
import type { ReadIo } from '../../engine/model/io.ts';
import { addressFamily, canonicalAddress as plain } from '../../io/ip-address.ts';
import { readPowershell } from '../tools/powershell.ts';

/** A rule as INetFwRule has it: numbers of its enumerations, lists as text with commas. */
export interface FirewallRule {
  name: string;
  /** 1 in, 2 out. */
  direction: number;
  /** 0 block, 1 allow. */
  action: number;
  enabled: boolean;
  /** IANA's number; 256 is any. */
  protocol: number;
  localPorts: string;
  remotePorts: string;
  localAddresses: string;
  remoteAddresses: string;
  /** 1 domain, 2 private, 4 public; all bits for any. */
  profiles: number;
  program: string;
  /** The short name of the one service; '' for none. */
  service: string;
  /** `All`, or `Lan`, `Wireless` and `RemoteAccess` with commas. */
  interfaceTypes: string;
  edgeTraversal: boolean;
  description: string;
}

/** `netsh ... show rule` is in the language of the machine, and `reg query` loses letters. */
const script =
  '$n = @($d.names); $r = @((New-Object -ComObject HNetCfg.FwPolicy2).Rules | Where-Object { $n -contains $_.Name } | ' +
  'ForEach-Object { @{ name = $_.Name; direction = [int]$_.Direction; action = [int]$_.Action; ' +
  'enabled = [bool]$_.Enabled; protocol = [int]$_.Protocol; localPorts = [string]$_.LocalPorts; ' +
  'remotePorts = [string]$_.RemotePorts; localAddresses = [string]$_.LocalAddresses; ' +
  'service = [string]$_.ServiceName; interfaceTypes = [string]$_.InterfaceTypes; ' +
  'edgeTraversal = [bool]$_.EdgeTraversal; description = [string]$_.Description; ' +
  'remoteAddresses = [string]$_.RemoteAddresses; profiles = [int]$_.Profiles; program = [string]$_.ApplicationName } }); ' +
  'Out-Data @{ rules = $r }';

/** All rules of these names, of which there may be several each; one process. */
export async function readRules(io: ReadIo, names: string[]): Promise<FirewallRule[]> {
  const what = 'reading the rules of the firewall';
  return (await readPowershell<{ rules: FirewallRule[] }>(io, script, { names }, what)).rules;
}

const protocols: Record<string, number> = { tcp: 6, udp: 17, icmpv4: 1, icmpv6: 58, any: 256 };

/** `tcp` for 6 or `TCP`; a number that has no name stays one. */
export function protocolName(protocol: number | string): string {
  const text = String(protocol).toLowerCase();
  return Object.keys(protocols).find(name => name === text || String(protocols[name]) === text) ?? text;
}

/** Items of a list in their one form and order; no item, `*` and `any` are all `any`. */
function listOf(text: string, canonical: (item: string) => string): string[] {
  const items = itemsOf(text);
  const any = items.length === 0 || items.some(item => item === '*' || item === 'any');
  return any ? ['any'] : [...new Set(items.map(canonical))].sort();
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
/** What netsh takes in a list of ports beside numbers. */
const portWords = new Set(['any', '*', 'rpc', 'rpc-epmap', 'iphttps', 'teredo', 'ipv6iphttps']);

/** The first item of a list of ports that isn't one. */
export const wrongPort = (text: string): string | undefined =>
  itemsOf(text).find(item => {
    const [from = '', to = from, ...more] = item.split('-').map(part => part.trim());
    return (
      !portWords.has(item) && (more.length > 0 || !isPort(from) || !isPort(to) || Number(from) > Number(to))
    );
  });

/** What netsh takes in a list of addresses beside addresses. */
const addressWords =
  /^(any|\*|localsubnet[46]?|dns|dhcp|wins|defaultgateway|intranet|rmtintranet|internet|ply2renders)$/;

/** The first item of a list of addresses that isn't one. */
export const wrongAddress = (text: string): string | undefined =>
  itemsOf(text).find(item => {
    if (addressWords.test(item)) return false;
    const [from = '', to, ...more] = item.split('-').map(part => part.trim());
    if (to !== undefined)
      return (
        more.length > 0 ||
        addressFamily(from) === undefined ||
        addressFamily(from) !== addressFamily(to) ||
        isAfter(from, to)
      );
    const [address = '', mask, ...rest] = item.split('/');
    const family = addressFamily(address);
    if (family === undefined || rest.length > 0) return true;
    if (mask === undefined) return false;
    if (family === 4 && addressFamily(mask) === 4) return prefixOf(mask) === mask;
    return !/^\d{1,3}$/.test(mask) || Number(mask) > (family === 4 ? 32 : 128);
  });

/** Whether a range of addresses of one family would go backwards; no address is between its two ends. */
function isAfter(from: string, to: string): boolean {
  if (plain(from) === plain(to)) return false;
  const list = new BlockList();
  try {
    list.addRange(from, to, addressFamily(from) === 4 ? 'ipv4' : 'ipv6');
    return false;
  } catch {
    return true;
  }
}

const itemsOf = (text: string): string[] =>
  text
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(Boolean);

/** `443,80,5000-5010`. */
export const portList = (text: string): string[] => listOf(text, item => item.replaceAll(' ', ''));

/** `10.0.0.0/255.0.0.0` is `10.0.0.0/8`, and one address has no mask. */
export const addressList = (text: string): string[] =>
  listOf(text, item => {
    const [address = '', mask] = item.split('/');
    if (address.includes('-')) {
      const [from = '', to = ''] = address.split('-').map(plain);
      return from === to ? from : `${from}-${to}`;
    }
    const length = mask === undefined ? '' : mask.includes('.') ? prefixOf(mask) : mask;
    const whole = length === '' || length === (address.includes(':') ? '128' : '32');
    return whole ? plain(address) : `${plain(address)}/${length}`;
  });

const prefixOf = (mask: string): string => {
  const bits = mask
    .split('.')
    .map(part => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? String(bits.replaceAll('0', '').length) : mask;
};

const bits: Record<string, number> = { domain: 1, private: 2, public: 4 };

export const profileList = (profiles: number): string[] => {
  const names = Object.keys(bits).filter(name => (profiles & bits[name]!) !== 0);
  return names.length === 3 || names.length === 0 ? ['any'] : names;
};

const interfaces: Readonly<Record<string, string>> = {
  Lan: 'lan',
  Wireless: 'wireless',
  RemoteAccess: 'ras',
};

/** `any`, or netsh's word for the kind of interface; several are told with commas. */
export const interfaceType = (types: string): string => {
  const names = types
    .split(',')
    .map(one => one.trim())
    .filter(Boolean);
  const all = names.length === 0 || names.some(name => /^all$/i.test(name));
  return all ? 'any' : names.map(name => interfaces[name] ?? name).join(',');
};
