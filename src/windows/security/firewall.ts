import type { ReadIo } from '../../engine/model/io.ts';
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
  remoteAddresses: string;
  /** 1 domain, 2 private, 4 public; all bits for any. */
  profiles: number;
  program: string;
}

/** `netsh ... show rule` is in the language of the machine, and `reg query` loses letters. */
const script =
  '$n = @($d.names); $r = @((New-Object -ComObject HNetCfg.FwPolicy2).Rules | Where-Object { $n -contains $_.Name } | ' +
  'ForEach-Object { @{ name = $_.Name; direction = [int]$_.Direction; action = [int]$_.Action; ' +
  'enabled = [bool]$_.Enabled; protocol = [int]$_.Protocol; localPorts = [string]$_.LocalPorts; ' +
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
  const items = text
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(Boolean);
  const any = items.length === 0 || items.some(item => item === '*' || item === 'any');
  return any ? ['any'] : [...new Set(items.map(canonical))].sort();
}

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

/** An IPv6 address in its one form. */
const plain = (address: string): string => {
  const url = address.includes(':') ? `http://[${address}]` : undefined;
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address;
};

const bits: Record<string, number> = { domain: 1, private: 2, public: 4 };

export const profileList = (profiles: number): string[] => {
  const names = Object.keys(bits).filter(name => (profiles & bits[name]!) !== 0);
  return names.length === 3 || names.length === 0 ? ['any'] : names;
};
