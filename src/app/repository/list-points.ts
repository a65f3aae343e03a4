import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { parseNumbered } from '../../replication/format/names.ts';
import type { CheckMemory } from '../../replication/model/check-memory.ts';
import type { KnownRepository } from '../../replication/model/clients.ts';
import { untilOf } from '../../replication/model/object-lock.ts';
import type { Point, PointSummary } from '../../replication/model/point.ts';
import { leadingMode } from '../../replication/model/point.ts';
import type { VmRepository } from '../../replication/model/repository.ts';
import { newestMissing } from '../../replication/model/select-point.ts';
import type { ObjectStore } from '../../replication/model/store.ts';
import { locksStore } from '../../replication/repository/locks-store.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { vmContext } from '../../replication/repository/vm.ts';
import { type Hold, holdsKnown } from '../../replication/retention/holds.ts';
import { pinsKnown } from '../../replication/retention/pins.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { withVms } from './with-repository.ts';

/**
 * The recovery points of a repository, or of one VM in it, oldest first. What is damaged is told. Undefined
 * when the manifests have mistakes, which were told.
 */
export const listPoints = (
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions,
): Promise<ListedPoints | undefined> =>
  withVms(context, options, vm, async ({ repository, clock, known, saw }, listed, onDamage) => {
    const vms = vm === undefined ? withKnown(repository, listed, known) : listed;
    const histories = await Promise.all(vms.map(one => one.history(onDamage)));
    const seen: Record<string, number> = {};
    for (const [n, { points, lost }] of histories.entries()) {
      const { uuid } = vms[n]!;
      const newest = points.at(-1)?.generation ?? 0;
      if (newest > 0) seen[uuid] = newest;
      const before = known?.generations[uuid] ?? 0;
      if (before > newest && !lost.some(one => one.generation === before))
        lost.push({ generation: before, why: 'it was seen from here before' });
      const gone = lost.filter(({ generation }) => generation > newest);
      const name = points.at(-1)?.vm.name;
      context.reporter.diagnostics(gone.map(one => newestMissing(name, uuid, one)));
      if (points.length + gone.length === 0 && !(await vms[n]!.lease.read().catch(() => 'damaged')))
        context.reporter.diagnostics([
          emptied(`the VM ${uuid} is enrolled in it and has neither a point nor a lease`),
        ]);
    }
    if (vms.length === 0 && (await holdsVms(repository.store)))
      context.reporter.diagnostics([emptied('it holds objects of VMs, and its roster lists none')]);
    await saw(seen);
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const records = await Promise.all(vms.map(one => one.damage.read(onDamage)));
    const broken = new Map(
      records.flatMap(one => one?.record?.broken ?? []).map(({ id, why }) => [id, why] as const),
    );
    const suspect = new Set(records.flatMap(one => one?.record?.suspect ?? []).map(({ id }) => id));
    const untils = new Map(
      (await Promise.all(vms.map(one => lockedPoints(repository, one.uuid)))).flatMap(one => [...one]),
    );
    const pins = Map.groupBy(await pinsKnown(repository, onDamage), ({ point }) => point);
    const looks = new Map(
      await Promise.all(
        vms.map(async (one, n) => [histories[n]!.points.at(-1)?.id, await one.checked()] as const),
      ),
    );
    const points = oldestFirst(histories.map(one => one.points)).map(summarise);
    return {
      points: points.map(one => ({
        ...one,
        ...(untils.has(one.id) && { locked_until: new Date(untils.get(one.id)!).toISOString() }),
        ...(pins.has(one.id) && { pinned: pins.get(one.id)!.map(({ holder }) => holder) }),
        ...(looks.has(one.id) && { verified: asTimes(looks.get(one.id)!) }),
        ...(broken.has(one.id) && { broken: true as const }),
        ...(broken.get(one.id) && { broken_why: broken.get(one.id)! }),
        ...(suspect.has(one.id) && { suspect: true as const }),
      })),
      now,
      held: (await holdsKnown(repository, onDamage)).filter(({ until }) => until > now),
    };
  });

export interface ListedPoints {
  points: PointSummary[];
  /** Milliseconds since the epoch, by the clock of the repository's store: what ages are counted from. */
  now: number;
  /** VMs of which nothing is removed until then. */
  held: Hold[];
}

/** With those that were seen from here before, and that the repository has lost every trace of. */
function withKnown(
  repository: OpenRepository,
  listed: readonly VmRepository[],
  known: KnownRepository | undefined,
): VmRepository[] {
  const uuids = new Set(listed.map(({ uuid }) => uuid));
  const lost = Object.keys(known?.generations ?? {}).filter(uuid => !uuids.has(uuid));
  return [...listed, ...lost.map(uuid => repository.vm(uuid))];
}

/** Until when objects of points are locked, and so all that they need, as whoever lengthens locks knows. */
async function lockedPoints({ context }: OpenRepository, uuid: string): Promise<Map<string, number>> {
  const found = await locksStore(vmContext(context, uuid)).read();
  return new Map(
    [...untilOf(found?.record)].flatMap(([object, until]) => {
      const name = object.startsWith('points/') ? parseNumbered(object) : undefined;
      return name ? [[name.id, until] as const] : [];
    }),
  );
}

async function holdsVms(store: ObjectStore): Promise<boolean> {
  for await (const _ of store.list('vms/')) return true;
  return false;
}

const emptied = (what: string): Diagnostic => ({
  ...world('repository-missing', own`the repository is not whole: ${what}`, {
    hint: own`\`converge verify\` tells what is damaged or gone; the next replication lists its VM again`,
  }),
  severity: 'warning',
});

/**
 * By time, but within a VM by generation: a clock that was set back must not make an older point look
 * like the newest. `perVm`: each in ascending generation.
 */
export function oldestFirst(perVm: Point[][]): Point[] {
  const ranked = perVm.flatMap(points => {
    let reached = Number.NEGATIVE_INFINITY;
    return points.map(point => {
      reached = Math.max(reached, point.time);
      return { point, reached };
    });
  });
  return ranked
    .sort((a, b) => a.reached - b.reached || a.point.generation - b.point.generation)
    .map(({ point }) => point);
}

const asTimes = (looks: CheckMemory['looks']): NonNullable<PointSummary['verified']> =>
  Object.fromEntries(Object.entries(looks).map(([level, at]) => [level, new Date(at).toISOString()]));

function summarise(point: Point): PointSummary {
  const { id, vm, generation, time, consistency, disks, stored, presence, locked, changes } = point;
  return {
    id,
    vm,
    generation,
    time: new Date(time).toISOString(),
    consistency,
    ...leadingMode(point),
    ...(stored !== undefined && { stored }),
    ...(presence !== undefined && { presence: new Date(presence).toISOString() }),
    ...(locked !== undefined && { locked_until: new Date(locked).toISOString() }),
    ...(changes?.signal && { signal: changes.signal.kind }),
    disks: disks.map(({ index, key, bytes }) => ({ index, key, bytes })),
  };
}
