import { BlockList } from 'node:net';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { bare, type Destination, rooted } from './destination.ts';
import { exceptionsOf, isIn, type Vain, vainIn } from './exceptions.ts';

/** A proxy of HTTP. What is sent to it as its `authorization` is secret. */
export interface HttpProxy extends Destination {
  /** `host:port`, for messages. */
  where: string;
  /** The variable that names it, for messages. */
  from: string;
  /** Value of `Proxy-Authorization`. */
  authorization?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Which proxy leads to a destination, as the AWS CLI reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY: of two
 * spellings the one in lower case counts, also when it is empty, and a proxy without a scheme is one of http.
 * ALL_PROXY is not read; what NO_PROXY may have, `exceptionsOf` says.
 *
 * This machine and its link, where the metadata of an instance are, are never reached by a proxy.
 *
 * Sources: Python's urllib.request, getproxies_environment and proxy_bypass_environment; botocore's
 * httpsession, ProxyConfiguration.
 *
 * @returns undefined: straight. It throws a Failure `proxy-address` that doesn't repeat what is wrong
 */
export function proxiesOf(env: Env): (to: Destination) => HttpProxy | undefined {
  const [plain, secured] = [namedIn(env, 'http_proxy'), namedIn(env, 'https_proxy')];
  const spared = exceptionsOf(setIn(env, 'no_proxy')?.text ?? '');
  return to => {
    const named = to.secure ? secured : plain;
    if (named === undefined || isNear(to.host) || spared(to)) return undefined;
    // The way to a proxy is straight, and not by the one that others are reached by.
    const isProxy = [plain, secured].some(
      one => one?.proxy?.host === bare(to.host) && one.proxy.port === to.port,
    );
    if (isProxy) return undefined;
    if (named.proxy === undefined) throw noProxy(named.from);
    return named.proxy;
  };
}

/** What of NO_PROXY can match nothing, and how the variable is spelled here. */
export function vainExceptions(env: Env): { from: string; vain: Vain[] } | undefined {
  const set = setIn(env, 'no_proxy');
  return set && { from: set.name, vain: vainIn(set.text) };
}

/** The passwords that the environment gives for proxies, as they may turn up in text. */
export function proxyPasswords(env: Env): string[] {
  return ['http_proxy', 'https_proxy', 'all_proxy'].flatMap(name => {
    const text = setIn(env, name)?.text;
    const url = text === undefined ? undefined : URL.parse(withScheme(text));
    if (!url || url.password === '') return [];
    const [raw] = /(?<=:\/\/[^/@]*?:).*(?=@)/.exec(withScheme(text!)) ?? [url.password];
    return [...new Set([raw, url.password, decoded(url.password), basic(url)])];
  });
}

function setIn(env: Env, lower: string): { name: string; text: string } | undefined {
  const name = env[lower] === undefined ? lower.toUpperCase() : lower;
  const text = env[name]?.trim();
  return text ? { name, text } : undefined;
}

const withScheme = (text: string): string =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text.replace(/^\/\//, '')}`;

/** The proxy that a variable names; none of its own where it names none. */
function namedIn(env: Env, lower: string): { from: string; proxy: HttpProxy | undefined } | undefined {
  const set = setIn(env, lower);
  return set && { from: set.name, proxy: parse(set.text, set.name) };
}

const noProxy = (from: string): Failure =>
  new Failure(
    given('proxy-address', `The environment variable ${from} does not name a proxy of HTTP.`, {
      hint: 'Write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with `%40` for an `@` in a password, `%23` for a `#`, `%2F` for a `/` and the like.',
    }),
  );

function parse(text: string, from: string): HttpProxy | undefined {
  const url = URL.parse(withScheme(text));
  // What ends an address early was meant to be in a password, and what is taken for a host is the user.
  const isCut = url && /[@]/.test(url.pathname + url.search + url.hash);
  if (!url || isCut || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
  const secure = url.protocol === 'https:';
  const host = bare(url.hostname);
  const port = Number(url.port || (secure ? 443 : 80));
  const authorization = url.username === '' && url.password === '' ? undefined : `Basic ${basic(url)}`;
  return {
    ...{ secure, host, port, from },
    where: `${url.hostname}:${port}`,
    ...(authorization !== undefined && { authorization }),
  };
}

const basic = ({ username, password }: URL): string =>
  Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');

/** What isn't encoded as a URL has it is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const near = new BlockList();
near.addSubnet('127.0.0.0', 8, 'ipv4');
near.addSubnet('169.254.0.0', 16, 'ipv4');
near.addAddress('::1', 'ipv6');
near.addSubnet('fe80::', 10, 'ipv6');
// Of the services on an instance itself (Amazon VPC user guide).
near.addSubnet('fd00:ec2::', 32, 'ipv6');

function isNear(host: string): boolean {
  const name = rooted(bare(host));
  return name === 'localhost' || name.endsWith('.localhost') || isIn(near, name);
}
