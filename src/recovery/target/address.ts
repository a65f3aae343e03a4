import { type Diagnostic, type SourceRange, world } from '../../diagnostics/diagnostic.ts';
import type { CloudSubnet } from '../model/machines.ts';

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** The first and the last address of a range in CIDR notation. */
function boundsOf(range: string): [first: number, last: number] {
  const [address = '', length = '32'] = range.split('/');
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(numberOf(address) / size) * size;
  return [first, first + size - 1];
}

/** Ranges of the subnets of a VPC don't overlap: one at most has an address. */
const subnetWith = (subnets: readonly CloudSubnet[], address: string): CloudSubnet | undefined =>
  subnets.find(({ range }) => {
    const [first, last] = boundsOf(range);
    const number = numberOf(address);
    return number >= first && number <= last;
  });

/**
 * Where a machine keeps its declared address: a network that is apart may have the very ranges of production.
 * `subnet` is left out when no subnet of the test has the address; then it gets any.
 */
export function keptAddress(
  subnets: readonly CloudSubnet[],
  address: string | undefined,
): { ip: string; subnet?: string } | undefined {
  if (address === undefined) return undefined;
  const subnet = subnetWith(subnets, address)?.id;
  return { ip: address, ...(subnet !== undefined && { subnet }) };
}

/**
 * EC2 keeps the first four addresses of a subnet and its last. Source: Amazon VPC user guide, "Subnet CIDR
 * blocks".
 */
const reservedFirst = 4;

/** A machine, where it is declared, and the address that it is to have. */
export interface Addressed {
  vm: string;
  private_address?: string;
  at: SourceRange;
}

/**
 * What speaks against the addresses that machines keep: those that EC2 gives to nobody, and one that two
 * want.
 */
export function wrongAddresses(
  machines: readonly Addressed[],
  subnets: readonly CloudSubnet[],
): Diagnostic[] {
  const taken = new Map<string, string>();
  return machines.flatMap(({ vm, private_address: ip, at }) => {
    const subnet = ip === undefined ? undefined : subnetWith(subnets, ip);
    if (ip === undefined || !subnet) return [];
    const [first, last] = boundsOf(subnet.range);
    const other = taken.get(ip);
    taken.set(ip, vm);
    if (other !== undefined)
      return [
        world('address-taken', `${vm} and ${other} both have the private_address ${ip}`, {
          at,
          hint: 'give one of them another, or put them into plans of their own',
        }),
      ];
    if (numberOf(ip) >= first + reservedFirst && numberOf(ip) < last) return [];
    return [
      world(
        'address-reserved',
        `${vm} can't have ${ip}: EC2 keeps the first four addresses of ${subnet.id} (${subnet.range}) and its last`,
        { at, hint: 'give the target another `private_address`' },
      ),
    ];
  });
}
