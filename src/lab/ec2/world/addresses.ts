import { refuse } from './errors.ts';
import type { Subnet } from './state.ts';
import type { Draft } from './world.ts';

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const textOf = (number: number): string =>
  [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.');

/** The first and last address of a block. Throws ApiError for what is not one. */
export function rangeOf(cidr: string): [first: number, last: number] {
  const match = /^((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [, address = '', length = '33'] = match ?? [];
  const size = 2 ** (32 - Number(length));
  const isBlock = address.split('.').every(part => Number(part) < 256) && size >= 1;
  if (!isBlock || numberOf(address) % size !== 0)
    throw refuse.parameter(
      `Value (${cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  const first = numberOf(address);
  return [first, first + size - 1];
}

export const liesWithin = (inner: string, outer: string): boolean => {
  const [[from, to], [first, last]] = [rangeOf(inner), rangeOf(outer)];
  return from >= first && to <= last;
};
export const overlap = (one: string, other: string): boolean => {
  const [[a, b], [c, d]] = [rangeOf(one), rangeOf(other)];
  return a <= d && c <= b;
};

/** EC2 keeps the first four and the last of a subnet. Source: Amazon VPC user guide, "Subnet CIDR blocks". */
const usable = ({ cidr }: Subnet): [first: number, last: number] => {
  const [first, last] = rangeOf(cidr);
  return [first + 4, last - 1];
};

const usedIn = ({ state }: Pick<Draft, 'state'>, { id }: Subnet): Set<number> =>
  new Set(
    [
      ...Object.values(state.instances).filter(it => it.state !== 'terminated'),
      ...Object.values(state.interfaces ?? {}),
    ]
      .filter(({ subnet }) => subnet === id)
      .map(it => numberOf(it.privateIp)),
  );

export function freeAddresses(draft: Pick<Draft, 'state'>, subnet: Subnet): number {
  const [first, last] = usable(subnet);
  return last - first + 1 - usedIn(draft, subnet).size;
}

/** The address that is asked for, or the first free one. Throws ApiError. */
export function addressFor(draft: Pick<Draft, 'state'>, subnet: Subnet, asked: string | undefined): string {
  const used = usedIn(draft, subnet);
  const [first, last] = usable(subnet);
  if (asked !== undefined) {
    const number = numberOf(asked);
    if (!/^(\d{1,3}\.){3}\d{1,3}$/.test(asked) || !(number >= first && number <= last))
      throw refuse.parameter(
        `Address ${asked} does not fall within the subnet's address range, or is reserved`,
      );
    if (used.has(number)) throw refuse.other('InvalidIPAddress.InUse', `Address ${asked} is in use.`);
    return asked;
  }
  for (let number = first; number <= last; number++) if (!used.has(number)) return textOf(number);
  throw refuse.other(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}
