import { type Diagnostic, Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { eitherOf } from '../../io/either.ts';
import type { Clock, Random } from '../../io/ports.ts';
import type { Point } from '../model/point.ts';
import type { Head, Repository, VmRepository } from '../model/repository.ts';
import { clockOf } from '../model/store.ts';
import { diagnosticsOf, warning } from './failures.ts';
import { takeBack } from './heal.ts';
import { type Holders, localHolders } from './holders.ts';
import { type Lease, takeLease } from './lease.ts';
import type { CycleOptions } from './options.ts';
import { type Outlasting, outlasting } from './outlast.ts';
import { ownEpoch, snapshotName } from './snapshot-name.ts';

/** What is done to a VM, by whom and where: a cycle, or the removal of what one left. */
export type LeaseOptions = Pick<
  CycleOptions,
  'machine' | 'repository' | 'holders' | 'clock' | 'random' | 'step' | 'signal'
>;

export interface Held {
  /** Its calls outlast an outage of the repository. */
  vm: VmRepository;
  lease: Lease;
  outlast: Outlasting;
  /** The caller's signal, and the loss of the lease. */
  signal: AbortSignal;
  /** As they were after the lease was taken; without a head, the newest point there is. */
  base: { head: Head; etag: string } | undefined;
  previous: Point | undefined;
}

/**
 * Runs `use` under the lease of the VM, which raises its epoch: only then can't the owners of lower ones
 * commit any more. `generation`: of the newest point after it, when that is another one.
 */
export async function withLease<T>(
  options: LeaseOptions,
  use: (held: Held) => Promise<{ value: T; generation?: number }>,
): Promise<{ value: T; warnings: Diagnostic[] }> {
  const { machine, repository, holders = localHolders, random, clock, step } = options;
  return holders.run(random.uuid(), async holder => {
    const { uuid, snapshots } = await machine.inspect(options.signal);
    const over = new AbortController();
    let current: Lease | undefined;
    const { waits } = repository.store;
    const outlast = outlasting({ clock, signal: over.signal, waits }, async () => current?.prove());
    const vm = repository.vm(uuid, outlast.over);
    const cycle = random.bytes(4).toString('hex');
    // A snapshot of ours tells of an epoch even where the lease object was lost.
    const epochs = snapshots.map(({ name }) => ownEpoch(name, { vm: uuid, repository: repository.id }));
    await step('take-lease');
    const { conditions, store } = repository;
    const taking = {
      clock: clockOf(store, clock),
      holder,
      holders,
      prove: !conditions.proven,
    };
    const intent = (epoch: number) => ({
      cycle,
      snapshot: snapshotName({ vm: uuid, repository: repository.id, epoch, cycle }),
    });
    // The lease is asked for through the store itself: its time is up when nobody answers.
    const { lease, newest } = await takeAbove(
      repository.vm(uuid),
      vm,
      taking,
      Math.max(0, ...epochs),
      intent,
    );
    current = lease;
    const giveUp = (made?: number) => lease.release(() => step('release-lease'), made);
    const { signal, release } = eitherOf(lease.signal, options.signal);
    signal.addEventListener('abort', () => over.abort(signal.reason), { once: true });
    let used: { value: T; generation?: number };
    try {
      if (!conditions.proven) await conditions.passed();
      used = await use({ vm, lease, outlast, signal, ...newest });
    } catch (error) {
      over.abort(error);
      // What went wrong is `error`, and the lease runs out; unless it was another's by then.
      const left = await giveUp().then(
        () => undefined,
        (problem: unknown) => problem,
      );
      if (failedWith(left, 'lease-lost') && !options.signal?.aborted && !tellsMore(error)) throw left;
      throw lease.signal.aborted && !(error instanceof Failure) ? lease.signal.reason : error;
    } finally {
      release();
    }
    const warnings = await giveUp(used.generation).then(() => [], leaseStays);
    return { value: used.value, warnings: [...(newest.mended ? [newest.mended] : []), ...warnings] };
  });
}

export interface BriefLeaseOptions {
  clock: Clock;
  random: Random;
  holders?: Holders | undefined;
  /** Before the random part of what its holder is called in the lease: `repair`. */
  what: string;
  /** Of the newest point. */
  epoch: number;
  step(name: string): Promise<void>;
}

/**
 * Runs `use` under the lease of a VM of which no snapshot is made. `generation`: of the newest point after
 * it; undefined: it isn't known. What a dead cycle left unfinished stays so: the next one looks for it.
 *
 * @throws Failure `lease-held`, `lease-damaged`, blocked: a cycle may be at work; `store-unsuitable`
 */
export function withBriefLease<T>(
  { store, conditions }: Pick<Repository, 'store' | 'conditions'>,
  vm: VmRepository,
  { clock, random, holders = localHolders, what, epoch, step }: BriefLeaseOptions,
  use: (lease: Lease) => Promise<{ value: T; generation?: number | undefined }>,
): Promise<T> {
  return holders.run(random.uuid(), async holder => {
    await step('take-lease');
    const taking = { clock: clockOf(store, clock), holder, holders };
    const intent = () => ({ cycle: `${what}${random.bytes(4).toString('hex')}`, snapshot: '' });
    const prove = !conditions.proven;
    const lease = await takeLease(vm, { ...taking, prove }, { epoch, generation: 0 }, intent);
    let newest: number | undefined;
    try {
      if (prove) await conditions.passed();
      const { value, generation } = await use(lease);
      newest = generation;
      return value;
    } finally {
      await lease.release(() => step('release-lease'), lease.unfinished ? undefined : newest);
    }
  });
}

/** Whether it tells more than that another has the VM: the point is complete, or the head is another's. */
const tellsMore = (error: unknown): boolean =>
  failedWith(error, 'snapshot-left', 'vm-gone', 'commit-unknown') ||
  (error instanceof Failure && error.diagnostics.every(({ category }) => category === 'blocked'));

type Newest = Pick<Held, 'base' | 'previous'> & { mended?: Diagnostic };

/**
 * Takes the lease, and then looks for the newest point. Where that tells of an epoch as high as the lease's,
 * which an older lease was put back or lost for, the lease is taken once more above it.
 */
async function takeAbove(
  leased: VmRepository,
  vm: VmRepository,
  taking: Parameters<typeof takeLease>[1],
  epoch: number,
  intent: Parameters<typeof takeLease>[3],
): Promise<{ lease: Lease; newest: Newest }> {
  const lease = await takeLease(leased, taking, { epoch, generation: 0 }, intent);
  try {
    const newest = await newestOrMended(vm, lease);
    const { previous } = newest;
    if (!previous || previous.epoch < lease.epoch) return { lease, newest };
    await lease.release(async () => {}, previous.generation);
    const above = { epoch: Math.max(epoch, previous.epoch), generation: previous.generation };
    const again = await takeLease(leased, taking, above, intent);
    const unfinished = lease.unfinished || again.unfinished;
    const { mended } = newest;
    return {
      lease: { ...again, unfinished },
      newest: { ...(await newestOf(vm)), ...(mended && { mended }) },
    };
  } catch (error) {
    await lease.release(async () => {}).catch(() => {});
    throw error;
  }
}

/** A damaged head is written anew where the points tell that nothing newer was lost with it. */
async function newestOrMended(vm: VmRepository, { generation }: Lease): Promise<Newest> {
  try {
    return await newestOf(vm);
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    if (generation === 0 || !(await vm.damage.mendHead(generation))) throw toRepair(error);
    const newest = await newestOf(vm);
    await takeBack(vm, object => object === 'head').catch(() => undefined);
    return { ...newest, mended: headMended(newest.previous?.generation ?? generation) };
  }
}

/** Without a head the newest point is gone on from; its change ids are as good as the head's. */
async function newestOf(vm: VmRepository): Promise<Newest> {
  const base = await vm.head();
  if (!base) return { base, previous: await vm.newest() };
  return { base, previous: (await vm.point(base.head.point)) ?? pointMissing(base.head.point) };
}

/** What no cycle does by itself, since a newer point may be given up by it. */
const toRepair = ({ diagnostics }: Failure): Failure =>
  new Failure(
    diagnostics.map(one => ({
      ...one,
      hint: own`\`converge repair\` makes the head from the newest point that can be read, or says what that would give up`,
    })),
  );

const headMended = (generation: number): Diagnostic =>
  warning(
    world(
      'repository-healed',
      own`the head of the VM in the repository was damaged: it was written anew from point ${String(generation)}, the newest`,
      { hint: own`\`converge verify\` proves it; find out what damaged it` },
    ),
  );

const pointMissing = (id: string): never => {
  throw new Failure(
    world('point-missing', `the repository's head names point ${id}, which isn't there`, {
      hint: 'run `converge verify` on the repository before another cycle writes to it',
    }),
  );
};

const leaseStays = (error: unknown): Diagnostic[] =>
  diagnosticsOf(error, 'lease-stays').map(diagnostic =>
    warning({
      ...diagnostic,
      message: `the lease could not be given up and runs out by itself: ${diagnostic.message}`,
    }),
  );
