import pLimit from 'p-limit';
import { Failure } from '../diagnostics/diagnostic.ts';
import { isUnreadable } from '../replication/model/damage.ts';
import { isBroken } from '../replication/model/damage-record.ts';
import { leadingMode, type Point } from '../replication/model/point.ts';
import type { OnDamage, Repository, VmRepository } from '../replication/model/repository.ts';
import { newestMissing } from '../replication/model/select-point.ts';
import type { SeenPoint, SeenVm } from './model.ts';

/** VMs that are looked at side by side. */
const inFlight = 32;

/** What a look needs of a repository. */
export type Looked = Repository & {
  heads(onDamage: OnDamage, known: Iterable<string>): AsyncIterable<{ uuid: string; point?: Point }>;
};

/**
 * Looks at every VM that a repository holds, a request each for those that stand well.
 *
 * @param needsLease whether anybody wants to know who holds its lease: one that is late, or has no point
 * @param known by UUID: those that aren't looked at
 */
export async function lookAt(
  repository: Looked,
  onDamage: OnDamage,
  needsLease: (vm: SeenVm) => boolean,
  known: ReadonlyMap<string, unknown> = new Map(),
): Promise<SeenVm[]> {
  const limit = pLimit(inFlight);
  const heads: { uuid: string; point?: Point }[] = [];
  for await (const one of repository.heads(onDamage, known.keys())) heads.push(one);
  return Promise.all(
    heads.map(({ uuid, point }) => limit(() => lookAtVm(repository.vm(uuid), onDamage, needsLease, point))),
  );
}

/**
 * The VMs that are the newest of their name, with when their oldest points were made: only that tells one
 * that was made anew from one that is there twice.
 */
export async function withFirsts(
  repository: Pick<Looked, 'vm'>,
  vms: readonly SeenVm[],
  onDamage: OnDamage,
): Promise<SeenVm[]> {
  const namesakes = [...Map.groupBy(vms, ({ name }) => name?.toLowerCase())].flatMap(([name, all]) =>
    name === undefined || all.length === 1 ? [] : [newestSeen(all)],
  );
  const missing = new Set(namesakes.filter(one => one !== undefined && one.first === undefined));
  return Promise.all(
    vms.map(async vm => {
      if (!missing.has(vm)) return vm;
      const first = await firstOf(repository.vm(vm.uuid), onDamage);
      return first === undefined ? vm : { ...vm, first };
    }),
  );
}

/** By the clock that the other points go by; only of one that can't be read, by that of the store. */
async function firstOf(vm: VmRepository, onDamage: OnDamage): Promise<number | undefined> {
  const dated = (await readable(vm.dated(), onDamage)) ?? [];
  const [oldest] = dated.toSorted((a, b) => a.generation - b.generation);
  return oldest && ((await readable(vm.point(oldest.id), () => {}))?.time ?? oldest.at);
}

/** The one with the newest point; undefined: none has a point. */
export const newestSeen = (vms: readonly SeenVm[]): SeenVm | undefined =>
  vms.filter(({ newest }) => newest).toSorted((a, b) => b.newest!.time - a.newest!.time)[0];

/** @param head the point in its head, where that was just read */
export async function lookAtVm(
  vm: VmRepository,
  onDamage: OnDamage,
  needsLease: (vm: SeenVm) => boolean,
  head?: Point,
): Promise<SeenVm> {
  const damage: Failure[] = [];
  const noting: OnDamage = failure => {
    damage.push(failure);
    onDamage(failure);
  };
  const found = head ?? (await newestOf(vm, noting));
  const newest = damage.length > 0 ? await restorable(vm, found, noting) : found;
  const seen: SeenVm = {
    uuid: vm.uuid,
    ...(newest && { name: newest.vm.name, newest: seenPoint(newest) }),
    ...(damage.length > 0 && { damaged: true as const }),
  };
  if (!needsLease(seen)) return seen;
  const lease = await readable(vm.lease.read(), onDamage);
  const leased = lease?.value.expires ?? 0;
  return { ...seen, ...(leased > 0 && { leased }) };
}

/** Where something is damaged: the point, or the newest before it that isn't known to be broken. */
async function restorable(
  vm: VmRepository,
  newest: Point | undefined,
  onDamage: OnDamage,
): Promise<Point | undefined> {
  const record = (await readable(vm.damage.read(onDamage), onDamage))?.record;
  if (!newest || !isBroken(record, newest)) return newest;
  return (await vm.points(onDamage)).findLast(point => !isBroken(record, point));
}

/**
 * The head holds its point whole, so one request is enough for it. Without a head the newest that is there
 * need not be the newest that was made.
 */
async function newestOf(vm: VmRepository, onDamage: OnDamage): Promise<Point | undefined> {
  let told: Failure | undefined;
  const head = await readable(vm.head(), failure => {
    told = failure;
    onDamage(failure);
  });
  if (head) return readable(vm.point(head.head.point), onDamage);
  const { points, lost } = await vm.history(failure => {
    if (failure.message !== told?.message) onDamage(failure);
  });
  const newest = points.at(-1);
  const later = lost.find(({ generation }) => generation > (newest?.generation ?? 0));
  if (later && !told) onDamage(new Failure(newestMissing(newest?.vm.name, vm.uuid, later)));
  return newest;
}

/** What is damaged is one VM's, what can't be reached everybody's. */
async function readable<T>(read: Promise<T>, onDamage: OnDamage): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    onDamage(error);
    return undefined;
  }
}

export const seenPoint = (point: Point): SeenPoint => ({
  id: point.id,
  generation: point.generation,
  time: point.time,
  consistency: point.consistency,
  ...leadingMode(point),
  ...(point.stored !== undefined && { stored: point.stored }),
  ...(point.changes?.signal && { signal: point.changes.signal.kind }),
  ...(point.presence !== undefined && { presence: point.presence }),
});
