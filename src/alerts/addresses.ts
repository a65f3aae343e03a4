import { BlockList } from 'node:net';
import { addressFamily } from '../io/ip-address.ts';

/**
 * Addresses that are not of the public Internet: of this machine, of networks that are somebody's own, of
 * links, shared, for documentation, multicast, or reserved (IANA, registries of special-purpose addresses).
 */
const special = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const block of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  special.ipv4.addSubnet(block[0], block[1], 'ipv4');
for (const block of [
  ['::', 8],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  special.ipv6.addSubnet(block[0], block[1], 'ipv6');

/** Of what can't be told, no. */
export function isPublic(address: string): boolean {
  const family = addressFamily(address);
  if (family === undefined || address.includes('%')) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  // A list of both takes ::/8 for all of IPv4, which can be written within it.
  return !special[kind].check(address, kind);
}

/**
 * Addresses that a private receiver may have: those of networks that are somebody's own, and this machine's.
 * Where instances and containers are handed their credentials nobody receives alerts: on the link, and at the
 * addresses within private networks that clouds have taken for that.
 */
export function isReachable(address: string): boolean {
  if (isPublic(address)) return true;
  const family = addressFamily(address);
  if (family === undefined) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  return own.check(address, kind) && !credentials.check(address, kind);
}

/** Addresses of this machine alone. */
export function isLoopback(address: string): boolean {
  const family = addressFamily(address);
  return family !== undefined && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const own = new BlockList();
own.addSubnet('10.0.0.0', 8, 'ipv4');
own.addSubnet('100.64.0.0', 10, 'ipv4');
own.addSubnet('127.0.0.0', 8, 'ipv4');
own.addSubnet('172.16.0.0', 12, 'ipv4');
own.addSubnet('192.168.0.0', 16, 'ipv4');
own.addSubnet('fc00::', 7, 'ipv6');
own.addAddress('::1', 'ipv6');

const credentials = new BlockList();
// IMDS at fd00:ec2::254, credentials of pods at fd00:ec2::23 (docs.aws.amazon.com, EKS Pod Identity).
credentials.addSubnet('fd00:ec2::', 32, 'ipv6');
// The metadata service of Alibaba Cloud.
credentials.addAddress('100.100.100.200', 'ipv4');
