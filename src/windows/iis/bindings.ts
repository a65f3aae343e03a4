import { addressFamily, canonicalAddress } from '../../io/ip-address.ts';

/** One binding of a site. `information` is IIS's own: `*:80:web.example.com`, `808:*` for net.tcp. */
export interface Binding {
  protocol: string;
  information: string;
  /** Bits of IIS: 1 is server name indication. */
  sslFlags?: number;
}

/** `ip:port:host` of http, https and ftp; the address of IPv6 is in brackets. */
const place = /^(\[[0-9a-fA-F:.]+\]|[0-9.]+|\*|):(\d{1,5}):([^\s/:]*)$/;
/** What would end the row or the list that appcmd is given, or the text that flags are behind. */
const ends = /['",#]/;
const withPlace = new Set(['http', 'https', 'ftp']);
const ports: Record<string, number> = { http: 80, https: 443, ftp: 21 };

/**
 * A binding as people write it, in the form that IIS keeps: `http/*:80:host`, `http://host:80`, or any
 * other protocol with what IIS calls its information, `net.tcp/808:*`. Undefined when it is neither.
 */
export function parseBinding(text: string): Binding | undefined {
  const url = /^([a-z][a-z.]*):\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]]*)(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  if (url) {
    const protocol = url[1]!.toLowerCase();
    const port = url[3] ?? ports[protocol];
    if (!withPlace.has(protocol) || port === undefined) return undefined;
    const host = url[2]!;
    const isAddress = /^(\[.*\]|\d+\.\d+\.\d+\.\d+)$/.test(host);
    return isAddress
      ? checked(protocol, `${host}:${port}:`)
      : checked(protocol, `*:${port}:${host === '*' ? '' : host}`);
  }
  const own = /^([a-z][a-z.]*)\/(.+)$/i.exec(text.trim());
  return own ? checked(own[1]!.toLowerCase(), own[2]!) : undefined;
}

function checked(protocol: string, information: string): Binding | undefined {
  if (ends.test(information)) return undefined;
  if (!withPlace.has(protocol)) return { protocol, information };
  const match = place.exec(information);
  if (!match || Number(match[2]) < 1 || Number(match[2]) > 65_535) return undefined;
  const [, address, port, host] = match;
  if (!/^(\*|)$/.test(address!) && addressFamily(address!.replace(/^\[|\]$/g, '')) === undefined)
    return undefined;
  return {
    protocol,
    information: `${addressOf(address!)}:${Number(port)}:${host!.toLowerCase()}`,
  };
}

/** IPv6 in the one form of addresses, so that `[FD00:0::7]` and `[fd00::7]` are one. */
const addressOf = (text: string): string =>
  text.startsWith('[') ? `[${canonicalAddress(text.slice(1, -1))}]` : text === '' ? '*' : text;

/** `http/*:80:host`, and `#1` behind it where flags are part of what is managed. */
export const bindingText = ({ protocol, information, sslFlags }: Binding): string =>
  `${protocol}/${information}${sslFlags === undefined ? '' : `#${sslFlags}`}`;

/** A row of appcmd: `protocol='http',bindingInformation='*:80:host'`. */
export const bindingRow = ({ protocol, information }: Binding): string =>
  `protocol='${protocol}',bindingInformation='${information}'`;
