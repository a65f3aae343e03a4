import { blocked, Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { comparesWrongly, ignoresMatch, tellsNothing } from '../model/conditions.ts';
import type { Holder, LeaseValue } from '../model/lease-value.ts';
import type { VmRepository } from '../model/repository.ts';
import type { Holders } from './holders.ts';
import { outageTime } from './outlast.ts';

/** Milliseconds that a lease holds without a renewal. */
export const leaseTtl = 5 * 60_000;

/** Milliseconds by which the clocks of movers and store may differ. */
const slack = 60_000;

/** Milliseconds to wait for the store, so that a lease which runs out meanwhile is noticed. */
const patience = leaseTtl / 5;

/** An ETag that no store gives. */
const NEVER = '0'.repeat(32);

/** How often a write of the lease begins anew from its own earlier value. */
const tries = 3;

export interface Lease {
  readonly epoch: number;
  /** The highest that the VM's newest point is known to have had. */
  readonly generation: number;
  readonly snapshotName: string;
  /** A cycle before made no point: packs of it may be there. */
  readonly unfinished: boolean;
  /** Aborts, with the Failure as reason, when the lease was lost. */
  readonly signal: AbortSignal;
  /** Proves that the lease is held, unless that was done a minute ago. @throws Failure `lease-lost` */
  prove(): Promise<void>;
  /** Says in the lease which packs of dead cycles may be referred to. @throws Failure `lease-lost` */
  claim(packs: string[]): Promise<void>;
  /**
   * Ends the heartbeat, then, after `before`, gives the lease up; one that was lost is left alone. `newest`:
   * generation of the newest point, when there is another one by now.
   */
  release(before: () => Promise<void>, newest?: number): Promise<void>;
}

/**
 * Takes the lease of a VM by compare-and-swap, with the intent in it, and keeps it by a heartbeat on the
 * clock, which has to be the store's (`clockOf`): movers whose own clocks disagree judge a lease alike.
 * `floor`: the highest epoch and generation known from elsewhere (points, snapshots), for when the lease
 * object is gone. `prove`: first see whether the store honours the conditions that all of this rests on. A
 * wrong take-over because of clocks that disagree costs work, never content: the head only moves from the
 * ETag that was read under the lease.
 *
 * @throws Failure `lease-held` (blocked) naming holder and end; `store-unsuitable`
 */
export async function takeLease(
  vm: VmRepository,
  options: { clock: Clock; holder: Holder; holders: Holders; prove?: boolean },
  floor: { epoch: number; generation: number },
  intent: (epoch: number) => { cycle: string; snapshot: string },
): Promise<Lease> {
  const { clock, holder } = options;
  const { found, etag: there } = await readable(vm, options);
  const before = await holding(found, options);
  if (before) throw held(before);

  const epoch = Math.max(found?.value.epoch ?? 0, floor.epoch) + 1;
  const generation = Math.max(found?.value.generation ?? 0, floor.generation);
  let value: LeaseValue = {
    ...{ lease: 1, epoch, holder, ...intent(epoch) },
    ...{ expires: clock.now() + leaseTtl - (options.prove ? 1 : 0), generation, unfinished: true },
  };
  const elsewhere = (now: LeaseValue, problem: unknown) => problem ?? held(now);
  let etag = await write(vm, clock, value, there, elsewhere);

  if (options.prove) {
    await proveReplacement(vm, clock, value);
    // And one that must be taken, of another value: it would else pass for an earlier write of ours.
    value = { ...value, expires: value.expires + 1 };
    const before = etag;
    etag = await write(vm, clock, value, etag, elsewhere);
    if (etag === before) throw tellsNothing(etag);
  }

  const lost = new AbortController();
  const stop = new AbortController();
  // One write at a time: the heartbeat and `renew` would else race against each other's ETag.
  let turn: Promise<void> = Promise.resolve();
  const renew = (expires: number, more: Partial<LeaseValue> = {}): Promise<void> => {
    turn = turn
      .catch(() => {})
      .then(async () => {
        lost.signal.throwIfAborted();
        const next = { ...value, expires, ...more };
        etag = await write(vm, clock, next, etag, now => takenOver(value, now));
        value = next;
      });
    return turn;
  };
  const beat = async (): Promise<void> => {
    while (!stop.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(leaseTtl / 3, stop.signal);
      await renew(clock.now() + leaseTtl).catch(error => {
        // A store that is away is not a loss yet, though the time be up: until somebody else has taken the
        // lease over it is renewed from where it was. That is a loss, and so is an outage without end.
        if (isLost(error) || clock.now() >= value.expires + outageTime) lost.abort(error);
      });
    }
  };
  const beating = beat().catch(() => {});

  return {
    epoch,
    generation,
    snapshotName: value.snapshot,
    signal: lost.signal,
    unfinished: found?.value.unfinished ?? false,
    async prove() {
      lost.signal.throwIfAborted();
      if (clock.now() >= value.expires - leaseTtl + patience) await renew(clock.now() + leaseTtl);
    },
    claim: claims => renew(clock.now() + leaseTtl, { claims }),
    async release(before, newest) {
      stop.abort();
      await beating;
      await before();
      if (lost.signal.aborted) return;
      // What is claimed is claimed for as long as the lease is held, and found again by the next cycle.
      const { claims: _, unfinished, ...rest } = value;
      value = rest;
      const made = newest !== undefined;
      await renew(0, { ...(made && { generation: newest }), ...(!made && unfinished && { unfinished }) });
    },
  };
}

/**
 * Writes and, when the answer is a refusal or none, reads back: our own holder and cycle there mean that
 * the lease is ours, maybe by an earlier write whose answer was lost, and the write is tried from there.
 * `elsewhere`: what to throw when it is another's, `problem` being why the write failed.
 */
async function write(
  vm: VmRepository,
  clock: Clock,
  value: LeaseValue,
  etag: string | undefined,
  elsewhere: (now: LeaseValue, problem: unknown) => unknown,
): Promise<string> {
  let from = etag;
  let problem: unknown;
  // At once: the one whose write came between is read back already.
  const written = await retry({ attempts: tries }, { isNotYet: found => found === undefined }, async () => {
    problem = undefined;
    try {
      const result = await within(clock, signal => vm.lease.write(value, from, signal));
      // A server that names it in answers to reads alone is asked.
      if (result !== 'lost-race' && result.etag !== '') return result.etag;
    } catch (error) {
      problem = error;
    }
    const now = await within(clock, () => vm.lease.read());
    const there = now?.value;
    const ours = there?.holder.id === value.holder.id && there.cycle === value.cycle;
    if (now && ours && there.expires === value.expires) return now.etag;
    // The version that was to be replaced is still there: nobody else wrote, the store can't compare.
    if (!problem && now && now.etag === from) throw comparesWrongly(now.etag);
    if (there === undefined) throw problem ?? vanished(value);
    // What kept ours from being written matters as long as nobody else has written since.
    if (!now || !ours) throw elsewhere(there, now?.etag === from ? problem : undefined);
    from = now.etag;
    problem ??= held(there);
    return undefined;
  });
  if (written === undefined) throw problem;
  return written;
}

/** What `work` comes to, or a rejection when it takes too long, whether or not it heeds its signal. */
async function within<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const settled = new AbortController();
  const over = clock.sleep(patience, settled.signal).then(() => {
    late.abort(unanswered());
    throw late.signal.reason;
  });
  return Promise.race([work(late.signal), over]).finally(() => settled.abort());
}

/**
 * The lease when somebody holds it, with the end that others have to respect: a holder whose clock is ahead
 * can't keep it past its death. The clock is that of the store, see `takeLease`.
 */
export async function holding(
  found: { value: LeaseValue; modified: number } | undefined,
  { clock, holders }: { clock: Clock; holders: Holders },
): Promise<LeaseValue | undefined> {
  if (!found) return undefined;
  const { value, modified } = found;
  const expires = Math.min(value.expires, modified + leaseTtl + slack);
  const held = expires > clock.now() && (await holders.isAlive(value.holder)) !== false;
  return held ? { ...value, expires } : undefined;
}

/**
 * The lease, or none where the object doesn't hold one: whoever has it would have written it again within its
 * time, and may then be replaced. Epochs go on from those of the points and snapshots.
 *
 * @throws Failure `lease-damaged` (blocked) as long as somebody may have it
 */
async function readable(
  vm: VmRepository,
  { clock }: { clock: Clock },
): Promise<{ found: Awaited<ReturnType<VmRepository['lease']['read']>>; etag: string | undefined }> {
  try {
    const found = await vm.lease.read();
    return { found, etag: found?.etag };
  } catch (error) {
    if (!failedWith(error, 'damaged-object')) throw error;
    const stat = await vm.lease.stat();
    const until = (stat?.modified ?? 0) + leaseTtl + slack;
    if (until > clock.now()) throw leaseDamaged(error as Failure, until);
    return { found: undefined, etag: stat?.etag };
  }
}

/** A write that must be refused, since it asks for a version that never was; see `Conditions`. */
async function proveReplacement(vm: VmRepository, clock: Clock, value: LeaseValue): Promise<void> {
  const result = await within(clock, signal => vm.lease.write(value, NEVER, signal));
  if (result !== 'lost-race') throw ignoresMatch();
}

const isLost = (error: unknown): boolean => failedWith(error, 'lease-lost');

const held = ({ holder, expires, snapshot }: LeaseValue): Failure =>
  new Failure(
    blocked(
      'lease-held',
      expires === 0
        ? `${snapshot === '' ? 'somebody else just worked on what is stored of this VM' : `another cycle of this VM just ended${by(snapshot)}`}`
        : `process ${holder.pid} on ${holder.host} ${snapshot === '' ? 'is putting what is stored of this VM in order' : `is replicating this VM${by(snapshot)}`}; its lease runs until ${new Date(expires).toISOString()} and is renewed while it works`,
      { hint: 'wait for it to end; a lease that is no longer renewed is taken over when its time is up' },
    ),
  );

/** Repair and compaction make no snapshot. */
const by = (snapshot: string) => (snapshot === '' ? '' : ` (snapshot ${snapshot})`);

const leaseDamaged = ({ message }: Failure, until: number): Failure =>
  new Failure(
    blocked(
      'lease-damaged',
      own`it can't be told whether another cycle of this VM runs until ${new Date(until).toISOString()}: ${message}`,
      { hint: own`run again after that: a cycle then takes the lease and writes it anew` },
    ),
  );

const unanswered = (): Failure =>
  new Failure(
    world('lease-unanswered', "the repository doesn't answer: the lease of the cycle can't be written", {
      hint: 'run again when the repository can be reached',
    }),
  );

const takenOver = ({ snapshot }: LeaseValue, { holder }: LeaseValue): Failure =>
  new Failure(
    blocked(
      'lease-lost',
      `the lease of the cycle with snapshot ${snapshot} ran out while the repository could not be reached, or its holder was taken for dead: process ${holder.pid} on ${holder.host} has taken it over`,
      {
        hint: 'leave the VM to that one; nothing that was written is visible, and the next cycle goes on from it',
      },
    ),
  );

const vanished = ({ snapshot }: LeaseValue): Failure =>
  new Failure(
    blocked(
      'lease-lost',
      `the lease of the cycle with snapshot ${snapshot} was removed from the repository`,
      {
        hint: 'run again; nothing that was written is visible',
      },
    ),
  );
