import { isIP } from 'node:net';

/** Where a connection goes to. */
export interface Destination {
  secure: boolean;
  /** Name or address, the latter without brackets. */
  host: string;
  port: number;
}

/** A host as it is compared: in lower case, an address without brackets. */
export const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** What TLS asks a server for: a literal address may not be sent as its name (RFC 6066 section 3). */
export const serverName = (host: string): string => (isIP(host) ? '' : host);

/** A name without the dot of the root at its end. */
export const rooted = (host: string): string => host.replace(/\.$/, '');
