import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import type { Subject } from '../model/subject.ts';
import type { Edge } from './implied-edges.ts';

/** More edges than this are summed up: nobody reads a path of thousands, nor their places. */
const shown = 20;

/**
 * Names one cycle with the places of its edges, of many the first. `levels` holds the nodes outside of
 * cycles; each of the others waits for at least one other, so walking on from any of them must come back.
 */
export function cycleDiagnostic(
  subjects: readonly Subject[],
  edges: ReadonlyMap<Address, Edge[]>,
  levels: ReadonlyMap<Address, number>,
): Diagnostic {
  const inCycle = subjects.map(({ address }) => address).filter(address => !levels.has(address));
  const path = walk(inCycle.sort(byText)[0]!, edges, levels);
  const addresses = [...path.map(edge => edge.from), path[0]!.from];
  const text =
    addresses.length > shown ? [...addresses.slice(0, shown), '...', addresses.at(-1)!] : addresses;
  return given('cycle', `these resources wait for each other: ${text.join(' -> ')}`, {
    address: path[0]!.from,
    at: path[0]!.at,
    hint: 'remove one of the edges below',
    related: path.slice(0, shown).map(edge => ({ message: describe(edge), at: edge.at })),
  });
}

function walk(
  start: Address,
  edges: ReadonlyMap<Address, Edge[]>,
  levels: ReadonlyMap<Address, number>,
): Edge[] {
  const path: Edge[] = [];
  const seenAt = new Map<Address, number>();
  for (let at = start; ; ) {
    const before = seenAt.get(at);
    if (before !== undefined) return path.slice(before);
    seenAt.set(at, path.length);
    const edge = edges.get(at)!.find(({ to }) => !levels.has(to))!;
    path.push(edge);
    at = edge.to;
  }
}

function describe({ from, to, kind, need }: Edge): string {
  switch (kind) {
    case 'require':
      return `${from} requires ${to}`;
    case 'before':
      return `${to} is to come before ${from}`;
    case 'notify':
      return `${to} notifies ${from}`;
    case 'subscribe':
      return `${from} subscribes to ${to}`;
    case 'implied':
      return `${from} needs ${need?.anyOf[0]}, which ${to} brings`;
  }
}
