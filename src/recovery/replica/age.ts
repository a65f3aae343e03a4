import type { Point } from '../../replication/model/point.ts';
import { wholeGenerations } from './choose.ts';
import type { ReplicaSnapshot } from './names.ts';

/** How old what a `fast` recovery starts from is: a second RPO, beside that of the points. */
export interface ReplicaAge {
  vm: string;
  /** Milliseconds since the snapshot that its point is of; undefined: there is no whole replica. */
  age?: number;
  /** Points that are newer than it, all of them when there is none. */
  behind: number;
}

/**
 * @param points of the VM, ascending
 * @param now milliseconds since the epoch, by the clock that dates the points
 */
export function ageOf(
  vm: string,
  known: readonly ReplicaSnapshot[],
  points: readonly Point[],
  now: number,
): ReplicaAge {
  const whole = wholeGenerations(known);
  const of = points.findLast(({ generation }) => whole.includes(generation));
  if (!of) return { vm, behind: points.length };
  return {
    vm,
    age: Math.max(0, now - of.time),
    behind: points.filter(({ generation }) => generation > of.generation).length,
  };
}

/**
 * Whoever fires each interval finds a replica that is younger by the seconds that building it took. Without
 * this thirtieth of the interval every second one would be left out.
 */
const earliness = 30;

/** Why a replica is to be brought to the newest point; undefined when it isn't due. `every`: milliseconds. */
export function whyDue({ age, behind }: ReplicaAge, every: number | undefined): string | undefined {
  if (age === undefined) return 'there is none yet';
  if (behind === 0) return undefined;
  return every === undefined || age >= every - every / earliness ? 'there is a newer point' : undefined;
}

/**
 * Why a replica isn't for this machine to write by itself; undefined when it is. `here`: the region that it
 * is in.
 */
export const whyElsewhere = (
  writer: 'region' | 'home' | undefined,
  region: string,
  here: string | undefined,
): string | undefined =>
  writer === 'home' || here === region
    ? undefined
    : `it is written in ${region}, and this machine isn't there (\`writer: home\` writes it from anywhere)`;
