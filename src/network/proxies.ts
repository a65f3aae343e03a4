import { BlockList } from 'node:net';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { addressFamily } from '../io/ip-address.ts';

/** Where a connection goes to. */
export interface Destination {
  secure: boolean;
  /** Name or address, the latter without brackets. */
  host: string;
  port: number;
}

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
 * NO_PROXY has names, which mean what is below them as well, addresses, each with a port or without, and `*`
 * for all; beyond what the CLI takes, networks (`10.0.0.0/8`) and `*.example.com`. ALL_PROXY is not read.
 *
 * This machine and its link, where the metadata of an instance are, are never reached by a proxy.
 *
 * Sources: Python's urllib.request, getproxies_environment and proxy_bypass_environment; botocore's
 * httpsession, ProxyConfiguration.
 *
 * @returns undefined: straight. It throws a Failure `proxy-address` that doesn't repeat what is wrong
 */
export function proxiesOf(env: Env): (to: Destination) => HttpProxy | undefined {
  const known = new Map<string, HttpProxy>();
  const spared = exceptions(setIn(env, 'no_proxy')?.text ?? '');
  return to => {
    const set = setIn(env, to.secure ? 'https_proxy' : 'http_proxy');
    if (set === undefined || isNear(to.host) || spared(to)) return undefined;
    const proxy = known.get(set.name) ?? parse(set.text, set.name);
    known.set(set.name, proxy);
    // The way to a proxy is straight.
    return proxy.host === bare(to.host) && proxy.port === to.port ? undefined : proxy;
  };
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

function parse(text: string, from: string): HttpProxy {
  const url = URL.parse(withScheme(text));
  // What ends an address early was meant to be in a password, and what is taken for a host is the user.
  const isCut = url && /[@]/.test(url.pathname + url.search + url.hash);
  if (!url || isCut || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new Failure(
      given('proxy-address', `The environment variable ${from} does not name a proxy of HTTP.`, {
        hint: 'Write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with `%40` for an `@` in a password, `%23` for a `#`, `%2F` for a `/` and the like.',
      }),
    );
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

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** A name without the dot of the root at its end. */
const rooted = (host: string): string => host.replace(/\.$/, '');

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

function isIn(blocks: BlockList, host: string): boolean {
  const family = addressFamily(host);
  return family !== undefined && blocks.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Whether a destination is among those that NO_PROXY spares. */
function exceptions(text: string): (to: Destination) => boolean {
  const entries = text
    .split(',')
    .map(entry => entry.trim().toLowerCase())
    .filter(entry => entry !== '');
  if (entries.includes('*')) return () => true;
  const blocks = new BlockList();
  const addresses = new Map<number | undefined, BlockList>();
  const names: { name: string; port: number | undefined }[] = [];
  for (const entry of entries) {
    const [, network = '', bits = ''] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(entry) ?? [];
    const family = addressFamily(network);
    if (family !== undefined && Number(bits) <= (family === 4 ? 32 : 128)) {
      blocks.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
      continue;
    }
    const [, name = entry, port] = addressFamily(entry) === 6 ? [] : (/^(.*):(\d{1,5})$/.exec(entry) ?? []);
    const exact = port === undefined ? undefined : Number(port);
    const kind = addressFamily(bare(name));
    if (kind !== undefined) {
      // An address may be written in several ways.
      const same = addresses.get(exact) ?? new BlockList();
      same.addAddress(bare(name), kind === 4 ? 'ipv4' : 'ipv6');
      addresses.set(exact, same);
    } else names.push({ name: rooted(bare(name)).replace(/^\*?\.+/, ''), port: exact });
  }
  return ({ host: written, port }) => {
    const host = rooted(bare(written));
    return (
      [blocks, addresses.get(undefined), addresses.get(port)].some(list => list && isIn(list, host)) ||
      names.some(
        one =>
          one.name !== '' &&
          (one.port === undefined || one.port === port) &&
          (host === one.name || (addressFamily(host) === undefined && host.endsWith(`.${one.name}`))),
      )
    );
  };
}
