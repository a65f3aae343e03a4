import { isIP } from 'node:net';

/** 4 or 6, also with a zone (`fe80::1%eth0`); undefined for what is no IP address. */
export function addressFamily(text: string): 4 | 6 | undefined {
  const family = isIP(text);
  return family === 4 || family === 6 ? family : undefined;
}
