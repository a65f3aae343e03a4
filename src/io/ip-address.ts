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
