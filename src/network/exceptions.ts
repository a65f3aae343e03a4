import { BlockList } from 'node:net';
import { addressFamily } from '../io/ip-address.ts';
import { bare, type Destination, rooted } from './destination.ts';

type To = Pick<Destination, 'host' | 'port'>;
type Spares = (to: To) => boolean;

/** An entry of NO_PROXY that can match nothing. */
export interface Vain {
  entry: string;
  /** Why, as a clause. */
  why: string;
}

const listIn = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(entry => entry !== '');

/**
 * Which destinations NO_PROXY spares: names, which mean what is below them as well, addresses, each with a
 * port or without, and `*` for all, as the AWS CLI takes them; networks and `*.example.com` as Go does, and
 * blanks between entries as curl does.
 *
 * Sources: Python's urllib.request, proxy_bypass_environment; golang.org/x/net/http/httpproxy, Config;
 * curl(1).
 */
export function exceptionsOf(text: string): Spares {
  const read = listIn(text).map(readEntry);
  const all = read.filter(one => typeof one === 'function');
  return to => {
    const host = rooted(bare(to.host));
    return all.some(spares => spares({ ...to, host }));
  };
}

/** What NO_PROXY says in vain. */
export const vainIn = (text: string): Vain[] =>
  listIn(text).flatMap(entry => {
    const read = readEntry(entry);
    return typeof read === 'string' ? [{ entry, why: read }] : [];
  });

/** Whom an entry spares, or why it is nobody. */
function readEntry(entry: string): Spares | string {
  if (entry === '*') return () => true;
  if (entry.includes('://')) return 'it is a URL, where a host is meant';
  if (entry.includes('@')) return 'it has a user, where a host is meant';
  const [, network = '', bits = ''] = /^\[?([0-9a-f.:]+)\]?\/(\d+)$/.exec(entry) ?? [];
  const family = addressFamily(network);
  if (family !== undefined) {
    if (Number(bits) > (family === 4 ? 32 : 128)) return `a network of this kind has no /${bits}`;
    const block = new BlockList();
    block.addSubnet(network, Number(bits), kindOf(family));
    return ({ host }) => isIn(block, host);
  }
  if (entry.includes('/')) return 'it has a path, where a host or a network is meant';
  const [, name = entry, port] = addressFamily(entry) === 6 ? [] : (/^(.*):([^:\]]*)$/.exec(entry) ?? []);
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535 && Number(port) > 0))
    return `${port === '' ? 'nothing' : port} is not a port`;
  const hasPort: Spares = to => port === undefined || Number(port) === to.port;
  const address = addressFamily(bare(name));
  if (address !== undefined) {
    // An address may be written in several ways.
    const block = new BlockList();
    block.addAddress(bare(name), kindOf(address));
    return to => hasPort(to) && isIn(block, to.host);
  }
  const suffix = rooted(bare(name)).replace(/^\*?\.+/, '');
  if (suffix === '') return 'it names no host';
  if (suffix.includes('*'))
    return '`*` stands for all by itself, and for names below one as `*.example.com` alone';
  if (/^[0-9.]+$/.test(suffix))
    return 'a part of an address matches none; a network is written as 10.0.0.0/8';
  if (/[^\p{L}\p{N}._-]/u.test(suffix)) return 'it is not the name of a host';
  return to =>
    hasPort(to) &&
    (to.host === suffix || (addressFamily(to.host) === undefined && to.host.endsWith(`.${suffix}`)));
}

const kindOf = (family: 4 | 6) => (family === 4 ? 'ipv4' : 'ipv6');

export function isIn(blocks: BlockList, host: string): boolean {
  const family = addressFamily(host);
  return family !== undefined && blocks.check(host, kindOf(family));
}
