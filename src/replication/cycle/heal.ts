import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { plural } from '../../io/units.ts';
import {
  afterHealing,
  afterLook,
  brokenWords,
  type DamageRecord,
  type Doubts,
  doubtAll,
  doubtsOf,
  isPending,
  NO_DAMAGE,
  type PointId,
  pendingOf,
  withoutObjects,
  withSuspects,
} from '../model/damage-record.ts';
import type { Point } from '../model/point.ts';
import type { Committed, WriteTotals } from '../model/point-writer.ts';
import type { VmRepository } from '../model/repository.ts';
import { diagnosticsOf, warning } from './failures.ts';
import type { CycleDisk } from './options.ts';

/** Milliseconds between two looks at whether everything is there that the newest point needs. */
export const presenceInterval = 24 * 3_600_000;

/** What a cycle knows of the damage that it heals. */
export interface Healing {
  doubts: Doubts | undefined;
  /** When everything was last seen to be there, ms since the epoch; for the point that the cycle makes. */
  presence: number;
  /** Whether this cycle is one that looks whether all is there. */
  looked: boolean;
  /** Notes down, once the point is complete, what it has healed. A failure costs nothing but the note. */
  finish(committed: Pick<Committed, 'point' | 'totals' | 'maps'>): Promise<Diagnostic[]>;
}

/**
 * Reads what is known to be damaged, and once a day looks whether all that the newest point needs is there.
 * `full`: nothing that is stored is believed.
 */
export async function beginHealing(
  vm: VmRepository,
  previous: Point | undefined,
  { clock, full, warn }: { clock: Clock; full: boolean; warn(diagnostic: Diagnostic): void },
): Promise<Healing> {
  const now = clock.now();
  if (!previous) return { doubts: undefined, presence: now, looked: true, finish: async () => [] };
  const there = await vm.damage.read(failure => failure.diagnostics.map(warning).forEach(warn));
  let record = there?.record;
  let presence = previous.presence ?? previous.time;
  const looked = full || now - presence >= presenceInterval;
  if (now - presence >= presenceInterval) {
    record = withMissing(record, await vm.damage.presence(), now);
    presence = now;
  } else record = withMissing(record, await vm.lostMaps(previous), now);
  const pending = record && isPending(record) ? record : undefined;
  return {
    doubts: full ? doubtAll(pending ?? NO_DAMAGE) : pending && doubtsOf(pendingOf(pending)),
    presence,
    looked,
    async finish({ point, totals, maps }) {
      if (!pending) return [];
      try {
        if (pending.objects.some(({ object }) => object === 'roster')) await vm.damage.mendRoster();
        // A look at presence finds objects, and doesn't ask who needs them.
        const concerned = new Map(
          [...maps.lost, ...maps.mended, ...pending.broken].map(one => [one.id, one]),
        );
        const before = { ...pending, broken: [...concerned.values()] };
        const broken = await vm.damage.stillBroken(before);
        await vm.damage.write(afterHealing(pending, point.generation, broken), there?.etag);
        return [healed(before, { ...pending, broken }, totals)];
      } catch (error) {
        return diagnosticsOf(error, 'damage-not-noted').map(one =>
          warning({ ...one, message: own`what this point healed could not be noted down: ${one.message}` }),
        );
      }
    },
  };
}

/** What a look at presence found is added; it proves nothing of what it didn't find. */
function withMissing(
  record: DamageRecord | undefined,
  found: Awaited<ReturnType<VmRepository['damage']['presence']>>,
  now: number,
): DamageRecord | undefined {
  if (found.length === 0) return record;
  const objects = found.map(one => ({ ...one, since: now }));
  return afterLook(record, { damage: 1, objects, broken: [] }, () => false, now);
}

function healed(before: DamageRecord, after: DamageRecord, { blocks_healed }: WriteTotals): Diagnostic {
  const objects = pendingOf(before).length;
  const whole = before.broken.filter(({ id }) => !after.broken.some(one => one.id === id)).length;
  const lost = brokenWords(after.broken);
  // A cycle that stores all of them anew heals none by itself, and pages have no blocks.
  const stored =
    blocks_healed === 0
      ? ''
      : `${plural(blocks_healed, 'block')} ${blocks_healed === 1 ? 'was' : 'were'} stored again, and `;
  const isHealed = blocks_healed > 0 || whole > 0 || lost === '';
  return warning(
    world(
      isHealed ? 'repository-healed' : 'points-broken',
      `${plural(objects, 'object')} of the repository ${objects === 1 ? 'was' : 'were'} damaged or missing: ${stored}${plural(whole, 'earlier point')} can be restored again${lost === '' ? '' : `; these stay broken: ${lost}`}`,
      { hint: '`converge verify` proves it; find out what damaged them' },
    ),
  );
}

/** Others that may write the record at the same time before it is given up. */
const RACES = 5;

/**
 * Marks the points that may lack what change tracking left out: those that were made by changes alone since
 * the disk was last read as a whole. Which of them lack it can't be told. That it couldn't be noted down is a
 * warning.
 *
 * @param previous the newest point before this cycle's
 */
export async function markSuspects(
  vm: VmRepository,
  previous: Point | undefined,
  disks: readonly CycleDisk[],
): Promise<Diagnostic[]> {
  const concerned = disks.filter(({ untold = 0 }) => untold > 0).map(({ label }) => label);
  if (concerned.length === 0 || !previous) return [];
  try {
    const points = (await vm.points(() => {})).filter(one => one.generation <= previous.generation);
    const suspects = concerned.flatMap(label => sinceRead(points, label));
    for (let race = 0; race < RACES; race++) {
      const before = await vm.damage.read();
      if (await vm.damage.write(withSuspects(before?.record, suspects), before?.etag))
        return suspects.length > 0 ? [suspected(suspects)] : [];
    }
    throw new Failure(world('list-changed', 'others keep changing the record of damage'));
  } catch (error) {
    return diagnosticsOf(error, 'damage-not-noted').map(one =>
      warning({ ...one, message: own`which points are suspect could not be noted down: ${one.message}` }),
    );
  }
}

/** From the newest back to the one before which the disk was read as a whole. */
function sinceRead(points: readonly Point[], label: string): PointId[] {
  const found: PointId[] = [];
  for (const { id, generation, disks } of points.toReversed()) {
    const disk = disks.find(one => one.label === label);
    if (disk?.mode !== 'incremental') break;
    found.push({ id, generation });
  }
  return found;
}

const suspected = (points: readonly PointId[]): Diagnostic =>
  warning(
    world(
      'points-suspect',
      `${plural(new Set(points.map(({ id }) => id)).size, 'earlier point')} may lack what change tracking left out: ${points.map(({ id }) => id).join(', ')}`,
      { hint: 'restore the newest point, or one from before them' },
    ),
  );

/** What was written anew is no longer known to be damaged. Answers with what is left. */
export async function takeBack(
  { damage }: Pick<VmRepository, 'damage'>,
  wroteAnew: (object: string) => boolean,
): Promise<DamageRecord | undefined> {
  const before = await damage.read(() => {});
  if (!before?.record?.objects.some(({ object }) => wroteAnew(object))) return before?.record;
  const after = withoutObjects(before.record, wroteAnew);
  // Whoever wrote meanwhile has looked as well; the next look tells.
  await damage.write(after, before.etag);
  return after;
}
