/** A block of IPv4 addresses: its first, its last, and how many bits all of them share. */
export interface Block {
  first: number;
  last: number;
  length: number;
}

/** Undefined for what is not one, such as an address that isn't the first of its block. */
export function blockOf(text: string): Block | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, length = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some(octet => octet > 255) || length > 32) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - length);
  return first % size === 0 ? { first, last: first + size - 1, length } : undefined;
}

export const within = (inner: Block, outer: Block): boolean =>
  inner.first >= outer.first && inner.last <= outer.last;

export const overlap = (one: Block, other: Block): boolean =>
  one.first <= other.last && other.first <= one.last;
