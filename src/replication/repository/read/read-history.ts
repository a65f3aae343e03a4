import type { Failure } from '../../../diagnostics/diagnostic.ts';
import { decodeLease, LEASE_CAP } from '../../format/lease.ts';
import type { Root } from '../../format/root.ts';
import { openObject } from '../../format/sealing.ts';
import type { PointId } from '../../model/damage-record.ts';
import type { LeaseValue } from '../../model/lease-value.ts';
import type { History, LostPoint, OnDamage } from '../../model/repository.ts';
import { allRoots, pointNames, readable, readHead } from './points.ts';
import type { VmContext } from './repository-context.ts';

/**
 * What `VmRepository.history` says. `leaving`: ids of the points that are being removed; `broken`: those that
 * are known not to be whole.
 */
export async function readHistory(
  context: VmContext,
  onDamage: OnDamage | undefined,
  leaving: ReadonlySet<string>,
  broken: readonly PointId[],
): Promise<History> {
  const { names, store } = context;
  const damage = new Map<string, Failure>();
  const noted: OnDamage = failure => {
    damage.set(failure.message, failure);
    if (!onDamage) throw failure;
    onDamage(failure);
  };
  let headWhy = "its head isn't there";
  const head = await readable(readHead(context), failure => {
    headWhy = "its head can't be read";
    noted(failure);
  });
  const roots: Root[] = [];
  const there = await pointNames(context);
  for await (const root of allRoots(context, noted, { head: head?.root, names: there })) roots.push(root);
  roots.sort((a, b) => a.point.generation - b.point.generation);
  const given = new Set(roots.map(({ point }) => point.id));
  const lost = new Map<number, Omit<LostPoint, 'generation'>>();
  for (const { generation, id } of there)
    if (!given.has(id)) {
      const key = names.point(generation, id);
      const known = [...damage.values()].find(({ message }) => message.includes(key));
      lost.set(generation, { id, why: known?.message ?? `${key} can't be read` });
    }
  for (const { previous } of roots) {
    if (!previous || given.has(previous.id) || lost.has(previous.generation)) continue;
    if (await store.head(names.removal(previous.generation, previous.id))) continue;
    const why = `${names.point(previous.generation, previous.id)} is missing`;
    lost.set(previous.generation, { id: previous.id, why });
  }
  for (const { generation, id } of broken) if (given.has(id)) lost.set(generation, { id, why: BROKEN });
  const newest = roots.at(-1)?.point;
  const generation = newest?.generation ?? 0;
  const lease = await readable(readLease(context), () => {});
  const told = lease?.generation ?? 0;
  const add = (one: number, why: string) => void (lost.has(one) || lost.set(one, { why }));
  if (told > generation) add(told, 'the lease of the VM tells of it, and no object is left');
  // A cycle makes one point at most: the one of the last cycle there was is the newest there can be.
  else if (!head && newest && lease?.epoch !== newest.epoch)
    add(generation + 1, `${headWhy}, and it may have named a newer point`);
  const points = roots.map(({ point }) => point);
  return {
    points: points.filter(({ id }) => !leaving.has(id)),
    leaving: points.filter(({ id }) => leaving.has(id)),
    lost: [...lost].map(([generation, one]) => ({ generation, ...one })),
  };
}

const BROKEN = 'what it needs is known to be damaged or missing';

async function readLease({ store, vault, names }: VmContext): Promise<LeaseValue | undefined> {
  const found = await store.get(names.lease);
  return found && decodeLease(names.lease, openObject(vault, 'lease', names.lease, found.bytes, LEASE_CAP));
}
