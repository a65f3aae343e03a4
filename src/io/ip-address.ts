import { isIP } from 'node:net';

/** 4 or 6, also with a zone (`fe80::1%eth0`); undefined for what is not an IP address. */
export function addressFamily(text: string): 4 | 6 | undefined {
  const family = isIP(text);
  return family === 4 || family === 6 ? family : undefined;
}

/**
 * An address in the one form that addresses are compared in, IPv6 as RFC 5952 has it (`fd00::7`); a zone
 * stays behind it. Text that is not an address stays as it is.
 */
export function canonicalAddress(text: string): string {
  if (addressFamily(text) !== 6) return text;
  const [address = '', zone] = text.split('%');
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? plain : `${plain}%${zone}`;
}

/**
 * A network in the one form that EC2 tells it in, whatever it was told: by its first address, IPv6 as above
 * (`10.1.2.3/8` is `10.0.0.0/8`). Undefined for what isn't one.
 */
export function canonicalNetwork(text: string): string | undefined {
  const [, address = '', length = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = addressFamily(address);
  const bits = family === 4 ? 32 : 128;
  if (family === undefined || Number(length) > bits) return undefined;
  const rest = BigInt(bits - Number(length));
  const first = (numberOf(canonicalAddress(address), family) >> rest) << rest;
  const hex = first.toString(16).padStart(bits / 4, '0');
  const parts = hex.match(family === 4 ? /../g : /..../g) ?? [];
  const plain =
    family === 4 ? parts.map(part => Number.parseInt(part, 16)).join('.') : canonicalAddress(parts.join(':'));
  return `${plain}/${Number(length)}`;
}

function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  const [before = '', after] = address.split('::');
  const groups = (half: string) => (half === '' ? [] : half.split(':'));
  const [first, last] = [groups(before), groups(after ?? '')];
  const all =
    after === undefined ? first : [...first, ...Array(8 - first.length - last.length).fill('0'), ...last];
  return all.reduce((sum, part) => (sum << 16n) + BigInt(`0x${part}`), 0n);
}
