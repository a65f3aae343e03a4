import { bucketOf, type Calendar, type Retention, RULES, type Rule } from './policy.ts';

/** A point as retention sees it. */
export interface Aged {
  id: string;
  generation: number;
  /** The moment it counts for, ms since the epoch: see `datesOf`. */
  at: number;
  /** It can't be restored whole. */
  broken?: boolean;
  /** Its date can't be right. */
  future?: boolean;
  /** The head names it. */
  head?: boolean;
  /** Who needs it. */
  pinned?: readonly string[];
}

/** Why a point is kept. */
export type Kept = Rule | 'newest' | 'head' | 'future' | 'pinned' | 'held' | 'no-policy' | 'in-force';
/** Why it goes: all rules are over for it, or a newer one stands for its hour, day ... */
export type Removed = 'too-old' | 'another-stands';

export type Decision<P extends Aged = Aged> = { point: P } & (
  | { keep: true; why: Kept[] }
  | { keep: false; why: Removed[] }
);

/** As many of the newest whole points stay, whatever the policy says. */
export const FEWEST = 3;

/**
 * Which points stay and why. A broken one takes no other's place, and stays as long as it would if it were
 * whole: that it is broken is said by a record that movers write, and what they say removes nothing. What is
 * left after all others are removed is decided the same way, and a policy with longer spans keeps all that
 * one with shorter spans keeps.
 *
 * @param policy undefined: nothing is removed
 * @param now by the store's clock, ms since the epoch
 * @param held whether nothing of the VM may be removed
 */
export function decide<P extends Aged>(
  points: readonly P[],
  policy: Retention | undefined,
  now: number,
  held = false,
): Decision<P>[] {
  const newestFirst = points.toSorted((a, b) => b.generation - a.generation);
  const reasons = new Map<P, Kept[]>(newestFirst.map(point => [point, always(point, policy, held)]));
  const dated = newestFirst.filter(({ future }) => !future);
  const whole = dated.filter(({ broken }) => !broken);
  const both = (chosen: (points: readonly P[]) => P[]) => new Set([...chosen(whole), ...chosen(dated)]);
  for (const point of both(of => of.slice(0, FEWEST))) reasons.get(point)!.push('newest');
  for (const rule of RULES) {
    const span = policy?.[rule];
    if (span === undefined) continue;
    const standing = rule === 'all' ? dated : both(of => newestOfEach(of, rule));
    for (const point of standing) if (point.at > now - span) reasons.get(point)!.push(rule);
  }
  const longest = Math.max(0, ...RULES.map(rule => policy?.[rule] ?? 0));
  return newestFirst.toReversed().map(point => {
    const why = reasons.get(point)!;
    if (why.length > 0) return { point, keep: true, why };
    return { point, keep: false, why: [point.at <= now - longest ? 'too-old' : 'another-stands'] };
  });
}

/**
 * The same where something else is in force than what is declared: what that keeps stays as well, until what
 * is declared has been applied. So nobody who may only change manifests has points removed, and nobody who
 * may only write the record of what is in force has.
 */
export function decideWith<P extends Aged>(
  points: readonly P[],
  { declared, inForce }: { declared: Retention | undefined; inForce: Retention | undefined },
  now: number,
  held = false,
): Decision<P>[] {
  const decisions = decide(points, declared, now, held);
  if (!inForce) return decisions;
  const kept = new Set(decide(points, inForce, now).flatMap(one => (one.keep ? [one.point] : [])));
  return decisions.map(one =>
    one.keep || !kept.has(one.point) ? one : { point: one.point, keep: true, why: ['in-force'] },
  );
}

const always = (
  { head, future, pinned = [] }: Aged,
  policy: Retention | undefined,
  held: boolean,
): Kept[] => [
  ...(head ? (['head'] as const) : []),
  ...(future ? (['future'] as const) : []),
  ...(pinned.length > 0 ? (['pinned'] as const) : []),
  ...(held ? (['held'] as const) : []),
  ...(policy ? [] : (['no-policy'] as const)),
];

function newestOfEach<P extends Aged>(newestFirst: readonly P[], rule: Calendar): P[] {
  const found = new Map<number, P>();
  for (const point of newestFirst) {
    const bucket = bucketOf(rule, point.at);
    if (!found.has(bucket)) found.set(bucket, point);
  }
  return [...found.values()];
}
