import { isIP } from 'node:net';

/** `*:443` is `0.0.0.0:443`; names and IPv6 addresses in their one form. Undefined for another text. */
export function sslEndpoint(title: string): string | undefined {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(title) ?? [];
  const name = host === '*' ? '0.0.0.0' : host.toLowerCase();
  const address = name.replace(/^\[(.*)\]$/, '$1');
  const isAddress = isIP(address) === 4 || (isIP(address) === 6 && address !== name);
  const isName = /^(\*\.)?([a-z0-9_]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name);
  if ((isAddress || (isName && !/^[\d.]+$/.test(name))) && Number(port) >= 1 && Number(port) <= 65_535)
    return `${address === name ? name : new URL(`http://${name}`).hostname}:${Number(port)}`;
  return undefined;
}

/** Whether a client names it (SNI). */
export const isByName = (id: string): boolean =>
  isIP(id.slice(0, id.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')) === 0;
