import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { type LockMode, type LockPolicy, recordOf, untilOf } from '../model/object-lock.ts';
import { pipelined } from '../model/pipelined.ts';
import type { VmRepository } from '../model/repository.ts';
import type { ObjectLocks } from '../model/store.ts';
import { locksStore } from '../repository/locks-store.ts';
import type { VmContext } from '../repository/read/repository-context.ts';
import { isShort, lockStep } from '../retention/promised.ts';
import { keyOf, locksNeeded } from './locks-needed.ts';
import { lookAtVm } from './prune-vm.ts';
import { BATCH, type PruneVmOptions } from './work.ts';

/** Requests for single objects that run at a time. */
const AT_ONCE = 16;

export interface LockOptions extends Pick<PruneVmOptions, 'policy' | 'now' | 'pins' | 'step' | 'signal'> {
  lock: LockPolicy;
  /** Nothing of the VM is removed. */
  held: boolean;
  /** Look now, though it isn't time. */
  force?: boolean;
  /** Ask the store about every lock, whatever is known of it. */
  ask?: boolean;
}

/** What is to be done about the locks of one VM. */
export interface LockPlan {
  /** Undefined: it was looked at lately; nothing is due before `next`. */
  needed?: number;
  /** Objects whose lock ends too early, by key as a record of locks has it. */
  short: { object: string; was: number | undefined; until: number; mode: LockMode }[];
  /** What is needed and isn't there: verification tells. */
  missing: string[];
  /** Requests that asked for single locks. */
  asked: number;
  /** When to look again at the latest, ms since the epoch. */
  next: number;
  /** What is known of the locks now. */
  known: Map<string, number>;
  etag: string | undefined;
}

/**
 * Finds locks of one VM's objects that end before what retention and `lock` promise. A lock that was seen
 * before isn't asked for again, and when all were looked at lately nothing is read: what a look found then
 * is locked for longer than until the next.
 *
 * @throws Failure `prune-doubt`, and `bucket-without-lock`
 */
export async function planLocks(
  context: VmContext,
  vm: VmRepository,
  options: LockOptions,
): Promise<LockPlan> {
  const { lock, now, held, signal } = options;
  const locks = locksOf(context);
  const found = await locksStore(context).read();
  const known = untilOf(found?.record);
  const etag = found?.etag;
  const due = (found?.record?.swept ?? 0) + lockStep(lock);
  if (now < due && !options.force) return { short: [], missing: [], asked: 0, next: due, known, etag };
  const work = await lookAtVm(context, vm, {
    ...{ policy: options.policy, grace: 0, dry: true, now, pins: options.pins, step: options.step },
    ...(signal && { signal }),
  });
  const needs = await locksNeeded(work, lock, held);
  const plan: LockPlan = {
    ...{ needed: needs.size, short: [], missing: [], asked: 0, next: now + lockStep(lock) },
    ...{ known: new Map(), etag },
  };
  const look = async ([object, until]: [string, number]) => {
    signal?.throwIfAborted();
    const before = options.ask || object.startsWith('/') ? undefined : known.get(object);
    if (before !== undefined) return { object, until, was: before, mode: lock.mode };
    plan.asked++;
    try {
      const there = await locks.of(keyOf(context.names.folder, object), signal);
      return { object, until, was: there?.until, mode: there && there.until > now ? there.mode : lock.mode };
    } catch (error) {
      if (!failedWith(error, 'missing-object')) throw error;
      plan.missing.push(object);
      return undefined;
    }
  };
  for await (const one of pipelined([...needs], AT_ONCE, look)) {
    if (!one) continue;
    if (one.was !== undefined) plan.known.set(one.object, one.was);
    if (isShort(one.was, one.until, lock, now)) plan.short.push(one);
  }
  return plan;
}

/** Lengthens what a plan found too short, and writes down what is known then. Answers with how many. */
export async function extendLocks(
  context: VmContext,
  plan: LockPlan,
  { now, step, signal }: Pick<LockOptions, 'now' | 'step' | 'signal'>,
): Promise<number> {
  if (plan.needed === undefined) return 0;
  const locks = locksOf(context);
  const records = locksStore(context);
  let { etag } = plan;
  const save = async (swept: number) => {
    await step('locks');
    const written = await records.write(recordOf(swept, plan.known), etag);
    if (!written) throw raced(context);
    etag = written.etag;
  };
  const extend = async ({ object, until, mode }: LockPlan['short'][number]) => {
    signal?.throwIfAborted();
    try {
      await locks.extend(keyOf(context.names.folder, object), { mode, until }, signal);
      return { object, until };
    } catch (error) {
      if (!failedWith(error, 'missing-object')) throw error;
      plan.missing.push(object);
      return undefined;
    }
  };
  let extended = 0;
  for (let at = 0; at < plan.short.length; at += BATCH) {
    await step('extend');
    for await (const one of pipelined(plan.short.slice(at, at + BATCH), AT_ONCE, extend)) {
      if (!one) continue;
      plan.known.set(one.object, one.until);
      extended++;
    }
    // A kill costs a batch at most: what is written down isn't asked for again.
    if (at + BATCH < plan.short.length) await save(0);
  }
  await save(now);
  return extended;
}

function locksOf({ store }: VmContext): ObjectLocks {
  if (store.locks) return store.locks;
  throw new Failure(
    world('bucket-without-lock', `objects of ${store.url} can't be locked: it is not a bucket`, {
      hint: 'leave `lock` of the repository out, or keep the points in a bucket with `object_lock: true`',
    }),
  );
}

const raced = ({ store, uuid }: VmContext): Failure =>
  new Failure(
    world('locks-raced', `somebody else lengthens locks of the VM ${uuid} in ${store.url} right now`, {
      hint: 'run again when that has ended',
    }),
  );
