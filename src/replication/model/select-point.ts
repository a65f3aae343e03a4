import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { isUnreadable } from './damage.ts';
import type { Point } from './point.ts';
import type { LostPoint, VmRepository } from './repository.ts';

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * The point that `which` means: `latest`, an RFC 3339 time (the newest at or before it), or an id or
 * the beginning of just one. `points` in ascending generation, of the VM named `vm`. Where one that is lost
 * might be meant by `latest` or a time, or one that is known to be broken is, nothing is chosen: only an id
 * asks for that one, or for an older one, knowingly.
 */
export function selectPoint(points: Point[], which: string, vm: string, lost: Lost = nothingLost): Point {
  const newest = points.at(-1);
  if (!newest) {
    const [first] = lost.points;
    const why = first ? `: ${first.why}` : '';
    throw new Failure(world('no-points', `${vm} has no complete recovery point in this repository${why}`));
  }
  if (which === 'latest') return certain(newest, points, 'the newest recovery point', vm, lost);
  if (RFC3339.test(which) && !Number.isNaN(Date.parse(which))) {
    const time = Date.parse(which);
    // By time first, then by generation: two clocks may have disagreed.
    const found = points
      .filter(p => p.time <= time)
      .reduce<Point | undefined>((best, p) => (best && best.time > p.time ? best : p), undefined);
    if (found) return certain(found, points, `the newest recovery point at or before ${which}`, vm, lost);
    throw refusal('no-such-point', `${vm} has no recovery point as old as ${which}`, points);
  }
  const id = which.toLowerCase();
  if (!/^[0-9a-f]{4,32}$/.test(id)) {
    throw refusal(
      'bad-point',
      `\`${which}\` is neither a time nor the id of a point of ${vm}`,
      points,
      given,
    );
  }
  const matches = [...points, ...(lost.leaving ?? [])].filter(p => p.id.startsWith(id));
  if (matches.length === 1) return matches[0]!;
  if (matches.length > 1)
    throw refusal('ambiguous-point', `several recovery points of ${vm} begin with ${which}`, matches);
  const gone = lost.points.find(one => one.id?.startsWith(id));
  throw gone
    ? refusal(
        'points-broken',
        own`the recovery point ${gone.id!} of ${vm} can't be given: ${gone.why}`,
        points,
      )
    : refusal('no-such-point', `${vm} has no recovery point ${which}`, points);
}

/**
 * Of a VM's points those that `which` may mean: all for `latest`, those at or before a time, those whose id
 * begins so. For what is looked up beside a point, before it is known which VMs are meant.
 */
export function pointsMeant(points: Point[], which: string): Point[] {
  if (which === 'latest') return points;
  const time = RFC3339.test(which) ? Date.parse(which) : Number.NaN;
  if (!Number.isNaN(time)) return points.filter(point => point.time <= time);
  return points.filter(({ id }) => id.startsWith(which.toLowerCase()));
}

/** Points that were there and can't be given. */
export interface Lost {
  points: LostPoint[];
  /** That are being removed, and can be given as long as they are there. */
  leaving?: Point[];
  /** The command that takes a point by its id, where there is one. */
  again?(id: string): string;
}
const nothingLost: Lost = { points: [], again: id => `--point ${id}` };

/**
 * The point, unless it is known to be broken, or one that is lost is between it and the next: it would be an
 * older one than was asked for.
 */
function certain(point: Point, points: Point[], wanted: string, vm: string, lost: Lost): Point {
  const whyBroken = ({ generation }: Point) => lost.points.find(one => one.generation === generation)?.why;
  const next = points.find(({ generation }) => generation > point.generation);
  // Of those that are listed it is known which are meant; of the others it isn't.
  const between = lost.points.find(
    ({ generation }) =>
      generation > point.generation && generation < (next?.generation ?? Number.POSITIVE_INFINITY),
  );
  const why = between?.why ?? whyBroken(point);
  if (why === undefined) return point;
  const whole = points.findLast(one => one.generation <= point.generation && whyBroken(one) === undefined);
  const cant = own`${wanted} of ${vm} can't be restored: ${why}`;
  if (!whole)
    throw new Failure(
      world('points-broken', own`${cant}. None before it is whole`, {
        hint: own`nothing was written; \`converge verify\` names what is damaged, and the next cycle stores again what the VM still has of it`,
      }),
    );
  const time = new Date(whole.time).toISOString();
  throw new Failure(
    world('not-the-newest', own`${cant}. The newest whole one before it is of ${time} (${whole.id})`, {
      hint: lost.again
        ? own`nothing was written; to restore that one knowingly: ${lost.again(whole.id)}`
        : own`nothing was written; \`converge verify\` tells what is lost, and the next point of the VM is its newest again`,
    }),
  );
}

/**
 * The newest point of a VM, without a list of all where its head can be read. Undefined: it never had one.
 *
 * @param name of the VM, for messages
 * @throws Failure `not-the-newest`, `points-broken` when a newer one than can be given was there
 */
export async function newestPoint(vm: VmRepository, name: string): Promise<Point | undefined> {
  const head = await vm.head().catch(error => {
    if (!isUnreadable(error)) throw error;
  });
  if (head) return vm.newest();
  const { points, lost } = await vm.history(() => {});
  return points.length + lost.length === 0
    ? undefined
    : selectPoint(points, 'latest', name, { points: lost });
}

/** A warning about a point that was there after the newest that can be given; `vm`: its name, if known. */
export const newestMissing = (
  vm: string | undefined,
  uuid: string,
  { generation, why }: LostPoint,
): Diagnostic => ({
  ...world(
    'newest-missing',
    vm === undefined
      ? own`no point of the VM ${uuid} can be given, and there was generation ${generation}: ${why}`
      : own`the newest point shown of ${vm} may not be its newest: generation ${generation} can't be given, ${why}`,
    { hint: own`\`converge verify\` tells what is damaged or gone` },
  ),
  severity: 'warning',
});

const SHOWN = 5;

function refusal(code: Code, message: string, points: Point[], category = world): Failure {
  const shown = points.slice(-SHOWN).map(p => `${p.id.slice(0, 12)} (${new Date(p.time).toISOString()})`);
  const more = points.length > SHOWN ? ` and ${points.length - SHOWN} older ones` : '';
  const details: Partial<Diagnostic> = {
    hint: `there are ${shown.join(', ')}${more}; give \`latest\`, a time like 2026-01-31T12:00:00Z, or at least 4 digits of an id`,
  };
  return new Failure(category(code, message, details));
}
