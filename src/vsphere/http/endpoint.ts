import { Failure, given } from '../../diagnostics/diagnostic.ts';

export interface Endpoint {
  /** Name or address, without brackets. */
  host: string;
  port: number;
}

/** `host:port` for messages. */
export const hostPort = ({ host, port }: Endpoint): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The address of a server as targets write it: https, a host, and at most /sdk. */
function parse(url: string): URL | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:' || !/^\/(sdk\/?)?$/.test(parsed.pathname)) return undefined;
  return parsed.username || parsed.password || parsed.search || parsed.hash ? undefined : parsed;
}

/** `https://host[:port]` in lower case, without default port and path; two equal ones are one server. */
export const canonicalUrl = (url: string): string => parse(url)?.origin ?? url;

/**
 * Host and port of a target's url.
 * @throws Failure `vsphere-url`; the url is not repeated, it may hold a password
 */
export function endpointOf(url: string): Endpoint {
  const parsed = parse(url);
  if (parsed) return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port: Number(parsed.port || 443) };
  throw new Failure(
    given('vsphere-url', 'The `url` of the vSphere target is not the https address of a server.', {
      hint: 'Write https://HOST or https://HOST:PORT, without user, password or further path.',
    }),
  );
}
